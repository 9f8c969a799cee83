"""What is looked at before filing: reads only, each finding with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from escalate.azure.arm import Arm
from escalate.azure.connect import connect
from escalate.azure.failure import AzureFailure
from escalate.azure.support import Support
from escalate.submit.checks.check import Check
from escalate.submit.checks.registration import register
from escalate.submit.preflight import Subject, preflight
from tests.fakes.azure_run import exported
from tests.fakes.filing import BY_IDENTITY, CASE
from tests.fakes.support_lab import SupportLab, support_lab

pytestmark = pytest.mark.enable_socket


@contextmanager
def azure(lab: SupportLab) -> Iterator[tuple[Arm, Support]]:
    with exported(lab.lab), connect(lab.base_url, BY_IDENTITY, print) as session:
        yield Arm(session.channel()), Support(session, lab.subscription)


def looks(lab: SupportLab, *, allow: bool = False, title: str = "Workers are killed") -> dict[str, Check]:
    now = datetime.now(UTC)
    subject = Subject(CASE, lab.subscription, lab.resource_id, title, now - timedelta(minutes=30))
    with azure(lab) as (arm, support):
        found = preflight(arm, support, subject, now, allow_duplicate=allow)
    return {each.name: each for each in found}


def test_nothing_stands_against_a_ticket_and_nothing_was_written() -> None:
    with support_lab() as lab:
        found = looks(lab)
        assert {each.state for each in found.values()} == {"ok", "unknown"}
        assert [each.name for each in found.values() if each.state == "unknown"] == ["support plan"]
        assert not [each for each in lab.calls if each.operation.endswith(("create", "register", "upload"))]


def test_an_unregistered_provider_stops_and_is_registered_when_asked() -> None:
    with support_lab(registered=False) as lab:
        found = looks(lab)["provider"]
        assert (found.state, found.code) == ("stop", "not-registered")
        assert "--register-provider" in found.hint
        assert lab.desk.registrations == []
        with azure(lab) as (arm, _):
            arm.channel.pulse = _NoWaiting()
            register(arm, lab.subscription)
        assert len(lab.desk.registrations) == 1
        assert looks(lab)["provider"].state == "ok"


def test_a_reader_is_told_the_role_and_the_scope() -> None:
    with support_lab(role="Reader") as lab:
        found = looks(lab)["permission"]
        assert (found.state, found.code) == ("stop", "no-role")
        assert "Support Request Contributor" in found.hint
        assert f"/subscriptions/{lab.subscription}" in found.text


def test_an_open_ticket_about_the_app_is_named_and_stops() -> None:
    with support_lab(open_ticket=True) as lab:
        found = looks(lab)["open tickets"]
        assert (found.state, found.code) == ("stop", "duplicate")
        assert lab.tickets[0].ticket_id in found.text
        assert looks(lab, allow=True)["open tickets"].state == "warning"


def test_an_open_ticket_about_another_app_is_none_of_ours() -> None:
    with support_lab(open_ticket=True) as lab:
        lab.tickets[0].sent["technicalTicketDetails"] = {"resourceId": f"{lab.resource_id}-other"}
        assert looks(lab)["open tickets"].state == "ok"


def test_an_incident_that_azure_reports_is_shown_with_its_id() -> None:
    with support_lab(service_incident=True) as lab:
        found = looks(lab)["service health"]
        assert found.state == "warning"
        assert "Service Health" in found.hint
        assert any(str(each.get("trackingId", each["_name"])) in found.text for each in lab.lab.state.signals.events)


def test_without_a_way_to_azure_the_looks_end_at_once() -> None:
    with support_lab() as lab, azure(lab) as (arm, support):
        lab.lab.close()
        subject = Subject(CASE, lab.subscription, lab.resource_id, "t", datetime.now(UTC))
        arm.channel.pulse = _NoWaiting()
        with pytest.raises(AzureFailure):
            preflight(arm, support, subject, datetime.now(UTC), allow_duplicate=False)


class _NoWaiting:
    def alive(self, n_bytes: int = 0) -> None: ...

    def pause(self, seconds: float) -> None: ...
