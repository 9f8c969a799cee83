"""escalate ticket on a filed case, against the lab's support service, over HTTP and with Microsoft's client."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from escalate.case import custody
from escalate.case.store import Case
from escalate.cli.app import run
from escalate.cli.session import Session
from escalate.lab.support import engineer
from escalate.lab.support.records import Ticket
from escalate.model.manifest import BundleDocument
from tests.fakes.support_lab import SupportLab, support_lab
from tests.fakes.terminal import on_a_terminal

pytestmark = pytest.mark.enable_socket

PERSON = {
    "--first-name": "Dana", "--last-name": "Sekretsson", "--email": "dana.secret@contoso.example",
    "--contact-method": "phone", "--phone": "+49 30 5550 1234", "--time-zone": "Europe/Berlin", "--country": "DE",
    "--language": "en-us",
}  # fmt: skip
ANSWERS = {**PERSON, "--advanced-diagnostics": "no", "--classification": "Web app restarted"}
ASK = "Please share the container logs. Which instance was it? Could you elaborate?"
TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIyNjA0In0.c2lnbmF0dXJl"
LINK = f"https://support.microsoft.com/files?workspace={TOKEN}&wid=5f0c"
PASSWORD = "Tango4Whiskey9Zulu"

Done = tuple[int, str, str]


@pytest.fixture(scope="module")
def lab() -> Iterator[SupportLab]:
    with support_lab(takes=timedelta(seconds=0.05), polls=0) as running:
        yield running


@pytest.fixture(scope="module")
def built(lab: SupportLab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of evidence from elsewhere about the lab's app, up to its zips."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "evidence").mkdir()
    start = datetime.now(UTC) - timedelta(hours=3)
    (folder / "evidence" / f"{start:%Y_%m_%d}_lw0sdlwk000001_default_docker.log").write_text(
        f"{start:%Y-%m-%dT%H:%M:%S}.1234567Z [7] [ERROR] Worker (pid:1905) was sent SIGKILL! Perhaps out of memory?\n"
        f"{start:%Y-%m-%dT%H:%M:%S}.2234567Z user dana.secret@contoso.example password={PASSWORD};\n"
    )
    (folder / "evidence" / "app.nettrace").write_bytes(b"Nettrace" + bytes(range(256)) * 25_000)
    incident = folder / "incident.toml"
    incident.write_text(
        f'title = "Workers are killed"\nseverity = "moderate"\n[window]\nstart = {start:%Y-%m-%dT%H:%M:%SZ}\n'
        f"end = {start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}\n"
        f'[target]\nresource_id = "{lab.resource_id}"\nos = "linux"\ninstances = ["lw0sdlwk000001"]\n'
    )
    words = ["build", str(folder / "evidence"), "--case", str(folder / "case"), "--incident", str(incident)]
    assert run(words, Session()) == 0
    return folder / "case"


@pytest.fixture(scope="module")
def filed_once(built: Path, lab: SupportLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Ticket]]:
    """A copy of it with a filed ticket, and the ticket as it then was."""
    folder = tmp_path_factory.mktemp("filed") / "case"
    shutil.copytree(built, folder)
    answers = [word for pair in ANSWERS.items() for word in pair]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**lab.lab.environment, "XDG_CACHE_HOME": str(folder.parent)}.items():
            patch.setenv(name, value)
        words = ["submit", "--case", str(folder), "--auth", "managed-identity", "--yes", *answers]
        assert run(words, Session()) == 0
        yield folder, copy.deepcopy(lab.tickets[0])


@pytest.fixture
def case(filed_once: tuple[Path, Ticket], lab: SupportLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A copy of that case; the lab's subscription holds its ticket as it was filed, and nothing else."""
    folder, ticket = filed_once
    desk = lab.desk
    with desk.lock:
        desk.mishaps.clear()
        fresh = dataclasses.replace(ticket, communications=[], sent=copy.deepcopy(ticket.sent))
        desk.tickets = {ticket.name.lower(): fresh}
        desk.filed = [fresh]
        own = desk.workspaces[ticket.ticket_id]
        desk.workspaces = {ticket.ticket_id: dataclasses.replace(own, files={})}
        desk.calls.clear()
        desk.plan = "ProDirect"
    for name, value in lab.lab.environment.items():
        monkeypatch.setenv(name, value)
    shutil.copytree(folder, tmp_path / "case")
    return Case.open(tmp_path / "case")


@pytest.fixture
def ticket(case: Case, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """ticket("status", *words) gives exit code, stdout and stderr."""

    def go(verb: str, *words: str) -> Done:
        capsys.readouterr()
        code = run(["ticket", verb, "--case", str(case.root), "--auth", "managed-identity", *words], Session())
        out, err = capsys.readouterr()
        return code, out, err

    return go


def asked(lab: SupportLab, body: str = ASK) -> None:
    """An engineer takes the ticket and asks."""
    engineer.take(lab.desk, lab.tickets[0])
    engineer.ask(lab.desk, lab.tickets[0], body)


def said(lab: SupportLab) -> list[str]:
    """What we wrote to the ticket."""
    return [each.body for each in lab.tickets[0].communications if not each.from_engineer]


def test_the_status_of_a_ticket_with_asks_as_text_and_as_json(ticket, lab, case) -> None:
    code, out, _ = ticket("status")
    assert code == 0
    assert lab.tickets[0].ticket_id in out
    assert "nobody has taken it yet" in out
    asked(lab)
    code, out, _ = ticket("status", "--format", "json")
    shown = json.loads(out)
    assert code == shown["exit_code"] == 0
    assert shown["ticket"]["turn"] == "you"
    logs, instance, unknown = shown["open_asks"]
    (hand,) = logs["answers"][0]["in_hand"]
    kit = next(each for each in case.read(BundleDocument).bundles if each.tier == "kit")
    assert hand["member"]["bundle"] == Path(kit.path).name
    assert hand["sent"]
    assert instance["answers"][0]["facts"] == ["lw0sdlwk000001."]
    assert unknown["answers"] == []


def test_a_reply_is_encoded_shown_and_sent_once(ticket, lab, case) -> None:
    asked(lab)
    words = "It was lw0sdlwk000001, says dana.secret@contoso.example; password=Another4Whiskey9; see the log"
    code, out, _ = ticket("reply", words, "--dry-run")
    assert code == 0
    assert "Nothing was sent" in out
    assert said(lab) == []
    code, shown, _ = ticket("reply", words, "--yes")
    assert code == 0
    (body,) = said(lab)
    assert body.strip() in shown
    assert "lw0sdlwk000001" in body
    for gone in ("dana.secret", "Another4Whiskey9"):
        assert gone not in body + out + shown
    code, out, _ = ticket("reply", words, "--yes", "--format", "json")
    assert json.loads(out)["news"] is False
    assert len(said(lab)) == 1
    assert custody.read(case)[-1].entry.action == "sent"
    _, out, _ = ticket("status", "--format", "json")
    status = json.loads(out)
    assert status["open_asks"] == []
    assert (status["ticket"]["turn"], status["ticket"]["rounds"]) == ("support", 1)


def test_a_reply_from_a_file_and_one_from_nowhere(ticket, lab, tmp_path) -> None:
    (tmp_path / "reply.txt").write_text("Two lines.\nOf text.\n")
    assert ticket("reply", "--file", str(tmp_path / "reply.txt"), "--yes", "--subject", "An answer")[0] == 0
    assert said(lab) == ["Two lines.\nOf text.\n"]
    assert ticket("reply", "--yes")[0] == 2
    assert ticket("reply", "text", "--suggest")[0] == 2


def test_nothing_is_sent_without_a_yes(ticket, lab) -> None:
    code, _, err = ticket("reply", "Hello")
    assert code == 2
    assert "--yes" in err
    assert ticket("close")[0] == 2
    assert said(lab) == []


def test_on_a_terminal_the_message_is_shown_and_a_no_sends_nothing(case, lab) -> None:
    words = (
        "ticket",
        "reply",
        "--case",
        str(case.root),
        "--auth",
        "managed-identity",
        "It was dana.secret@contoso.example",
    )
    code, shown = on_a_terminal(*words, typed=("n",))
    assert code == 7
    assert "redacted.invalid" in shown
    assert said(lab) == []
    code, _ = on_a_terminal(*words, typed=("y",))
    assert code == 0
    assert "redacted.invalid" in said(lab)[0]


def test_on_a_terminal_the_promise_for_severity_a_is_asked_for(case, lab) -> None:
    words = ("ticket", "severity", "A", "--case", str(case.root), "--auth", "managed-identity")
    assert on_a_terminal(*words, typed=("n",))[0] == 3
    assert lab.tickets[0].severity == "moderate"
    assert on_a_terminal(*words, typed=("y", "y"))[0] == 0
    assert lab.tickets[0].severity == "critical"


def test_a_suggestion_is_not_sent_before_it_is_finished(ticket, lab, tmp_path) -> None:
    assert ticket("reply", "--suggest")[0] == 3
    asked(lab)
    code, out, _ = ticket("reply", "--suggest")
    assert code == 0
    assert "Which instance it was: lw0sdlwk000001." in out
    (tmp_path / "reply.txt").write_text(out)
    code, _, err = ticket("reply", "--file", str(tmp_path / "reply.txt"), "--yes")
    assert code == 2
    assert "finish the text" in err
    assert said(lab) == []
    finished = out.replace("[TO BE ANSWERED BY YOU: not recognised]", "It fails when the cache is cold.")
    (tmp_path / "reply.txt").write_text(finished)
    assert ticket("reply", "--file", str(tmp_path / "reply.txt"), "--yes")[0] == 0
    assert len(said(lab)) == 1


def test_an_empty_or_endless_message_is_refused(ticket, lab, tmp_path) -> None:
    (tmp_path / "long.txt").write_text("a word " * 2000)
    assert ticket("reply", "--file", str(tmp_path / "long.txt"), "--yes")[0] == 3
    (tmp_path / "empty.txt").write_text(" \n")
    assert ticket("reply", "--file", str(tmp_path / "empty.txt"), "--yes")[0] == 3
    assert said(lab) == []


def test_a_bundle_that_verifies_is_attached_and_any_other_zip_is_not(ticket, lab, case, tmp_path) -> None:
    assert ticket("attach", "--yes")[0] == 3  # the kit went with the ticket
    full = next(each for each in case.read(BundleDocument).bundles if each.tier == "full")
    shutil.copy(case.root / full.path, tmp_path / "delta.zip")
    code, out, _ = ticket("attach", str(tmp_path / "delta.zip"), "--yes", "--format", "json")
    assert code == 0
    assert json.loads(out)["workspace"] == lab.tickets[0].ticket_id
    assert lab.files(lab.tickets[0])["delta.zip"] == (tmp_path / "delta.zip").read_bytes()
    uploads = lab.operations("files.upload")
    assert ticket("attach", str(tmp_path / "delta.zip"), "--yes")[0] == 0
    assert lab.operations("files.upload") == uploads
    broken = bytearray((tmp_path / "delta.zip").read_bytes())
    broken[len(broken) // 2] ^= 0xFF
    (tmp_path / "broken.zip").write_bytes(broken)
    code, _, err = ticket("attach", str(tmp_path / "broken.zip"), "--yes")
    assert code == 6
    assert "does not verify" in err
    (tmp_path / "tool.exe").write_bytes(b"MZ")
    assert ticket("attach", str(tmp_path / "tool.exe"), "--yes")[0] == 3
    assert lab.operations("files.upload") == uploads


def test_a_bundle_made_anew_under_the_same_name_is_another_file(ticket, lab, case, tmp_path) -> None:
    for tier in ("full", "kit"):
        bundle = next(each for each in case.read(BundleDocument).bundles if each.tier == tier)
        shutil.copy(case.root / bundle.path, tmp_path / "delta.zip")
        assert ticket("attach", str(tmp_path / "delta.zip"), "--dry-run")[0] == 0
        assert ticket("attach", str(tmp_path / "delta.zip"), "--yes")[0] == 0
        there = lab.files(lab.tickets[0])
        assert (tmp_path / "delta.zip").read_bytes() in [there[name] for name in there if name.startswith("delta")]
    assert {name for name in lab.files(lab.tickets[0]) if name.startswith("delta")} == {"delta.zip", "delta-r2.zip"}


def test_severity_a_needs_a_promise_and_an_engineer_at_work_is_asked(ticket, lab) -> None:
    code, _, err = ticket("severity", "A", "--yes")
    assert code == 3
    assert "--confirm-24x7" in err
    assert ticket("severity", "A", "--yes", "--confirm-24x7")[0] == 0
    assert lab.tickets[0].severity == "critical"
    engineer.take(lab.desk, lab.tickets[0], working=True)
    code, _, err = ticket("severity", "minimal", "--yes", "--why", "the night is over")
    assert code == 0
    assert lab.tickets[0].severity == "critical"
    assert "being worked on" in err
    assert "the night is over" in said(lab)[0]
    assert ticket("severity", "D", "--yes")[0] == 2


def test_a_ticket_is_closed_and_opened_again(ticket, lab) -> None:
    assert ticket("reopen", "--why", "x", "--yes")[0] == 3
    assert ticket("close", "--dry-run")[0] == 0
    assert lab.tickets[0].status == "Open"
    assert ticket("close", "--yes")[0] == 0
    assert lab.tickets[0].status == "Closed"
    _, out, _ = ticket("close", "--yes", "--format", "json")
    assert json.loads(out)["changed"] is False
    assert ticket("reopen", "--why", "it is back", "--yes")[0] == 0
    assert lab.tickets[0].status == "Open"


def test_no_permission_no_plan_and_no_answer_have_their_exit_codes(ticket, lab) -> None:
    lab.mishaps.add("communications.create=forbidden")
    code, _, err = ticket("reply", "Hello", "--yes")
    assert code == 4
    assert "Support Request Contributor" in err
    lab.mishaps.clear()
    lab.desk.plan = "Developer"
    assert ticket("reply", "Hello", "--yes")[0] == 4
    lab.desk.plan = "ProDirect"
    lab.mishaps.add("tickets.get=throttled:500")
    code, out, _ = ticket("status", "--format", "json")
    assert code == 8
    assert json.loads(out)["schema"] == "escalate.ticket-pending/v1"


def test_a_case_without_a_ticket_says_how_to_file_one(built, lab, capsys, monkeypatch) -> None:
    for name, value in lab.lab.environment.items():
        monkeypatch.setenv(name, value)
    code = run(["ticket", "status", "--case", str(built), "--auth", "managed-identity"], Session())
    assert code == 3
    assert "escalate submit" in capsys.readouterr().err


def test_a_link_for_an_upload_is_noticed_and_never_shown_or_kept(ticket, lab, case) -> None:
    asked(lab, f"<p>Please upload the dump to <a href='{LINK}'>{LINK}</a>.</p>")
    code, out, err = ticket("status", "--format", "json")
    assert code == 0
    (fingerprint,) = json.loads(out)["secure_upload"]["links_received"]
    assert len(fingerprint) == 12
    _, text, _ = ticket("status")
    _, suggestion, _ = ticket("reply", "--suggest")
    code, sent, _ = ticket("reply", f"We upload to {LINK} now", "--yes")
    assert code == 0
    everything = out + err + text + suggestion + sent + said(lab)[0]
    assert TOKEN not in everything
    assert not any(TOKEN.encode() in each.read_bytes() for each in case.root.rglob("*") if each.is_file())


def test_what_is_too_big_is_offered_by_a_secure_upload(ticket, lab) -> None:
    _, out, _ = ticket("status")
    assert "too big for the ticket (1 file)" in out
    code, out, _ = ticket("reply", "--ask-upload-link", "--yes", "--format", "json")
    assert code == 0
    assert json.loads(out)["subject"] == "Link for a secure upload"
    (body,) = said(lab)
    assert "nettrace, 6,400,008 bytes, SHA-256 " in body


def test_nothing_personal_or_secret_is_in_any_log_at_any_level(ticket, lab, case, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "urllib3", "requests", "msal", "escalate", "asyncio"):
        caplog.set_level(logging.DEBUG, name)
    asked(lab, f"{ASK} Upload to {LINK}")
    lab.mishaps.add("communications.create#1=error-after")
    words = f"Dana Sekretsson, dana.secret@contoso.example, +49 30 5550 1234, password={PASSWORD}"
    outs = [
        ticket("status"),
        ticket("reply", words, "--yes"),
        ticket("severity", "C", "--yes"),
        ticket("attach", "--yes"),
        ticket("close", "--yes"),
        ticket("reply", "x", "--yes"),
    ]
    stderr = "".join(err for _, _, err in outs)
    logged = "\n".join(record.getMessage() for record in caplog.records)
    signatures = [value for each in lab.desk.operations.values() for value in dict(parse_qsl(each.query)).values()]
    secrets = ["Sekretsson", "dana.secret", "5550 1234", PASSWORD, TOKEN, "Bearer "]
    secrets += [value for value in signatures if len(value) > 20]
    assert len(secrets) > 10
    journal = (case.root / "journal.jsonl").read_text()
    kept = "".join((case.root / name).read_text() for name in ("follow-up.json", "receipt.json", "custody.jsonl"))
    assert "operationsStatus" in logged
    assert "note-1-" in journal
    for where, text in {"stderr": stderr, "logging": logged, "journal": journal, "records": kept}.items():
        for secret in secrets:
            assert secret not in text, where
