"""The journal remembers finished steps, and survives a write that was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.case.journal import Journal


def test_a_new_stage_has_nothing_done(tmp_path: Path) -> None:
    assert Journal(tmp_path / "journal.jsonl").begin("collect", "inputs") == {}


def test_steps_of_an_interrupted_run_are_remembered(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.begin("collect", "inputs")
    journal.step("collect", "one", {"size": 1})
    assert journal.begin("collect", "inputs") == {"one": {"size": 1}}


def test_steps_survive_a_second_interruption(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.begin("collect", "inputs")
    journal.step("collect", "one", {})
    journal.begin("collect", "inputs")
    journal.step("collect", "two", {})
    assert set(journal.begin("collect", "inputs")) == {"one", "two"}


def test_steps_over_other_inputs_do_not_count(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.begin("redact", "old")
    journal.step("redact", "A0001", {})
    assert journal.begin("redact", "new") == {}


def test_steps_of_a_finished_run_do_not_count(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.begin("redact", "inputs")
    journal.step("redact", "A0001", {})
    journal.end("redact", "inputs")
    assert journal.begin("redact", "inputs") == {}


def test_steps_of_another_stage_do_not_count(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.begin("collect", "inputs")
    journal.step("collect", "one", {})
    assert journal.begin("redact", "inputs") == {}


def test_a_stage_is_done_only_over_the_same_inputs_and_after_its_end(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.begin("triage", "inputs")
    assert not journal.is_done("triage", "inputs")
    journal.end("triage", "inputs")
    assert journal.is_done("triage", "inputs")
    assert not journal.is_done("triage", "other inputs")
    journal.begin("triage", "inputs")
    assert not journal.is_done("triage", "inputs")


@given(cut=st.integers(min_value=1, max_value=60))
def test_a_line_cut_by_a_crash_loses_only_itself(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("journal")
    place = folder / "journal.jsonl"
    journal = Journal(place)
    journal.begin("collect", "inputs")
    journal.step("collect", "one", {"size": 1})
    whole = place.read_bytes()
    journal.step("collect", "two", {"size": 2})
    last = place.read_bytes()[len(whole) :]
    place.write_bytes(whole + last[: -min(cut, len(last) - 1)])
    journal.step("collect", "three", {"size": 3})
    done = journal.begin("collect", "inputs")
    assert done["one"] == {"size": 1}
    assert done["three"] == {"size": 3}


def test_the_journal_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    Journal(tmp_path / "journal.jsonl").note("collect", "hello")
    assert (tmp_path / "journal.jsonl").stat().st_mode & 0o777 == 0o600
