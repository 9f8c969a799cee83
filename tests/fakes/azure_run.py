"""Plans and collects from a running lab, in this process and at a quick pace, with the sign-in that people export."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from escalate.case.store import Case
from escalate.collect import stage
from escalate.collect.context import Pace
from escalate.collect.plan import Wishes
from escalate.collect.sign_in import Access
from escalate.lab.server import Lab
from escalate.model.artifact import EvidenceDocument, StepRecord
from escalate.model.observer import QuietObserver
from escalate.model.plan import Budget
from escalate.model.sign_in import SignIn
from escalate.model.target import AzureTarget
from escalate.workflow import open_case, plan

QUICK = Pace(samples=3, sample_interval=0.2, dumps=3, dump_interval=0.3, capture=2)
BY_IDENTITY = SignIn(method="managed-identity")
ROOM = Budget(max_bytes=2_000_000_000, max_seconds=300)


@contextmanager
def exported(lab: Lab) -> Iterator[None]:
    """The environment that `escalate lab up` prints."""
    before = dict(os.environ)
    os.environ.update(lab.environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def collect_from(
    lab: Lab, folder: Path, *include: str, only: frozenset[str] = frozenset()
) -> tuple[Case, EvidenceDocument]:
    """A case with everything that the lab gives."""
    with exported(lab), Access(BY_IDENTITY, print) as access:
        target = AzureTarget(resource_id=lab.resource_id, cloud=lab.environment["ESCALATE_CLOUD"])
        case, _ = open_case(folder, folder, target, lab.state.world.incident(lab.state.started))
        plan(case, Wishes(budget=ROOM, include=frozenset(include), only=only), QuietObserver(), access)
        with case.locked():
            stage.run(case, QuietObserver(), QUICK, BY_IDENTITY, access.of(target))
    return case, case.read(EvidenceDocument)


def outcomes(evidence: EvidenceDocument) -> dict[str, str]:
    """Step to state."""
    return {step.id: step.outcome.state for step in evidence.steps}


def reasons(steps: tuple[StepRecord, ...]) -> str:
    """All reasons, one a line: what a failed assertion shows."""
    return "\n".join(f"{step.id}: {step.outcome.state}: {getattr(step.outcome, 'reason', '')}" for step in steps)
