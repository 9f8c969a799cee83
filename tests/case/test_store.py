"""The case folder: whole files or none, one writer, nothing outside."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.case.layout import Room
from escalate.case.private import add_known_values, case_key, known_values, read_map, write_map
from escalate.case.purge import purge
from escalate.case.store import Case, new_case_id, safe_relative
from escalate.errors import CaseError, DocumentError
from escalate.model.case import CaseDocument
from escalate.model.finding import FindingsDocument
from tests.conftest import CaseMaker


def test_case_ids_sort_by_time() -> None:
    first = datetime(2026, 4, 4, 5, 58, 45, tzinfo=UTC)
    ids = [new_case_id(first + timedelta(seconds=step)) for step in (0, 1, 60, 86_400, 40_000_000)]
    assert ids == sorted(ids)


def test_folders_and_files_are_for_their_owner_only(make_case: CaseMaker) -> None:
    case = make_case()
    with case.new_file(Room.EVIDENCE, "local/host/proc/meminfo") as handle:
        handle.write(b"x")
    for place in (case.root, case.path(Room.EVIDENCE), case.path(Room.EVIDENCE, "local/host/proc")):
        assert place.stat().st_mode & 0o777 == 0o700
    for place in (case.root / "case.json", case.path(Room.EVIDENCE, "local/host/proc/meminfo")):
        assert place.stat().st_mode & 0o777 == 0o600


def test_a_file_that_fails_half_way_leaves_nothing(make_case: CaseMaker) -> None:
    case = make_case()
    with pytest.raises(OSError, match="disk full"), case.new_file(Room.EVIDENCE, "a.log") as handle:
        handle.write(b"half")
        raise OSError("disk full")
    assert not case.path(Room.EVIDENCE, "a.log").exists()
    assert list(case.path(Room.SCRATCH).iterdir()) == []


def test_a_rewrite_that_fails_keeps_the_old_file(make_case: CaseMaker) -> None:
    case = make_case()
    with case.new_file(Room.EVIDENCE, "a.log") as handle:
        handle.write(b"old")
    with pytest.raises(ValueError), case.new_file(Room.EVIDENCE, "a.log") as handle:
        handle.write(b"new")
        raise ValueError
    assert case.path(Room.EVIDENCE, "a.log").read_bytes() == b"old"


@given(st.text(min_size=1, max_size=40))
def test_no_name_leads_out_of_the_case(name: str) -> None:
    base = Path("/case/evidence")
    try:
        safe = safe_relative(name)
    except CaseError:
        return
    assert Path(os.path.normpath(base.joinpath(*safe.parts))).is_relative_to(base)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "", ".", "C:/x", "a\\..\\b", "a\0b"])
def test_names_that_lead_outside_are_refused(name: str) -> None:
    with pytest.raises(CaseError):
        safe_relative(name)


def test_an_existing_case_is_not_overwritten(make_case: CaseMaker) -> None:
    case = make_case()
    with pytest.raises(CaseError, match="already holds a case"):
        Case.create(case.root, case.document)


def test_a_document_not_written_yet_says_which_stage_writes_it(make_case: CaseMaker) -> None:
    with pytest.raises(DocumentError) as caught:
        make_case().read(FindingsDocument)
    assert "escalate build --case" in caught.value.hint


def test_documents_read_back_as_they_were_written(make_case: CaseMaker) -> None:
    case = make_case()
    assert parse_again(case) == case.document


def parse_again(case: Case) -> CaseDocument:
    case.write(case.document)
    return Case.open(case.root).document


def _hold(root: Path, held: multiprocessing.synchronize.Event) -> None:
    with Case(root).locked():
        held.set()
        time.sleep(60)


def test_two_runs_on_one_case_do_not_mix_and_a_killed_run_frees_it(make_case: CaseMaker) -> None:
    case = make_case()
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    other = context.Process(target=_hold, args=(case.root, held))
    other.start()
    try:
        assert held.wait(30)
        with pytest.raises(CaseError, match="another run"), case.locked():
            pass
    finally:
        other.kill()
        other.join()
    with case.locked():
        pass


def test_leftovers_of_a_killed_run_are_cleared(make_case: CaseMaker) -> None:
    case = make_case()
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from escalate.case.store import Case\n"
        "from escalate.case.layout import Room\n"
        "case = Case(Path(sys.argv[1]))\n"
        "with case.new_file(Room.EVIDENCE, 'a.log') as handle:\n"
        "    handle.write(b'half'); handle.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(case.root)], check=False)
    assert not case.path(Room.EVIDENCE, "a.log").exists()
    assert len(list(case.path(Room.SCRATCH).iterdir())) == 1
    with case.locked():
        assert not case.path(Room.SCRATCH).exists()


def test_the_digest_names_inputs_and_words(make_case: CaseMaker) -> None:
    case = make_case()
    assert case.digest([CaseDocument]) == case.digest([CaseDocument])
    assert case.digest([CaseDocument], "v1") != case.digest([CaseDocument], "v2")


def test_the_key_of_a_case_stays_and_is_private(make_case: CaseMaker) -> None:
    case = make_case()
    key = case_key(case)
    assert len(key) == 32
    assert case_key(case) == key
    assert case.path(Room.PRIVATE, "case.key").stat().st_mode & 0o777 == 0o600


def test_known_values_add_up(make_case: CaseMaker) -> None:
    case = make_case()
    add_known_values(case, [("hunter22", "DB_PASSWORD")])
    add_known_values(case, [("s3cr3t-token", "API_TOKEN")])
    assert known_values(case) == {"hunter22": "DB_PASSWORD", "s3cr3t-token": "API_TOKEN"}


def test_purge_takes_raw_evidence_and_secrets_and_keeps_bundles_and_map(make_case: CaseMaker) -> None:
    case = make_case()
    for room, name in ((Room.EVIDENCE, "a.log"), (Room.BUNDLE, "case-kit.zip")):
        with case.new_file(room, name) as handle:
            handle.write(b"x")
    add_known_values(case, [("hunter22", "DB_PASSWORD")])
    write_map(case, {"[R:EMAIL:3FA9C1]": "ann@example.com"})
    purge(case)
    assert not case.path(Room.EVIDENCE).exists()
    assert known_values(case) == {}
    assert case.path(Room.BUNDLE, "case-kit.zip").exists()
    assert read_map(case) == {"[R:EMAIL:3FA9C1]": "ann@example.com"}


def test_purge_puts_the_redacted_record_in_the_place_of_the_raw_one(make_case: CaseMaker) -> None:
    case = make_case()
    case.journal.note("collect", "read /home/ann/hunter22.log")
    with case.new_file(Room.REDACTED, "case/run.jsonl") as handle:
        handle.write(b'{"stage": "collect", "event": "note", "text": "redacted"}\n')
    purge(case)
    text = (case.root / "journal.jsonl").read_text()
    assert "hunter22" not in text
    assert [event["stage"] for event in case.journal.events()] == ["collect", "purge"]
    assert (case.root / "journal.jsonl").stat().st_mode & 0o777 == 0o600


def test_purge_of_everything_leaves_nothing(make_case: CaseMaker) -> None:
    case = make_case()
    purge(case, everything=True)
    assert not case.root.exists()
