"""Whole filings through Prism in front of the lab's support service: requests and answers fit Microsoft's file."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from escalate.azure.connect import connect
from escalate.azure.support import Support
from escalate.cli.app import run
from escalate.cli.session import Session
from escalate.lab.support import engineer
from escalate.lab.worlds import WORLDS
from escalate.model.submission import Phase
from escalate.submit.filing import Filing
from tests.contract.front import Front, front
from tests.contract.prism import PROGRAM, proxy
from tests.fakes.built_case import TOPIC, WORLD, build
from tests.fakes.filing import BRISK, BY_IDENTITY, LabTime, approved_case, run_in_lab_time
from tests.fakes.support_lab import LINUX, SupportLab, support_lab, ticket_properties

pytestmark = [pytest.mark.system, pytest.mark.enable_socket, pytest.mark.timeout(300)]

SPEC = "azure-specs/microsoft-support/bundled/support-2024-04-01.prism-strict.json"
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Watched:
    """A lab that calls itself by the front's address, so that its links lead there too."""

    lab: SupportLab
    front: Front


@pytest.fixture(scope="module")
def _watched() -> Iterator[Watched]:
    if not PROGRAM.exists():
        pytest.skip("needs Prism: make tests/contract/node_modules/.ready")
    spec = REPOSITORY.parent / "shared" / SPEC
    if not spec.exists():
        pytest.skip("needs ../shared beside the checkout")
    with (
        support_lab(world=WORLDS[WORLD], real_casing=False, takes=timedelta(seconds=0.05)) as lab,
        proxy(spec, lab.base_url) as prism,
        front(prism.url, lab.base_url) as made,
    ):
        lab.lab.state.arm = made.url
        yield Watched(lab, made)


@pytest.fixture
def watched(_watched: Watched) -> Watched:
    """Empty again."""
    _watched.lab.clear()
    _watched.front.described.clear()
    _watched.front.violations.clear()
    return _watched


def assert_fits(watched: Watched, at_least: int) -> None:
    assert len(watched.front.described) >= at_least, watched.front.described
    assert not watched.front.violations, "\n".join(sorted(set(watched.front.violations)))


def test_every_operation_by_microsofts_own_client(watched: Watched) -> None:
    lab = watched.lab
    client = lab.client()
    service = LINUX.rsplit("/", 1)[-1]
    assert list(client.services.list())
    assert client.services.get(service).display_name == "Web App (Linux)"
    kinds = list(client.problem_classifications.list(service))
    assert client.problem_classifications.get(service, kinds[0].name).id == kinds[0].id
    name_check = {"name": "esc-1", "type": "Microsoft.Support/supportTickets"}
    assert client.support_tickets.check_name_availability(name_check).name_available
    assert client.file_workspaces.create("esc-1").name == client.file_workspaces.get("esc-1").name
    declared = {"properties": {"fileSize": 5, "chunkSize": 3, "numberOfChunks": 2}}
    client.files.create("esc-1", "kit.zip", declared)
    for index, chunk in enumerate((b"abc", b"de")):
        client.files.upload("esc-1", "kit.zip", {"content": base64.b64encode(chunk).decode(), "chunkIndex": index})
    assert [each.name for each in client.files.list("esc-1")] == ["kit.zip"]
    assert client.files.get("esc-1", "kit.zip").file_size == 5
    body = {"properties": ticket_properties(lab, fileWorkspaceName="esc-1")}
    assert client.support_tickets.begin_create("esc-1", body).result().status == "Open"
    assert client.support_tickets.update("esc-1", {"severity": "minimal"}).severity == "minimal"
    assert [each.name for each in client.support_tickets.list(top=10, filter="Status eq 'Open'")] == ["esc-1"]
    message = {"properties": {"subject": "s", "body": "b", "sender": "robin@contoso.example"}}
    name_check = {"name": "note-1", "type": "Microsoft.Support/communications"}
    assert client.communications.check_name_availability("esc-1", name_check).name_available
    assert client.communications.begin_create("esc-1", "note-1", message).result().subject == "s"
    assert client.communications.get("esc-1", "note-1").body == "b"
    assert len(list(client.communications.list("esc-1"))) == 1
    assert list(client.chat_transcripts.list("esc-1")) == []
    assert client.support_tickets.update("esc-1", {"status": "closed"}).status == "Closed"
    assert lab.files(lab.ticket("esc-1")) == {"kit.zip": b"abcde"}
    assert_fits(watched, at_least=23)


def test_the_machine_files_a_ticket_with_its_files(watched: Watched, tmp_path: Path) -> None:
    lab = watched.lab
    case = approved_case(tmp_path / "case", lab)
    state = run_in_lab_time(case, lab, LabTime(lab), read_s=60)
    assert state.phase is Phase.OPEN, state.stop
    (ticket,) = lab.tickets
    approved = {case.root.joinpath(each.path).read_bytes() for each in state.request.attachments}
    assert set(lab.files(ticket).values()) == approved
    assert_fits(watched, at_least=8)


@pytest.fixture
def verbs(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """verbs("ticket", "status") on a case that was built through the front; gives the exit code and what was told."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name, value in watched.lab.lab.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("escalate.cli.submit.Filing", functools.partial(Filing, patience=BRISK))
    case = build(watched.lab.lab, tmp_path)

    def verb(*words: str) -> Any:
        where = ["--case", str(case), "--auth", "managed-identity", "--format", "json"]
        code = run([*words, *where], Session())
        captured = capsys.readouterr()
        assert code == 0, captured.err + captured.out
        return json.loads(captured.out)

    return verb


def test_a_ticket_from_filing_to_its_end_by_the_verbs(watched: Watched, verbs: Callable[..., Any]) -> None:
    lab = watched.lab
    verbs("submit", "--dry-run=online", "--advanced-diagnostics", "no", "--classification", TOPIC)
    filed = verbs("submit", "--yes", "--advanced-diagnostics", "no", "--classification", TOPIC)
    (ticket,) = lab.tickets
    assert filed["support_ticket_id"] == ticket.ticket_id
    engineer.ask(lab.desk, ticket)
    verbs("ticket", "status")
    verbs("ticket", "reply", "It was seen at 05:58 UTC on one worker.", "--yes")
    verbs("ticket", "attach", str(next(Path(filed["case"]).glob("bundle/*-full.zip"))), "--yes")
    verbs("ticket", "severity", "C", "--yes")
    verbs("ticket", "close", "--yes")
    assert ticket.status == "Closed"
    verbs("ticket", "reopen", "--why", "It is back.", "--yes")
    assert ticket.status == "Open"
    assert ticket.severity == "minimal"
    bundles = {each.read_bytes() for each in Path(filed["case"]).glob("bundle/*.zip")}
    assert len(bundles) == 2
    assert set(lab.files(ticket).values()) == bundles
    assert_fits(watched, at_least=25)


def test_every_method_of_our_client(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = watched.lab
    ticket = lab.desk.file("esc-1", ticket_properties(lab))
    for name, value in lab.lab.environment.items():
        monkeypatch.setenv(name, value)
    with connect(lab.base_url, BY_IDENTITY, print) as session:
        support = Support(session, lab.subscription)
        assert support.services()
        assert support.problem_types(LINUX)
        assert support.check_ticket_name("esc-2").available
        assert support.check_communication_name("esc-1", "note-1").available
        assert [each.name for each in support.tickets("Status eq 'Open'")] == ["esc-1"]
        begun = support.begin_communication("esc-1", "note-1", subject="s", body="b", sender="robin@contoso.example")
        assert begun.operation is not None
        while support.operation(begun.operation).status == "inprogress":
            pass
        assert [each.name for each in support.communications("esc-1")] == ["note-1"]
        support.create_workspace("esc-1")
        support.declare_file(ticket.ticket_id, "later.zip", size=3, chunk_size=3, chunks=1)
        support.upload_chunk(ticket.ticket_id, "later.zip", 0, b"abc")
        assert len(support.files(ticket.ticket_id)) == 1
        changed = support.update("esc-1", severity="minimal", advanced_diagnostics=False)
        assert changed.severity == "minimal"
        support.update("esc-1", status="closed")
    assert lab.files(ticket) == {"later.zip": b"abc"}
    assert_fits(watched, at_least=13)


def test_what_does_not_fit_the_file_is_a_violation(watched: Watched) -> None:
    """The check can fail: a ticket without contact is stopped at the door, an answer in other letters behind it."""
    lab = watched.lab
    client = lab.client()
    sent = ticket_properties(lab)
    del sent["contactDetails"]
    with pytest.raises(HttpResponseError):
        client.support_tickets.begin_create("esc-1", {"properties": sent})
    (violation,) = watched.front.violations
    assert "contactDetails" in violation
    assert lab.operations() == []

    ticket = lab.desk.file("esc-2", ticket_properties(lab))
    ticket.sent["title"] = 7
    with pytest.raises(HttpResponseError):
        client.support_tickets.get("esc-2")
    assert any("title" in each for each in watched.front.violations)
