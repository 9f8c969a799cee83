"""A dump that does not fit the kit is there in its slim form; a zip that has the dump itself needs no twin."""

from __future__ import annotations

import hashlib
import json
import random
import zipfile
from pathlib import Path

import pytest

from escalate.bundle.contents import gather
from escalate.bundle.tiers import write_full, write_kit
from escalate.bundle.verify import verify
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.errors import RedactionRefused
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.redaction import Ledger, RedactionDocument, Sealed, SlimTwin
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import DEFAULT_FILES, File, fill

QUIET = QuietObserver()
DUMP = "w1/process/7/w3wp.dmp"
TWIN = "w1/process/7/w3wp.slim.dmp"
DATA, SLIM = random.Random(9).randbytes(300_000), random.Random(10).randbytes(20_000)


@pytest.fixture
def case(make_case: CaseMaker) -> Case:
    case = make_case()
    other = File("w1/process/7/w3wp.slim.DMP", b"of the customer", Kind.TEXT, pid=7)
    redaction = fill(case, [*DEFAULT_FILES, File(DUMP, DATA, Kind.MINIDUMP, pid=7), other]).redaction
    with case.new_file(Room.REDACTED, TWIN) as handle:
        handle.write(SLIM)
    twin = SlimTwin(
        path=TWIN,
        kind=Kind.MINIDUMP,
        size=len(SLIM),
        sha256=hashlib.sha256(SLIM).hexdigest(),
        note="slim form",
        ledger=Ledger(handler="slim-minidump"),
    )
    items = tuple(one.model_copy(update={"slim": twin}) if one.path == DUMP else one for one in redaction.items)
    case.write(redaction.model_copy(update={"items": items}))
    return case


def _members(archive: Path, ending: str) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist() if ending in name.lower()}


def test_the_kit_carries_the_twin_of_a_dump_that_does_not_fit(case: Case, tmp_path: Path) -> None:
    kit = tmp_path / "kit.zip"
    write_kit(gather(case, QUIET), kit, QUIET, 200_000)
    members = _members(kit, "w3wp")
    (twin,) = [name for name, data in members.items() if data == SLIM]
    assert "/7/" in twin
    assert twin.endswith(".dmp")
    assert DATA not in members.values()
    (reference,) = [json.loads(data) for name, data in members.items() if name.endswith("/w3wp.dmp.ref.json")]
    assert twin in reference["how_to_ask"]
    assert len({name.lower() for name in members}) == len(members) == 3
    assert verify(kit, observer=QUIET).problems == ()


def test_neither_fits(case: Case, tmp_path: Path) -> None:
    kit = tmp_path / "kit.zip"
    write_kit(gather(case, QUIET), kit, QUIET, 40_000)
    members = _members(kit, "w3wp")
    assert SLIM not in members.values()
    (reference,) = [json.loads(data) for name, data in members.items() if name.endswith("/w3wp.dmp.ref.json")]
    assert "slim" not in reference["how_to_ask"]
    assert verify(kit, observer=QUIET).problems == ()


def test_a_zip_that_has_the_dump_needs_no_twin(case: Case, tmp_path: Path) -> None:
    for write, name in ((write_kit, "kit.zip"), (write_full, "full.zip")):
        write(gather(case, QUIET), tmp_path / name, QUIET)
        members = _members(tmp_path / name, "w3wp")
        assert DATA in members.values()
        assert SLIM not in members.values()
        assert verify(tmp_path / name, observer=QUIET).problems == ()


def test_a_twin_that_was_changed_refuses_all_and_a_missing_one_nothing(case: Case) -> None:
    case.path(Room.REDACTED, TWIN).write_bytes(SLIM[:-1] + b"?")
    with pytest.raises(RedactionRefused, match="changed since it was redacted"):
        gather(case, QUIET)
    case.path(Room.REDACTED, TWIN).unlink()
    contents = gather(case, QUIET)
    assert [piece.item.path for piece in contents.pieces if piece.item.path == DUMP and piece.slim is None] == [DUMP]


def test_the_document_says_where_the_twin_stands(case: Case) -> None:
    items = case.read(RedactionDocument).items
    assert [item.slim.path for item in items if isinstance(item, Sealed) and item.slim] == [TWIN]
