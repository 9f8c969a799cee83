"""The chain of custody holds, breaks visibly, and travels without names of people."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from escalate.case import custody
from escalate.errors import CaseError
from escalate.model.custody import FIRST, CustodyEntry
from tests.conftest import CaseMaker

NOW = datetime(2026, 4, 4, 6, 0, tzinfo=UTC)
SHA = "ab" * 32


def _three(make_case: CaseMaker):
    case = make_case()
    for minutes, action in enumerate(("collected", "sealed", "approved")):
        custody.record(case, action, f"{action}.json", SHA, now=NOW + timedelta(minutes=minutes))
    return case


def test_each_entry_names_the_one_before(make_case: CaseMaker) -> None:
    entries = [each.entry for each in custody.read(_three(make_case))]
    assert [entry.number for entry in entries] == [1, 2, 3]
    assert [entry.previous for entry in entries] == [FIRST, entries[0].digest, entries[1].digest]
    assert len({entry.actor_id for entry in entries}) == 1
    assert custody.break_in(entries) is None


def test_a_new_case_has_an_empty_chain(make_case: CaseMaker) -> None:
    assert custody.read(make_case()) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines[1:], "missing or out of order"),
        (lambda lines: [lines[0], lines[2]], "missing or out of order"),
        (lambda lines: [lines[1], lines[0], lines[2]], "missing or out of order"),
        (lambda lines: [lines[0].replace("collected.json", "nothing.json"), *lines[1:]], "entry 1 was edited"),
        (lambda lines: [lines[0], "{}", lines[2]], "no entry"),
    ],
)
def test_a_chain_that_was_tampered_with_is_refused_and_not_added_to(make_case: CaseMaker, change, said: str) -> None:
    case = _three(make_case)
    place = case.root / custody.FILE
    place.write_text("\n".join(change(place.read_text().splitlines())) + "\n")
    before = place.read_bytes()
    with pytest.raises(CaseError, match=said):
        custody.record(case, "sent", "ticket")
    assert place.read_bytes() == before


def test_what_travels_ends_with_the_last_sealing_and_names_nobody(make_case: CaseMaker) -> None:
    case = _three(make_case)
    records = custody.read(case)
    lines = custody.travelling(records).splitlines()
    entries = [CustodyEntry.model_validate_json(line) for line in lines]
    assert [entry.action for entry in entries] == ["collected", "sealed"]
    assert custody.break_in(entries) is None
    assert all("actor" not in json.loads(line) and "salt" not in json.loads(line) for line in lines)
    assert records[0].actor.encode() not in b"".join(lines)


def test_only_its_owner_can_read_it(make_case: CaseMaker) -> None:
    assert (_three(make_case).root / custody.FILE).stat().st_mode & 0o777 == 0o600
