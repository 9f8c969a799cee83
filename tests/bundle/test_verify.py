"""`verify` on bundles that were tampered with, and on files that are no bundles."""

from __future__ import annotations

import gzip
import io
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from escalate.bundle import places, stage
from escalate.bundle.canaries import missed, new_marker
from escalate.bundle.limits import Limits
from escalate.bundle.second_engine import SecondEngine
from escalate.bundle.verify import WHOLE, verify
from escalate.bundle.zip_member import ZipMember
from escalate.errors import TargetError
from escalate.model.manifest import Problem, VerificationDocument
from escalate.model.observer import QuietObserver
from tests.bundle.test_second_engine import SECRETS
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import LOG_PATH, WORKER, fill

LOG_MEMBER = f"30-logs/{WORKER}/{LOG_PATH}"
SMUGGLED = f"30-logs/{WORKER}/more.log"
SECRET = b"x AccountKey=Zm9vYmFyYmF6MTIzNDU2Nzg5MA==;y\n"


@pytest.fixture
def bundle(make_case: CaseMaker) -> Path:
    case = make_case()
    fill(case)
    stage.run(case, QuietObserver())
    return case.root / "bundle" / f"{case.document.id}-full.zip"


def _verify(archive: Path, known: tuple[bytes, ...] = (), limits: Limits | None = None) -> VerificationDocument:
    return verify(archive, known=known, observer=QuietObserver(), limits=limits)


def _problems(archive: Path, check: str, known: tuple[bytes, ...] = ()) -> list[Problem]:
    return [problem for problem in _verify(archive, known).problems if problem.check == check]


def _rewritten(archive: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    with zipfile.ZipFile(archive) as source:
        contents = {name: source.read(name) for name in source.namelist()}
    change(contents)
    return _zip(archive.with_name("changed.zip"), contents)


def _zip(place: Path, contents: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in contents.items():
            target.writestr(name, data)
    return place


def _zip_bytes(contents: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in contents.items():
            target.writestr(name, data)
    return out.getvalue()


def test_a_bundle_of_ours_is_clean_and_says_what_was_looked_for(bundle: Path) -> None:
    result = _verify(bundle, (b"some-known-value",))
    assert result.problems == ()
    assert result.members > 15
    assert any("1 of 1" in check for check in result.checks)


@pytest.mark.parametrize("family", SECRETS)
def test_a_secret_smuggled_in_by_hand_is_found_and_not_repeated(bundle: Path, family: str) -> None:
    text = f"first\n{SECRETS[family]}\n".encode()
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr(SMUGGLED, text, zipfile.ZIP_DEFLATED)
    result = _verify(bundle)
    secrets = [problem for problem in result.problems if problem.check == "secret"]
    assert secrets
    assert secrets[0].member == SMUGGLED
    assert secrets[0].line is not None
    assert secrets[0].line >= 2
    assert any(problem.check == "hash" and "added later" in problem.detail for problem in result.problems)
    for line in SECRETS[family].splitlines():
        assert len(line) < 10 or line not in result.model_dump_json()


def test_a_secret_in_the_comment_of_the_zip_is_found(bundle: Path) -> None:
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.comment = b"DB_PASSWORD=hunter2x"
    assert [problem.member for problem in _problems(bundle, "secret")] == [WHOLE]


def test_a_secret_in_a_member_name_is_found_and_the_name_is_not_shown(bundle: Path) -> None:
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr(f"30-logs/{WORKER}/password=hunter2x.log", b"")
    result = _verify(bundle)
    assert "in the name" in next(problem.detail for problem in result.problems if problem.check == "secret")
    assert "hunter2" not in result.model_dump_json()


def test_a_changed_member_is_found_by_both_lists_of_hashes(bundle: Path) -> None:
    changed = _rewritten(bundle, lambda contents: contents.update({LOG_MEMBER: contents[LOG_MEMBER] + b"more\n"}))
    details = [problem.detail for problem in _problems(changed, "hash") if problem.member == LOG_MEMBER]
    assert any("the manifest" in detail for detail in details)
    assert any("SHA256SUMS" in detail for detail in details)


def test_a_missing_member_is_found(bundle: Path) -> None:
    changed = _rewritten(bundle, lambda contents: contents.pop(LOG_MEMBER))
    assert {problem.member for problem in _problems(changed, "hash")} == {LOG_MEMBER}


def test_a_missing_reference_is_found(bundle: Path) -> None:
    def drop(contents: dict[str, bytes]) -> None:
        del contents[next(name for name in contents if name.endswith(".ref.json"))]

    assert any("not" in problem.detail for problem in _problems(_rewritten(bundle, drop), "layout"))


@pytest.mark.parametrize("name", [places.MANIFEST, places.FINDINGS, places.GAPS, places.SUMMARY, places.QUESTIONS])
@pytest.mark.parametrize("data", [b"{}", b"not json", b"[" * 200_000])
def test_a_document_that_does_not_fit_its_schema_is_found(bundle: Path, name: str, data: bytes) -> None:
    changed = _rewritten(bundle, lambda contents: contents.update({name: data}))
    assert name in {problem.member for problem in _problems(changed, "schema")}


def test_a_member_outside_of_the_layout_is_found(bundle: Path) -> None:
    changed = _rewritten(bundle, lambda contents: contents.update({"setup.ps1": b"echo\n"}))
    assert [problem.member for problem in _problems(changed, "layout")] == ["setup.ps1"]


@pytest.mark.parametrize(
    "name", ["../up.log", "/abs.log", "C:/drive.log", "a/aux.txt", "a/b:c", f"{LOG_MEMBER.upper()}", "a/trailing."]
)
def test_a_name_that_some_system_refuses_is_found(bundle: Path, name: str) -> None:
    changed = _rewritten(bundle, lambda contents: contents.update({name: b"x"}))
    assert _problems(changed, "portability")


def test_links_encrypted_members_and_twins_are_found(bundle: Path) -> None:
    link = zipfile.ZipInfo("30-logs/w/link")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr(link, "/etc/passwd")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(LOG_MEMBER, b"x")
        archive.writestr("30-logs/w/locked", b"x")
    data = bytearray(bundle.read_bytes())
    at = data.rindex(b"30-logs/w/locked") - 46 + 8
    data[at] |= 1
    bundle.write_bytes(data)
    details = " ".join(problem.detail for problem in _problems(bundle, "portability"))
    assert "link" in details
    assert "twice" in details
    assert "encrypted" in details


@pytest.mark.parametrize(
    "data", [b"", b"<html><body>Sign in</body></html>", b"PK\x03\x04", b"\x00" * 5000, b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_no_zip_is_a_problem_and_no_traceback(tmp_path: Path, data: bytes) -> None:
    place = tmp_path / "page.zip"
    place.write_bytes(data)
    result = _verify(place)
    assert [problem.check for problem in result.problems] == ["archive"]
    assert result.members == 0


def test_every_truncation_of_a_bundle_is_a_problem(bundle: Path) -> None:
    data = bundle.read_bytes()
    for part in range(1, 20):
        bundle.write_bytes(data[: len(data) * part // 20])
        assert _problems(bundle, "archive")


def test_every_flipped_byte_is_a_problem_or_harmless_but_never_a_traceback(bundle: Path) -> None:
    data = bundle.read_bytes()
    step = len(data) // 60
    for at in range(0, len(data), step):
        bundle.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        _verify(bundle)
    bundle.write_bytes(data.replace(b"30-logs", b"30-lugs", 1))
    assert _problems(bundle, "archive")


def test_a_zip_that_is_not_ours_is_scanned_all_the_same(tmp_path: Path) -> None:
    result = _verify(_zip(tmp_path / "x.zip", {"notes.txt": SECRET}))
    checks = {problem.check for problem in result.problems}
    assert checks == {"layout", "secret"}


def test_a_bomb_in_a_bundle_is_stopped(bundle: Path) -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * 60_000_000))
    changed = _rewritten(bundle, lambda contents: contents.update({SMUGGLED: bomb}))
    result = _verify(changed, limits=Limits(free=1 << 20))
    [problem] = [problem for problem in result.problems if problem.check == "nested"]
    assert "times its size" in problem.detail
    assert result.bytes_scanned < 20_000_000


def test_a_zip_that_is_a_bomb_itself_is_not_read(tmp_path: Path) -> None:
    result = _verify(_zip(tmp_path / "x.zip", {"zeros": b"\0" * 40_000_000}), limits=Limits(whole=1 << 20))
    assert any(problem.check == "archive" and "not read" in problem.detail for problem in result.problems)
    assert result.bytes_scanned < 1_000_000


def test_members_that_share_their_bytes_are_not_read(tmp_path: Path) -> None:
    place = _zip(tmp_path / "x.zip", {"a": b"x" * 1000, "b": b"y" * 1000})
    data = bytearray(place.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, second + 42, 0)
    place.write_bytes(data)
    assert any("overlap" in problem.detail for problem in _problems(place, "archive"))


def test_archives_nested_too_deep_are_a_problem(bundle: Path) -> None:
    data = b"x"
    for _ in range(7):
        data = _zip_bytes({"a.zip": data})
    changed = _rewritten(bundle, lambda contents: contents.update({SMUGGLED: data}))
    assert any("deeper than 5" in problem.detail for problem in _problems(changed, "nested"))


def test_a_directory_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    place = _zip(tmp_path / "x.zip", {f"30-logs/w/{number}": b"" for number in range(50)})
    result = _verify(place, limits=Limits(members=10))
    assert [problem.detail for problem in result.problems] == ["declares 50 members: not read"]


def test_a_file_that_cannot_be_read_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(TargetError):
        _verify(tmp_path / "nowhere.zip")


def test_sums_of_the_zip_are_what_sha256sum_reads(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        lines = archive.read(places.SUMS).decode().splitlines()
        entries = json.loads(archive.read(places.MANIFEST))["entries"]
        names = set(archive.namelist())
    assert {line.split("  ", 1)[1] for line in lines} == names - {places.SUMS}
    assert {entry["path"] for entry in entries} == names - {places.SUMS, places.MANIFEST}


def _patched(archive: Path, name: str, *, size: int, crc32: int) -> Path:
    """The same zip, with another size and CRC declared for one member, in its header and in the directory."""
    with zipfile.ZipFile(archive) as source:
        info = source.getinfo(name)
    data = bytearray(archive.read_bytes())
    struct.pack_into("<II", data, info.header_offset + 14, crc32, info.compress_size)
    struct.pack_into("<I", data, info.header_offset + 22, size)
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(name.encode()))
    struct.pack_into("<III", data, at + 16, crc32, info.compress_size, size)
    place = archive.with_name("lying.zip")
    place.write_bytes(data)
    return place


def test_what_hides_behind_a_declared_size_is_found(tmp_path: Path) -> None:
    """The standard library stops at the declared size; other programs unpack the rest, with the secret in it."""
    place = _zip(tmp_path / "a.zip", {SMUGGLED: b"harmless\n" + SECRET})
    lying = _patched(place, SMUGGLED, size=9, crc32=zlib.crc32(b"harmless\n"))
    with zipfile.ZipFile(lying) as archive:
        assert archive.read(SMUGGLED) == b"harmless\n"
    assert "archive" in {problem.check for problem in _verify(lying).problems if problem.member == SMUGGLED}


@pytest.mark.parametrize("size", [0, 3, 10_000, (1 << 32) - 2])
def test_a_declared_size_that_lies_is_a_problem(tmp_path: Path, size: int) -> None:
    place = _zip(tmp_path / "a.zip", {SMUGGLED: b"harmless\n"})
    lying = _patched(place, SMUGGLED, size=size, crc32=zlib.crc32(b"harmless\n"))
    assert {problem.check for problem in _verify(lying).problems} >= {"archive"}


def test_a_name_in_the_header_that_is_not_the_one_of_the_directory_is_found(tmp_path: Path) -> None:
    place = _zip(tmp_path / "a.zip", {SMUGGLED: b"harmless\n"})
    other = SMUGGLED.replace("more.log", "evil.log").encode()
    place.write_bytes(place.read_bytes().replace(SMUGGLED.encode(), other, 1))
    assert "archive" in {problem.check for problem in _verify(place).problems if problem.member == SMUGGLED}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("data", [b"", b"x", b"line\n" * 500_000])
def test_a_sound_member_is_read_as_the_standard_library_reads_it(tmp_path: Path, method: int, data: bytes) -> None:
    place = tmp_path / "a.zip"
    with zipfile.ZipFile(place, "w", method) as target:
        target.writestr("größe/日本.log", data)
    with place.open("rb") as file, zipfile.ZipFile(place) as archive:
        member = ZipMember(file, archive.infolist()[0])
        assert b"".join(iter(lambda: member.read(1 << 16), b"")) == data


def test_the_verifier_finds_what_is_planted_before_it() -> None:
    for _ in range(40):
        marker = new_marker()
        assert missed(SecondEngine((marker,)), marker) == (15, ())


def test_a_verifier_that_misses_a_canary_proves_nothing(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SecondEngine, "find", lambda *_: iter(()))
    said = {problem.detail for problem in _verify(bundle).problems}
    assert "the verifier missed a planted password, in gzip: it proves nothing" in said


def test_a_member_that_the_directory_does_not_list_is_found(bundle: Path) -> None:
    """Programs that read from the start of a zip unpack it; the directory knows nothing of it."""
    with zipfile.ZipFile(bundle) as archive:
        start = archive.start_dir
    data = bundle.read_bytes()
    hidden = _zip_bytes({"hidden.log": SECRET})
    entry = hidden[: hidden.rindex(b"PK\x01\x02")]
    end = bytearray(data[start:])
    struct.pack_into("<I", end, len(end) - 6, start + len(entry))
    changed = bundle.with_name("changed.zip")
    changed.write_bytes(data[:start] + entry + bytes(end))
    with zipfile.ZipFile(changed) as archive:
        assert "hidden.log" not in archive.namelist()
    assert any("belong to no member" in problem.detail for problem in _problems(changed, "archive"))


def test_bytes_before_the_first_member_are_found(bundle: Path) -> None:
    changed = bundle.with_name("changed.zip")
    changed.write_bytes(b"#!/bin/sh\n" + bundle.read_bytes())
    assert any("belong to no member" in problem.detail for problem in _problems(changed, "archive"))
