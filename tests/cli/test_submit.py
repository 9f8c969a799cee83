"""escalate submit on a case with a proved kit, against the lab's support service."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from escalate.case import custody
from escalate.case.store import Case
from escalate.cli.app import run
from escalate.cli.session import Session
from escalate.model.manifest import BundleDocument
from escalate.model.ticket import Receipt, Ticket
from tests.fakes.support_lab import SupportLab, support_lab
from tests.fakes.terminal import on_a_terminal

pytestmark = pytest.mark.enable_socket

EMAIL = "dana.secret@contoso.example"
PERSON = {
    "--first-name": "Dana", "--last-name": "Secret", "--email": EMAIL, "--contact-method": "email",
    "--time-zone": "Europe/Berlin", "--country": "DE", "--language": "en-us",
}  # fmt: skip
ANSWERS = {**PERSON, "--advanced-diagnostics": "no", "--classification": "Application issues post deployment"}
SECRET = "AccountKey=" + "Zm9vYmFyYmF6cXV4" * 5 + "AbCdEf==;EndpointSuffix=core.windows.net"


@pytest.fixture(scope="module")
def lab() -> Iterator[SupportLab]:
    with support_lab() as running:
        yield running


@pytest.fixture(scope="module")
def built(lab: SupportLab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of evidence from elsewhere about the lab's app, up to its zips."""
    folder = tmp_path_factory.mktemp("built")
    evidence = folder / "evidence"
    evidence.mkdir()
    start = datetime.now(UTC) - timedelta(hours=3)
    (evidence / f"{start:%Y_%m_%d}_lw0sdlwk000001_default_docker.log").write_text(
        f"{start:%Y-%m-%dT%H:%M:%S}.1234567Z [7] [ERROR] Worker (pid:1905) was sent SIGKILL! Perhaps out of memory?\n"
    )
    incident = folder / "incident.toml"
    incident.write_text(
        f'title = "Workers are killed"\nseverity = "moderate"\n[window]\nstart = {start:%Y-%m-%dT%H:%M:%SZ}\n'
        f"end = {start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}\n"
        f'[target]\nresource_id = "{lab.resource_id}"\nos = "linux"\n'
    )
    words = ["build", str(evidence), "--case", str(folder / "case"), "--incident", str(incident)]
    assert run(words, Session()) == 0
    return folder / "case"


@pytest.fixture
def case(built: Path, lab: SupportLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A copy of it; the lab's subscription is empty again, and the sign-in is the lab's."""
    desk = lab.desk
    with desk.lock:
        desk.mishaps.clear()
        for kept in (desk.tickets, desk.filed, desk.workspaces, desk.operations, desk.calls, desk.registrations):
            kept.clear()
        desk.plan, desk.registration = "ProDirect", "Registered"
    for name, value in lab.lab.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    shutil.copytree(built, tmp_path / "case")
    return Case.open(tmp_path / "case")


@pytest.fixture
def submit(case: Case, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """submit(answers, *flags) gives exit code, stdout and stderr."""

    def go(answers: dict[str, str], *flags: str) -> tuple[int, str, str]:
        capsys.readouterr()
        said = [word for pair in answers.items() for word in pair]
        code = run(["submit", "--case", str(case.root), "--auth", "managed-identity", *said, *flags], Session())
        out, err = capsys.readouterr()
        return code, out, err

    return go


def test_a_ticket_is_filed_with_its_kit_and_a_second_run_files_nothing(submit, case, lab) -> None:
    code, out, _ = submit(ANSWERS, "--yes", "--format", "json")
    result = json.loads(out)
    (ticket,) = lab.tickets
    assert code == 0
    assert result["support_ticket_id"] == ticket.ticket_id
    kit = next(each for each in case.read(BundleDocument).bundles if each.tier == "kit")
    assert list(lab.files(ticket).values()) == [(case.root / kit.path).read_bytes()]
    assert ticket.sent["title"] == case.read(Ticket).title
    assert ticket.sent["contactDetails"]["preferredTimeZone"] == "W. Europe Standard Time"
    assert ticket.sent["contactDetails"]["country"] == "DEU"
    assert ticket.sent["advancedDiagnosticConsent"] == "No"
    code, out, _ = submit({}, "--yes")
    assert code == 0
    assert ticket.ticket_id in out
    assert len(lab.tickets) == 1


def test_approval_and_sending_stand_in_the_chain_of_custody(submit, case) -> None:
    submit(ANSWERS, "--yes")
    digest = case.read(Receipt).approval.digest
    acts = [(each.entry.action, each.entry.sha256) for each in custody.read(case)]
    assert acts[-2:] == [("approved", digest), ("sent", digest)]


def test_a_dry_run_contacts_nobody_and_shows_request_and_calls(submit, case, lab) -> None:
    before = len(lab.lab.requests)
    code, out, _ = submit(ANSWERS, "--dry-run", "--format", "json")
    shown = json.loads(out)
    assert code == 0
    assert len(lab.lab.requests) == before
    assert shown["request"]["properties"]["problemClassificationId"] == "(to be resolved when the ticket is filed)"
    assert [line.split()[0] for line in shown["calls"]].count("PUT") == 3
    assert not (case.root / "submission.json").exists()


def test_what_the_dry_run_shows_is_what_is_sent(submit, lab) -> None:
    submit(ANSWERS, "--dry-run=online")
    _, out, _ = submit(ANSWERS, "--dry-run=online", "--format", "json")
    assert not any(call.operation.endswith(("create", "upload", "register")) for call in lab.calls)
    submit(ANSWERS, "--yes")
    assert json.loads(out)["request"]["properties"] == lab.tickets[0].sent


@pytest.mark.parametrize("missing", ["--email", "--advanced-diagnostics", "--classification", "--country"])
def test_a_missing_answer_is_a_usage_error_that_names_its_flag(submit, lab, missing: str) -> None:
    answers = {flag: value for flag, value in ANSWERS.items() if flag != missing}
    code, _, err = submit(answers, "--yes")
    assert code == 2
    assert missing in err
    assert lab.tickets == ()


def test_the_best_problem_types_are_offered_where_none_was_named(submit) -> None:
    _, _, err = submit(PERSON, "--yes")
    assert err.count("[") >= 3
    assert "--classification with one of" in err


def test_severity_a_needs_a_promise_and_a_phone(submit, lab) -> None:
    code, _, err = submit({**ANSWERS, "--severity": "critical"}, "--yes")
    assert code == 2
    assert "--confirm-24x7" in err
    assert "phone" in err
    code, _, err = submit(
        {**ANSWERS, "--severity": "critical", "--phone": "+49 30 5550 1234"}, "--yes", "--confirm-24x7"
    )
    assert code == 0, err
    assert lab.tickets[0].sent["require24X7Response"] is True


def test_without_yes_nobody_approves(submit, lab) -> None:
    code, _, err = submit(ANSWERS)
    assert code == 2
    assert "--yes" in err
    assert lab.tickets == ()


def test_a_draft_with_blockers_is_not_filed(submit, case, lab) -> None:
    case.write(case.read(Ticket).model_copy(update={"blockers": ("no question is left for Microsoft",)}))
    code, _, err = submit(ANSWERS, "--yes")
    assert code == 3
    assert "no question is left for Microsoft" in err
    assert lab.calls == ()


def test_a_kit_that_is_not_what_was_proved_is_not_sent(submit, case, lab) -> None:
    kit = next(each for each in case.read(BundleDocument).bundles if each.tier == "kit")
    with (case.root / kit.path).open("ab") as file:
        file.write(b"one more byte")
    code, _, err = submit(ANSWERS, "--yes")
    assert code == 3
    assert "not what was proved" in err
    assert lab.calls == ()


def test_a_draft_that_is_newer_than_the_zips_is_not_filed(submit, case, lab) -> None:
    assert run(["draft", "--case", str(case.root)], Session()) == 0
    code, _, err = submit(ANSWERS, "--yes")
    assert code == 3
    assert "escalate bundle" in err
    assert run(["bundle", "--case", str(case.root), "--split", "1GB"], Session()) == 0
    assert submit(ANSWERS, "--yes")[0] == 0


def test_words_of_ones_own_are_searched_for_secrets_before_they_are_taken(submit, case, lab, tmp_path) -> None:
    text = tmp_path / "text.txt"
    text.write_text(f"The app connects with DefaultEndpointsProtocol=https;AccountName=shopstore;{SECRET}\nWhy?\n")
    code, _, err = submit({**ANSWERS, "--text": str(text)}, "--yes")
    sent = [ticket.sent["description"] for ticket in lab.tickets]
    assert (code == 6) or (code == 0 and all("Zm9vYmFy" not in each for each in sent)), err
    assert "Zm9vYmFy" not in (case.root / "answers.json").read_text() + err


def test_an_open_ticket_about_the_app_stops_filing_and_is_named(submit, case, lab) -> None:
    submit(ANSWERS, "--yes")
    other = lab.tickets[0]
    for name in ("submission.json", "receipt.json", "answers.json"):
        (case.root / name).unlink()
    other.name = "a-colleagues"
    with lab.desk.lock:
        lab.desk.tickets["a-colleagues"] = lab.desk.tickets.pop(case.read(Ticket).name.lower())
    code, _, err = submit(ANSWERS, "--yes")
    assert code == 3
    assert other.ticket_id in err
    assert "--allow-duplicate" in err
    assert len(lab.tickets) == 1
    assert submit(ANSWERS, "--yes", "--allow-duplicate")[0] == 0
    assert len(lab.tickets) == 2


def test_the_provider_is_registered_only_when_told_to(submit, lab) -> None:
    lab.desk.registration = "NotRegistered"
    code, _, err = submit(ANSWERS, "--yes")
    assert code == 3
    assert "--register-provider" in err
    assert lab.desk.registrations == []


def test_a_plan_that_may_not_leaves_the_portal_packet(submit, case, lab) -> None:
    lab.desk.plan = "Developer"
    code, out, _ = submit(ANSWERS, "--yes", "--format", "json")
    result = json.loads(out)
    assert code == 9
    assert result["code"] == "InvalidSupportPlan"
    assert Path(result["portal_packet"]).is_file()
    assert case.has(BundleDocument)


def test_without_a_network_nothing_is_lost(submit, case, lab, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(ANSWERS, "--dry-run=online")
    lab.mishaps.add("workspaces.create=reset")
    code, out, _ = submit(ANSWERS, "--yes")
    assert code == 9
    assert "Nothing is lost" in out
    lab.mishaps.clear()
    assert submit({}, "--yes", *[word for pair in PERSON.items() for word in pair])[0] == 0


def test_a_ticket_that_the_server_has_not_finished_is_pending(submit, lab) -> None:
    lab.mishaps.add("operations.status=error")
    code, out, _ = submit(ANSWERS, "--yes")
    assert code == 8
    assert "escalate submit --case" in out
    lab.mishaps.clear()
    assert submit({})[0] == 0
    assert len(lab.tickets) == 1


def test_a_person_answers_edits_and_submits_on_a_terminal(case, lab, tmp_path: Path) -> None:
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys, pathlib\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "file.write_text(file.read_text() + 'One more question: was the host short of memory?\\n')\n"
    )
    typed = ["1", "n", "x", "t", "Workers of the shop are killed again", "j", "s"]
    code, out = submitted(case, [*(word for pair in PERSON.items() for word in pair)], typed,
                        EDITOR=f"{sys.executable} {editor}")  # fmt: skip
    assert code == 0, out
    (ticket,) = lab.tickets
    assert ticket.sent["title"] == "Workers of the shop are killed again"
    assert ticket.sent["description"].endswith("was the host short of memory?\n")
    assert "Microsoft may collect from the app" in out
    assert "sha256" in out
    assert "withheld" in out
    assert out.count("=== This goes to Microsoft ===") == 3, "what changed is shown and asked about again"


def test_save_and_quit_keeps_the_answers_and_sends_nothing(case, lab) -> None:
    words = [*(word for pair in PERSON.items() for word in pair)]
    code, out = submitted(case, words, ["1", "n", "t", "Another title for the ticket", "q"])
    assert code == 7, out
    assert "nothing was sent" in out
    assert lab.tickets == ()
    code, out = submitted(case, words, ["s"])
    assert code == 0, out
    assert lab.tickets[0].sent["title"] == "Another title for the ticket"


def submitted(case: Case, flags: list[str], typed: list[str], **environment: str) -> tuple[int, str]:
    """Run it where stdin and stderr are a terminal, type the lines; its exit code, and all that was shown."""
    words = ("submit", "--case", str(case.root), "--auth", "managed-identity", *flags)
    return on_a_terminal(*words, typed=typed, **environment)
