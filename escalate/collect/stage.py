"""The stage: reads plan.json, writes evidence/ and evidence.json."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from escalate import __version__
from escalate.azure.session import Session
from escalate.case.store import Case
from escalate.collect.context import Pace
from escalate.collect.engine import STAGE, Engine, host_name, numbered
from escalate.collect.reach import Reach
from escalate.collect.roster import Roster
from escalate.collect.sign_in import check_readable, connected
from escalate.model.artifact import EvidenceDocument
from escalate.model.case import CaseDocument
from escalate.model.incident import TargetFacts
from escalate.model.observer import Observer
from escalate.model.plan import Plan
from escalate.model.sign_in import SignIn
from escalate.model.survey import Survey, Worker
from escalate.model.target import AzureTarget

NAME = STAGE


def inputs(case: Case) -> str:
    """Digest of the case, the plan and the program's version."""
    return case.digest([CaseDocument, Plan], __version__)


def run(
    case: Case,
    observer: Observer,
    pace: Pace | None = None,
    sign_in: SignIn | None = None,
    session: Session | None = None,
) -> EvidenceDocument:
    """Carry out the plan; a run that was killed goes on where it was. `session`: one that is signed in already.

    Raises:
        CaseError: there is no plan.
        AccessError: the target is in Azure, and nobody is signed in or may read it.
        TargetError: it is no longer there.
    """
    plan, digest = case.read(Plan), inputs(case)
    done = case.journal.begin(NAME, digest)
    with contextlib.ExitStack() as stack:
        reach = None
        if isinstance(plan.target, AzureTarget) and plan.survey is not None:
            session = session or stack.enter_context(connected(plan.target, sign_in or SignIn(), observer))
            check_readable(session, plan.target)
            reach = Reach(session, plan.survey, _roster(plan.survey, done), basic=bool(sign_in and sign_in.basic))
        engine = Engine(
            case=case,
            plan=plan,
            incident=case.document.incident,
            observer=observer,
            pace=pace or Pace(),
            reach=reach,
        )
        artifacts, steps = numbered(engine.run(done), reach.roster if reach else None)
    document = EvidenceDocument(
        case_id=plan.case_id,
        target=plan.target,
        host=host_name(),
        facts=_facts(plan.survey, reach.roster) if plan.survey and reach else TargetFacts(),
        workers=reach.roster.workers if reach else (),
        artifacts=artifacts,
        steps=steps,
    )
    case.write(document)
    case.journal.end(NAME, digest)
    return document


def _roster(survey: Survey, done: Mapping[str, Any]) -> Roster:
    """The survey's workers, with what the steps of an interrupted run had learned."""
    roster = Roster(survey.workers)
    for result in done.values():
        for known in result.get("workers", ()):
            worker = Worker.model_validate(known)
            roster.learn(
                worker.arm_id,
                machine=worker.machine,
                computer=worker.computer,
                metric=worker.metric,
                infixes=worker.infixes,
                containers=worker.containers,
            )
    return roster


def _facts(survey: Survey, roster: Roster) -> TargetFacts:
    return survey.model_copy(update={"workers": roster.workers}).facts
