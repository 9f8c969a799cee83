"""Collects with chosen collectors from a running lab, in this process, with the sign-in that people export."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from escalate.azure.connect import connect
from escalate.case.store import Case
from escalate.collect import stage
from escalate.collect.context import Pace
from escalate.collect.plan import Wishes, make_plan
from escalate.collect.survey import survey, window_of
from escalate.lab.server import Lab
from escalate.model.artifact import EvidenceDocument, StepRecord
from escalate.model.base import CaseId
from escalate.model.case import CaseDocument
from escalate.model.observer import QuietObserver
from escalate.model.plan import Budget
from escalate.model.sign_in import SignIn
from escalate.model.target import AzureTarget
from tests.fakes.azure_run import exported

QUICK = Pace(samples=3, sample_interval=0.2, dumps=3, dump_interval=0.2, capture=1)
BY_IDENTITY = SignIn(method="managed-identity")
ROOM = Budget(max_bytes=4_000_000_000, max_seconds=300)


class Run:
    """One collection: what each step came to, and the files."""

    def __init__(self, case: Case, evidence: EvidenceDocument) -> None:
        self.case = case
        self.evidence = evidence

    def steps(self, collector: str) -> list[StepRecord]:
        """The steps of one collector."""
        return [step for step in self.evidence.steps if step.collector == collector]

    def step(self, collector: str) -> StepRecord:
        """Its first step: that on the worst worker."""
        return self.steps(collector)[0]

    def files(self, collector: str) -> dict[str, Path]:
        """Path below `evidence/` to the file."""
        base = self.case.root / "evidence"
        return {each.path: base / each.path for each in self.evidence.artifacts if each.collector == collector}


def collect_only(
    lab: Lab,
    folder: Path,
    *collectors: str,
    include: Iterable[str] = (),
    budget: Budget = ROOM,
    after_plan: Iterable[str] = (),
) -> Run:
    """Survey, plan and collect; faults of `after_plan` are switched on when the plan stands."""
    target = AzureTarget(resource_id=lab.resource_id, cloud=lab.environment["ESCALATE_CLOUD"])
    incident = lab.state.world.incident(lab.state.started)
    case = Case.create(
        folder / "case",
        CaseDocument(
            id=CaseId("esc-20260404-055845-3f9a1c"),
            created_at=lab.state.started,
            tool_version="0.1.0",
            target=target,
            incident=incident,
        ),
    )
    with exported(lab):
        with connect(target.cloud, BY_IDENTITY, lambda text: None) as session:
            found = survey(session, target, window_of(incident))
        wishes = Wishes(budget=budget, include=frozenset(include), only=frozenset(collectors))
        make_plan(case, wishes, found)
        for fault in after_plan:
            lab.state.faults.switch(fault, on=True)
        with case.locked():
            evidence = stage.run(case, QuietObserver(), QUICK, BY_IDENTITY)
    return Run(case, evidence)
