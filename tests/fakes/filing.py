"""A case with an approved ticket, and one run of the machine on it, in this process or in one that may be killed."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from escalate.azure.connect import connect
from escalate.azure.pulse import Pulse, Unhurried
from escalate.azure.support import Support
from escalate.case.store import Case
from escalate.model.base import CaseId
from escalate.model.case import CaseDocument
from escalate.model.incident import Contact, Incident, Severity
from escalate.model.observer import QuietObserver
from escalate.model.sign_in import SignIn
from escalate.model.submission import Classification, SubmissionState, TicketRequest
from escalate.model.target import AzureTarget
from escalate.model.ticket_names import workspace_name
from escalate.submit import machine
from escalate.submit.filing import Filing
from escalate.submit.patience import Patience
from escalate.submit.pinned import upload_of
from tests.fakes.support_lab import DEPLOYMENT, LINUX, SupportLab

CASE = CaseId("esc-20260404-055845-3f9a1c")
EMAIL = "dana.secret@contoso.example"
PHONE = "+49 30 5550 1234"
BRISK = Patience(tries=4, first_wait_s=0.01, settle_s=1.0, look_every_s=0.02, operation_s=5)
"""For real time: the lab's tickets turn up within 0.1 s."""
BY_IDENTITY = SignIn(method="managed-identity")


def approved_case(folder: Path, lab: SupportLab, sizes: Sequence[int] = (3_000_000, 700), seed: int = 7) -> Case:
    """A case whose ticket, with files of these sizes and random bytes, was approved."""
    case = Case.create(
        folder,
        CaseDocument(
            id=CASE,
            created_at=datetime(2026, 4, 4, 5, 58, 45, tzinfo=UTC),
            tool_version="0.1.0",
            target=AzureTarget(resource_id=lab.resource_id, cloud=lab.base_url),
            incident=Incident(),
        ),
    )
    machine.approve(case, request_of(case, lab, sizes, seed), datetime.now(UTC))
    return case


def request_of(case: Case, lab: SupportLab, sizes: Sequence[int], seed: int = 7) -> TicketRequest:
    """A request of random files, written into `bundle/`."""
    uploads = []
    for number, size in enumerate(sizes):
        place = case.root / "bundle" / f"part-{number}.zip"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(random.Random(f"{seed}/{number}/{size}").randbytes(size))
        uploads.append(upload_of(case, f"bundle/{place.name}", place.name))
    return TicketRequest(
        case_id=CASE,
        cloud=lab.base_url,
        subscription=lab.subscription,
        resource_id=lab.resource_id,
        name=CASE,
        workspace=workspace_name(CASE),
        title="Workers of one instance are killed",
        description="Workers of one instance are killed; the app holds 96 MiB of 1,910 MiB.",
        severity=Severity.MODERATE,
        require_24x7=False,
        problem_start=datetime.now(UTC) - timedelta(hours=2),
        classification=Classification(
            service_id=LINUX, service_name="Web App (Linux)", id=DEPLOYMENT, name="Deployment", source="live"
        ),
        contact=Contact(
            first_name="Dana",
            last_name="Secret",
            method="email",
            email=EMAIL,
            phone=PHONE,
            time_zone="W. Europe Standard Time",
            country="DEU",
            language="en-us",
        ),
        advanced_diagnostics=True,
        attachments=tuple(uploads),
    )


@dataclass
class LabTime:
    """A clock and a pulse that do not wait: the lab's time goes on instead."""

    lab: SupportLab

    def now(self) -> datetime:
        return self.lab.desk.clock.now()

    def alive(self, n_bytes: int = 0) -> None: ...

    def pause(self, seconds: float) -> None:
        self.pass_by(timedelta(seconds=seconds))

    def pass_by(self, by: timedelta) -> None:
        self.lab.advance(by)


def run_in_lab_time(case: Case, lab: SupportLab, time: LabTime, *, read_s: float = 5) -> SubmissionState:
    """One run in this process; waiting costs nothing."""
    return _run(case, lab.lab.environment, Patience(), time, time.now, read_s)


def run_by_itself(root: str, environment: Mapping[str, str], read_s: float) -> None:
    """One run in a process of its own, which may be killed; in real time, briskly."""
    _run(Case.open(Path(root)), environment, BRISK, Unhurried(), lambda: datetime.now(UTC), read_s)


def _run(
    case: Case, environment: Mapping[str, str], patience: Patience, pulse: Pulse, now, read_s: float
) -> SubmissionState:
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        with case.locked(), connect(environment["ESCALATE_CLOUD"], BY_IDENTITY, print) as session:
            support = Support(session, case.read(SubmissionState).request.subscription, read_s=read_s)
            return machine.run(Filing(case, support, QuietObserver(), patience, pulse, now))
    finally:
        os.environ.clear()
        os.environ.update(before)
