"""Archives inside of a bundle: nothing hides in them, and none of them does harm."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import py7zr
import pytest
import zstandard

from escalate.bundle import stage
from escalate.bundle.limits import Limits
from escalate.bundle.nested import Findings, walk
from escalate.bundle.second_engine import Hit, SecondEngine
from escalate.model.observer import QuietObserver
from tests.bundle.test_verify import SECRET, SMUGGLED, _patched, _problems, _rewritten, _verify, _zip, _zip_bytes
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import fill


@pytest.fixture
def bundle(make_case: CaseMaker) -> Path:
    case = make_case()
    fill(case)
    stage.run(case, QuietObserver())
    return case.root / "bundle" / f"{case.document.id}-full.zip"


def _tar_bytes(name: str, data: bytes, mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as target:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        target.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _seven_zip(contents: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as target:
        for name, data in contents.items():
            target.writestr(data, name)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("gzip", gzip.compress(SECRET)),
        ("two gzips in a row", gzip.compress(b"nothing\n") + gzip.compress(SECRET)),
        ("bzip2", bz2.compress(SECRET)),
        ("xz", lzma.compress(SECRET)),
        ("zip", _zip_bytes({"a.log": SECRET})),
        ("tar", _tar_bytes("a.log", SECRET)),
        ("tar.gz", _tar_bytes("a.log", SECRET, "w:gz")),
        ("gzip in zip", _zip_bytes({"a.log.gz": gzip.compress(SECRET)})),
        ("zip in tar.gz in gzip", gzip.compress(_tar_bytes("b.zip", _zip_bytes({"a": SECRET}), "w:gz"))),
        ("7z", _seven_zip({"a.log": SECRET})),
        ("second file of a 7z", _seven_zip({"a.log": b"nothing\n" * 1000, "b/c.log": SECRET})),
        ("name in a 7z", _seven_zip({"password=hunter2x.log": b""})),
        ("gzip in 7z in tar", _tar_bytes("b.7z", _seven_zip({"a.gz": gzip.compress(SECRET)}))),
        ("zstd", zstandard.compress(SECRET)),
        ("two zstd frames", zstandard.compress(b"nothing\n") + zstandard.compress(SECRET)),
        ("zstd behind a frame to skip", b"\x50\x2a\x4d\x18\x04\0\0\0skip" + zstandard.compress(SECRET)),
        ("tar.zst", zstandard.compress(_tar_bytes("a.log", SECRET))),
        ("name in a zip", _zip_bytes({"password=hunter2x.log": b""})),
        ("name in a tar", _tar_bytes("password=hunter2x.log", b"")),
        ("long name in a tar", _tar_bytes("d/" * 80 + "password=hunter2x.log", b"")),
    ],
)
def test_a_secret_is_found_in_archives_inside_of_archives(bundle: Path, name: str, data: bytes) -> None:
    changed = _rewritten(bundle, lambda contents: contents.update({SMUGGLED: data}))
    secrets = _problems(changed, "secret")
    assert secrets
    assert all(problem.member.startswith(SMUGGLED) for problem in secrets)
    assert all("hunter2" not in problem.member for problem in secrets)


def test_a_known_value_is_found_in_a_gzip_in_a_zip(bundle: Path) -> None:
    data = _zip_bytes({"a.log.gz": gzip.compress(b"one\ntwo horse-staple three\n")})
    changed = _rewritten(bundle, lambda contents: contents.update({SMUGGLED: data}))
    [problem] = _problems(changed, "known value", (b"horse-staple",))
    assert problem.member == f"{SMUGGLED} > a.log.gz > unpacked"
    assert problem.line == 2


@pytest.mark.parametrize("pack", [zstandard.compress, lambda data: _seven_zip({"zeros": data})])
def test_a_bomb_in_another_format_is_stopped(bundle: Path, pack: Callable[[bytes], bytes]) -> None:
    changed = _rewritten(bundle, lambda contents: contents.update({SMUGGLED: pack(b"\0" * 60_000_000)}))
    result = _verify(changed, limits=Limits(free=1 << 20))
    assert any("times its size" in problem.detail for problem in result.problems)
    assert result.bytes_scanned < 40_000_000


def test_a_damaged_7z_or_zstd_is_a_problem_and_no_traceback(bundle: Path) -> None:
    framed = zstandard.ZstdCompressor(write_checksum=True).compress(SECRET * 20)
    for data in (_seven_zip({"a.log": SECRET * 20, "b": b"x"}), framed):
        for at in (*range(6, 40), *range(len(data) - 60, len(data))):
            for broken in (data[:at], data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]):
                changed = _zip(bundle.with_name("x.zip"), {SMUGGLED: broken})
                assert [problem for problem in _verify(changed).problems if problem.check in ("nested", "secret")]


@pytest.mark.system
def test_a_7z_that_cannot_be_unpacked_in_bounded_memory_is_a_problem(bundle: Path, tmp_path: Path) -> None:
    if shutil.which("7z") is None:
        pytest.skip("needs 7z")
    (tmp_path / "a.log").write_bytes(SECRET)
    for options in (["-m0=ppmd"], ["-pword"], ["-pword", "-mhe"]):
        place = tmp_path / f"{'-'.join(options)}.7z"
        subprocess.run(["7z", "a", *options, place, tmp_path / "a.log"], check=True, capture_output=True)
        packed = place.read_bytes()
        changed = _rewritten(bundle, lambda contents, data=packed: contents.update({SMUGGLED: data}))
        assert [problem.member for problem in _problems(changed, "nested")] == [SMUGGLED]


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(bytes(range(256)) * 400)[:-40],
        _zip_bytes({"a": b"x" * 5000})[:-30],
        _tar_bytes("a", b"x" * 5000)[:2000],
        _tar_bytes("a", b"x")[:512] + b"garbage" * 100,
        b"7z\xbc\xaf\x27\x1c" + b"x" * 600,
        bz2.compress(b"x" * 1000)[:-10],
    ],
)
def test_an_archive_that_cannot_be_looked_into_is_a_problem(bundle: Path, data: bytes) -> None:
    changed = _rewritten(bundle, lambda contents: contents.update({SMUGGLED: data}))
    assert any(problem.member.startswith(SMUGGLED) for problem in _problems(changed, "nested"))


def test_a_secret_that_hides_behind_a_declared_size_in_an_archive_inside_is_found(bundle: Path, tmp_path: Path) -> None:
    inner = _patched(
        _zip(tmp_path / "inner.zip", {"a.log": b"harmless\n" + SECRET}),
        "a.log",
        size=9,
        crc32=zlib.crc32(b"harmless\n"),
    )
    changed = _rewritten(bundle, lambda contents: contents.update({SMUGGLED: inner.read_bytes()}))
    assert _problems(changed, "nested")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, lambda data: _zip_bytes({"a.bin": data})])
def test_only_what_is_unpacked_and_what_stands_around_it_is_searched(pack: Callable[[bytes], bytes]) -> None:
    """A search that finds its mark in packed bytes finds it in any archive that is large enough."""
    data = pack(random.Random(3).randbytes(20_000).hex().encode())
    engine = SecondEngine((data[5_000:5_020],))
    found = Findings(Limits(), engine)
    walk(io.BytesIO(data), "x", 0, found, lambda _: None)
    assert [problem.check for problem in found.problems] == ["known value"]  # exact values are never chance

    class Everywhere(SecondEngine):
        def find(self, buffer: bytes, start: int, end: int) -> Iterator[Hit]:
            at = buffer.find(data[5_000:5_020], start, end)
            if at >= 0:
                yield Hit("a pattern", at)

    found = Findings(Limits(), Everywhere())
    walk(io.BytesIO(data), "x", 0, found, lambda _: None)
    assert found.problems == []
    after = Findings(Limits(), SecondEngine())
    walk(io.BytesIO(data + SECRET), "x", 0, after, lambda _: None)
    assert "secret" in {problem.check for problem in after.problems}
