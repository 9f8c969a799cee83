"""Runs chosen collectors against a running lab, without the stages before and after."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from escalate.case.store import Case
from escalate.collect import stage
from escalate.collect.context import Pace
from escalate.collect.plan import Wishes, make_plan
from escalate.collect.sign_in import connected
from escalate.collect.survey import survey, window_of
from escalate.lab.server import Lab
from escalate.model.artifact import Artifact, EvidenceDocument, StepRecord
from escalate.model.observer import QuietObserver
from escalate.model.plan import Budget
from escalate.model.sign_in import SignIn
from escalate.model.target import AzureTarget
from tests.fakes.azure_run import exported

BRISK = Pace(samples=2, sample_interval=0.2, dumps=3, dump_interval=0.2, capture=2)
BY_IDENTITY = SignIn(method="managed-identity")
ROOM = Budget(max_bytes=2_000_000_000, max_seconds=300)


class Collected:
    """What a run brought."""

    def __init__(self, case: Case, evidence: EvidenceDocument, only: frozenset[str]) -> None:
        self.case = case
        self.evidence = evidence
        self.steps = {step.id: step for step in evidence.steps if step.collector in only}

    def step(self, collector: str) -> StepRecord:
        """The only step of a collector."""
        (found,) = (step for step in self.steps.values() if step.collector == collector)
        return found

    def reasons(self) -> str:
        """What a failed assertion shows."""
        return "\n".join(
            f"{step.id}: {step.outcome.state}: {getattr(step.outcome, 'reason', '')}" for step in self.steps.values()
        )

    def artifacts(self, ending: str) -> list[Artifact]:
        """Those whose path ends so."""
        return [artifact for artifact in self.evidence.artifacts if artifact.path.endswith(ending)]

    def data(self, ending: str) -> bytes:
        """The only such artifact."""
        (artifact,) = self.artifacts(ending)
        return self.place(artifact).read_bytes()

    def place(self, artifact: Artifact) -> Path:
        """Where an artifact stands."""
        return self.case.root / "evidence" / artifact.path


def collect_steps(lab: Lab, case: Case, only: Iterable[str], *include: str) -> Collected:
    """Plan and run these collectors; `include` are words of consent."""
    chosen, observer = frozenset(only), QuietObserver()
    with exported(lab), case.locked():
        target = case.document.target
        assert isinstance(target, AzureTarget)
        with connected(target, BY_IDENTITY, observer) as session:
            known = survey(session, target, window_of(lab.state.world.incident(lab.state.started)))
        make_plan(case, Wishes(budget=ROOM, include=frozenset(include), only=chosen), known)
        return Collected(case, stage.run(case, observer, BRISK, BY_IDENTITY), chosen)


def target_of(lab: Lab) -> AzureTarget:
    """The app of the lab."""
    return AzureTarget(resource_id=lab.resource_id, cloud=lab.environment["ESCALATE_CLOUD"])
