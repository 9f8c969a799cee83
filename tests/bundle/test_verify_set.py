"""`verify` on the receiving side: parts, all or some; age files; the list of sums that came along."""

from __future__ import annotations

import hashlib
import json
import random
import zipfile
from pathlib import Path

import pyrage
import pytest

from escalate.bundle import other_readers, stage
from escalate.bundle.verify import verify
from escalate.bundle.verify_set import verify_all
from escalate.bundle.wishes import BundleWishes
from escalate.case import custody
from escalate.case.store import Case
from escalate.errors import ConfigError
from escalate.model.observer import QuietObserver
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import DEFAULT_FILES, File, fill

QUIET = QuietObserver()


@pytest.fixture
def case(make_case: CaseMaker) -> Case:
    noise, case = random.Random(31), make_case()
    fill(case, [*DEFAULT_FILES, *(File(f"n/{number}.bin", noise.randbytes(100_000)) for number in range(5))])
    custody.record(case, "sealed", "redaction.json")
    return case


def _problems(*archives: Path, identity: Path | None = None) -> list[str]:
    found = verify_all(archives, known=(), identity=identity, observer=QUIET)
    return [problem.detail for each in (found, *found.archives) for problem in each.problems]


def _parts(case: Case) -> list[Path]:
    made = stage.run(case, QUIET, (), BundleWishes(split=250_000))
    return [case.root / bundle.path for bundle in made.bundles if bundle.part]


def test_all_parts_of_a_split_bundle_belong_together(case: Case) -> None:
    parts = _parts(case)
    assert len(parts) >= 3
    assert _problems(*parts) == []
    assert _problems(parts[1]) == []  # one alone is sound, too


def test_a_part_that_did_not_come_is_named(case: Case) -> None:
    parts = _parts(case)
    (said,) = _problems(parts[0], *parts[2:])
    assert said.endswith("these are not here: 2")
    assert any("there twice" in said for said in _problems(*parts, parts[0]))


def test_a_file_that_is_not_what_the_sums_beside_it_say_is_found(case: Case) -> None:
    kit = case.root / stage.run(case, QUIET).bundles[0].path
    assert _problems(kit) == []
    sums = kit.with_name("SHA256SUMS")
    sums.write_text(f"{hashlib.sha256(b'another').hexdigest()}  {kit.name}\n")
    assert _problems(kit) == ["not the bytes that the SHA256SUMS beside it declares"]


def test_an_age_file_is_opened_with_the_key_of_its_reader(case: Case, tmp_path: Path) -> None:
    reader = pyrage.x25519.Identity.generate()
    made = stage.run(case, QUIET, (), BundleWishes(encrypt_to=(str(reader.to_public()),)))
    key = tmp_path / "key.txt"
    key.write_text(str(reader))
    kit = case.root / made.encrypted[0].path
    result = verify_all([kit], known=(), identity=key, observer=QUIET).archives[0]
    assert (result.sha256, result.problems) == (made.bundles[0].sha256, ())
    with pytest.raises(ConfigError, match="is encrypted") as refused:
        _problems(kit)
    assert "--identity" in refused.value.hint
    key.write_text(str(pyrage.x25519.Identity.generate()))
    with pytest.raises(ConfigError, match="cannot be decrypted"):
        _problems(kit, identity=key)
    cut_off = tmp_path / "cut.zip.age"
    cut_off.write_bytes(kit.read_bytes()[:-100])
    key.write_text(str(reader))
    with pytest.raises(ConfigError, match="cannot be decrypted"):
        _problems(cut_off, identity=key)


def _rewritten(archive: Path, name: str, data: bytes) -> Path:
    with zipfile.ZipFile(archive) as source:
        contents = {each: source.read(each) for each in source.namelist()}
    contents[name] = data
    place = archive.with_name("changed.zip")
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as target:
        for each, content in contents.items():
            target.writestr(each, content)
    return place


def test_a_chain_of_custody_that_was_edited_is_found(case: Case) -> None:
    custody.record(case, "collected", "evidence.json")
    custody.record(case, "sealed", "redaction.json")
    kit = case.root / stage.run(case, QUIET).bundles[0].path
    with zipfile.ZipFile(kit) as archive:
        lines = archive.read("90-meta/custody.jsonl").splitlines(keepends=True)
    assert len(lines) == 3
    assert any(
        "chain is broken" in said for said in _problems(_rewritten(kit, "90-meta/custody.jsonl", lines[0] + lines[2]))
    )
    entry = json.loads(lines[1]) | {"subject": "another.json"}
    edited = lines[0] + json.dumps(entry).encode() + b"\n" + lines[2]
    assert any("entry 2 was edited" in said for said in _problems(_rewritten(kit, "90-meta/custody.jsonl", edited)))
    assert any("no entry" in said for said in _problems(_rewritten(kit, "90-meta/custody.jsonl", b"nonsense\n")))


@pytest.mark.system
def test_other_programs_are_asked_and_told_of(case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kit = case.root / stage.run(case, QUIET).bundles[0].path
    (said,) = [check for check in verify(kit, observer=QUIET).checks if check.startswith("other readers: ")]
    assert all(name in said for name in ("unzip", "7z", "bsdtar"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert other_readers.ask(kit, 10)[0] == "asked none; not installed: unzip, 7z, bsdtar"
    broken = tmp_path / "unzip"
    broken.write_text("#!/bin/sh\nexit 9\n")
    broken.chmod(0o700)
    assert other_readers.ask(kit, 10)[1] == ("unzip does not read it to its end (exit code 9)",)
    assert other_readers.ask(kit, 10 << 30)[0].startswith("not asked")


def test_nobody_else_is_asked_about_a_zip_that_is_not_sound(tmp_path: Path) -> None:
    place = tmp_path / "hostile.zip"
    with zipfile.ZipFile(place, "w") as target:
        target.writestr("../outside", b"x")
    assert "other readers: not asked, the zip is not sound" in verify(place, observer=QUIET).checks
