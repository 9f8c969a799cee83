"""The stage: reads plan.json, writes evidence/ and evidence.json."""

from __future__ import annotations

from escalate import __version__
from escalate.case.store import Case
from escalate.collect.context import Pace
from escalate.collect.engine import STAGE, Engine, host_name, numbered
from escalate.model.artifact import EvidenceDocument
from escalate.model.case import CaseDocument
from escalate.model.observer import Observer
from escalate.model.plan import Plan

NAME = STAGE


def inputs(case: Case) -> str:
    """Digest of the case, the plan and the program's version."""
    return case.digest([CaseDocument, Plan], __version__)


def run(case: Case, observer: Observer, pace: Pace | None = None) -> EvidenceDocument:
    """Carry out the plan; a run that was killed goes on where it was.

    Raises:
        CaseError: there is no plan.
    """
    plan, digest = case.read(Plan), inputs(case)
    done = case.journal.begin(NAME, digest)
    engine = Engine(case=case, plan=plan, incident=case.document.incident, observer=observer, pace=pace or Pace())
    artifacts, steps = numbered(engine.run(done))
    document = EvidenceDocument(
        case_id=plan.case_id, target=plan.target, host=host_name(), artifacts=artifacts, steps=steps
    )
    case.write(document)
    case.journal.end(NAME, digest)
    return document
