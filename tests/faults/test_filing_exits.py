"""`escalate submit --yes` against each switch of the lab's support service: the documented exit code, one ticket."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from escalate.cli.app import run
from escalate.cli.session import Session
from escalate.lab.server import running
from escalate.lab.support.mishaps import Watch
from escalate.lab.support.open_ticket import put
from escalate.lab.support.setup import SupportSetup
from escalate.lab.worlds import WORLDS
from escalate.submit.filing import Filing
from tests.fakes.built_case import TOPIC, WORLD, build
from tests.fakes.filing import BRISK
from tests.fakes.support_lab import SupportLab

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(600)]

SETTLE_S = 3.0
"""Longer than a busy machine halts between two requests: a ticket that is not looked for in that time is sent again."""


@dataclass(frozen=True)
class Built:
    """A lab, and the case that was built against it up to the bundle."""

    lab: SupportLab
    case: Path


@pytest.fixture(scope="module")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    with running(WORLDS[WORLD], support=SupportSetup(takes=timedelta(seconds=0.05))) as lab:
        yield Built(SupportLab(lab), build(lab, tmp_path_factory.mktemp("filing")))


@dataclass(frozen=True)
class Filed:
    """How one run of the verb ended."""

    code: int
    told: Any


@dataclass(frozen=True)
class Desk:
    """A case of its own, and the verb on it."""

    lab: SupportLab
    case: Path
    read: Callable[[], str]

    def submit(self, *more: str) -> Filed:
        words = ["submit", "--case", str(self.case), "--auth", "managed-identity", "--format", "json", "--yes"]
        answers = ["--advanced-diagnostics", "yes", "--classification", TOPIC]
        code = run([*words, *answers, *more], Session())
        return Filed(code, json.loads(self.read()))

    def assert_one_whole_ticket(self) -> None:
        (ticket,) = self.lab.tickets
        kit = next((self.case / "bundle").glob("*-kit.zip")).read_bytes()
        assert kit in self.lab.files(ticket).values()


@pytest.fixture
def desk(
    _built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    state = _built.lab.lab.state
    _built.lab.clear()
    shutil.copytree(_built.case, tmp_path / "case")
    for name, value in {**_built.lab.lab.environment, "XDG_DATA_HOME": str(tmp_path / "data")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        "escalate.cli.submit.Filing", functools.partial(Filing, patience=replace(BRISK, settle_s=SETTLE_S))
    )
    yield Desk(_built.lab, tmp_path / "case", lambda: capsys.readouterr().out)
    state.role = "Owner"


def test_it_is_filed_with_its_kit(desk: Desk) -> None:
    done = desk.submit()
    assert done.code == 0, done.told
    assert done.told["support_ticket_id"] == desk.lab.tickets[0].ticket_id
    desk.assert_one_whole_ticket()
    assert desk.submit().code == 0
    desk.assert_one_whole_ticket()


@pytest.mark.parametrize("plan", ["none", "Developer", "Standard"])
def test_a_plan_that_may_not_ends_with_the_portal_packet(desk: Desk, plan: Any) -> None:
    desk.lab.desk.plan = plan
    done = desk.submit()
    assert (done.code, done.told["code"]) == (9, "InvalidSupportPlan")
    assert Path(done.told["portal_packet"]).is_file()
    assert desk.lab.tickets == ()


def test_a_role_that_may_not_ends_with_the_portal_packet(desk: Desk) -> None:
    desk.lab.lab.state.role = "Reader"
    done = desk.submit()
    assert done.code == 9, done.told
    assert "Support Request Contributor" in json.dumps(done.told)
    assert desk.lab.operations("tickets.create", "workspaces.create") == []


def test_a_call_that_is_forbidden_on_the_way_ends_with_the_portal_packet(desk: Desk) -> None:
    desk.lab.mishaps.add("tickets.create=forbidden")
    assert desk.submit().code == 9
    assert desk.lab.tickets == ()


def test_no_sign_in_is_no_refusal_of_the_api(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    assert desk.submit().code == 4
    assert desk.lab.calls == ()


def test_a_subscription_is_never_registered_silently(desk: Desk) -> None:
    desk.lab.desk.registration = "NotRegistered"
    assert desk.submit().code == 3
    assert desk.lab.desk.registrations == []
    assert desk.submit("--register-provider").code == 0
    assert len(desk.lab.desk.registrations) == 1
    desk.assert_one_whole_ticket()


def test_an_open_ticket_about_the_app_stops_the_filing_unless_it_is_allowed(desk: Desk) -> None:
    other = put(desk.lab.desk, desk.lab.resource_id, linux=True)
    stopped = desk.submit()
    assert stopped.code == 3
    assert other.ticket_id in json.dumps(stopped.told)
    assert desk.submit("--allow-duplicate").code == 0
    assert len(desk.lab.tickets) == 2


@pytest.mark.parametrize(
    "mishap",
    [
        f"{operation}#1={kind}"
        for operation in ("workspaces.create", "files.create", "files.upload", "tickets.create", "operations.status")
        for kind in ("lost", "error", "throttled:0", "reset")
    ],
)
def test_one_mishap_costs_nothing(desk: Desk, mishap: str) -> None:
    desk.lab.mishaps.add(mishap)
    done = desk.submit()
    assert done.code == 0, done.told
    desk.assert_one_whole_ticket()


def test_a_server_that_stays_silent_about_what_it_took_leaves_it_pending(desk: Desk) -> None:
    mishaps = desk.lab.mishaps
    mishaps.add("tickets.create=lost", Watch("tickets.create", lambda: mishaps.add("tickets.get=error")))
    done = desk.submit()
    assert done.code == 8, done.told
    assert desk.lab.operations("tickets.create") == ["tickets.create"]
    mishaps.clear()
    done = desk.submit()
    assert done.code == 0, done.told
    desk.assert_one_whole_ticket()


def test_a_server_that_takes_nothing_ends_with_the_portal_packet_and_may_be_tried_again(desk: Desk) -> None:
    desk.lab.mishaps.add("workspaces.create=error")
    done = desk.submit()
    assert done.code == 9, done.told
    assert done.told["may_be_tried_again"]
    desk.lab.mishaps.clear()
    assert desk.submit().code == 0
    desk.assert_one_whole_ticket()
