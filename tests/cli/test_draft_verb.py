"""`escalate draft`: packets, own templates, shorter fields; and pages whose links lead somewhere."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest

from escalate.draft.handoff import PACKETS
from tests.flow.conftest import ROOT, Done, run_command

INCIDENT = ROOT / "tests" / "triage" / "incidents" / "three-processes-stop-for-the-same-eleven-seconds"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("draft")
    target = ("build", INCIDENT / "input", "--incident", INCIDENT / "incident.toml")
    run = run_command(folder / "data", *target, "--case", folder / "case", "--no-input")
    assert run.code in (0, 5), run.stderr
    return folder / "case"


@pytest.fixture
def case(built: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may draft again."""
    return Path(shutil.copytree(built, tmp_path / "own" / "case"))


def draft(case: Path, *more: str | Path) -> Done:
    return run_command(case.parent / "data", "draft", "--case", case, *more)


def files_linked(page: str) -> set[str]:
    """Paths that a page links to, without the place in them."""
    links = re.findall(r'href="([^"#][^"]*)"', page)
    return {unquote(one.partition("#")[0]) for one in links if not one.startswith("data:")}


def test_links_of_the_report_lead_to_the_sealed_files_and_in_the_zip_to_its_members(built: Path):
    linked = files_linked((built / "draft" / "report.html").read_text(encoding="utf-8"))
    assert linked
    assert all((built / "draft" / one).is_file() for one in linked)
    (full,) = (built / "bundle").glob("*-full.zip")
    with zipfile.ZipFile(full) as archive:
        in_zip = files_linked(archive.read("00-report.html").decode())
        assert len(in_zip) == len(linked)
        assert in_zip <= set(archive.namelist())


def test_build_writes_every_packet_that_needs_no_further_word(built: Path):
    written = {one.stem for one in (built / "draft" / "handoff").glob("*.md")}
    assert written == {name for name, one in PACKETS.items() if not one.of_dependency}


def test_one_packet_is_written_and_printed(case: Path):
    run = draft(case, "--for", "incident-commander")
    assert run.code == 0, run.stderr
    assert len(run.stdout.strip().splitlines()) == 5
    as_json = draft(case, "--for", "next-shift", "--for", "privacy", "--format", "json").json
    assert set(as_json["handoff"]) == {"next-shift", "privacy"}
    assert as_json["schema"] == "escalate.ticket/v1"


def test_a_vendor_is_named_as_the_user_knows_it(case: Path):
    assert draft(case, "--for", "dependency-vendor").code == 2
    run = draft(case, "--for", "dependency-vendor", "--dependency", "nowhere.example.net")
    assert run.code == 3
    assert "escalate encode" in run.stderr


def test_fields_of_the_ticket_can_be_shorter_and_the_essentials_stay(case: Path):
    run = draft(case, "--title-limit", "60", "--description-limit", "1500", "--format", "json")
    ticket = json.loads(run.stdout)
    assert len(ticket["title"]) <= 60
    assert len(ticket["description"]) <= 1500
    assert ticket["description"].startswith("Q1: ")


def test_own_templates_are_used_and_a_broken_one_is_a_config_error(case: Path, tmp_path: Path):
    place = tmp_path / "handoff" / "next-shift" / "packet.md.j2"
    place.parent.mkdir(parents=True)
    place.write_text("Our own: {{ title }}\n", encoding="utf-8")
    run = draft(case, "--for", "next-shift", "--templates", tmp_path)
    assert run.stdout.startswith("Our own: All processes of a worker stood still at once")
    before = (case / "draft" / "ticket.md").read_bytes()
    place.write_text("{{ nothing_of_that_name }}", encoding="utf-8")
    broken = draft(case, "--for", "next-shift", "--templates", tmp_path)
    assert broken.code == 3
    assert "hint:" in broken.stderr
    assert (case / "draft" / "ticket.md").read_bytes() == before
