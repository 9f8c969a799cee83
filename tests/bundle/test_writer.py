"""The zip writer: what goes in comes out, and nothing half-made stays."""

from __future__ import annotations

import hashlib
import io
import random
import shutil
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from isal import isal_zlib

from escalate.bundle.deflate import END
from escalate.bundle.members import Member, PackedForm, of_bytes, of_file, packed_form
from escalate.bundle.names import fold, portable
from escalate.bundle.writer import IN_MEMORY, Written, write_zip
from escalate.case.packed import PackingSink
from escalate.errors import RedactionRefused
from escalate.model.observer import QuietObserver

NOW = datetime(2026, 4, 4, 5, 58, 45, tzinfo=UTC)


def _write(members: Sequence[Member], destination: Path, created_at: datetime = NOW) -> Written:
    with QuietObserver().task("x") as task:
        return write_zip(members, destination, created_at=created_at, task=task)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.text(min_size=1, max_size=60).map(portable), st.binary(max_size=5_000), max_size=20))
def test_names_sizes_and_contents_come_back(contents: dict[str, bytes]) -> None:
    unique = {fold(name): (name, data) for name, data in contents.items() if "/" not in name}
    members = [of_bytes(name, "evidence", data) for name, data in unique.values()]
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, "a.zip"), Path(folder, "b.zip")
        written = _write(members, first)
        _write(members, second)
        data = first.read_bytes()
        assert data == second.read_bytes()
        assert (written.size, written.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert [(info.filename, info.file_size) for info in archive.infolist()] == [(m.name, m.size) for m in members]
        assert all(archive.read(name) == content for name, content in unique.values())
        assert {info.date_time for info in archive.infolist()} <= {(2026, 4, 4, 5, 58, 44)}
        assert all(b"\x01\x00" not in info.extra for info in archive.infolist())  # no zip64 where none is needed


def test_a_file_is_streamed_and_compressed(tmp_path: Path) -> None:
    source = tmp_path / "a.log"
    source.write_bytes(b"the same line again\n" * 200_000)
    data = source.read_bytes()
    member = Member("30-logs/a.log", "evidence", source, len(data), hashlib.sha256(data).hexdigest())
    written = _write([member], tmp_path / "a.zip")
    assert written.size < len(data) // 50
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("30-logs/a.log") == data


@pytest.mark.parametrize("change", [b"shorter", b"longer than it was sealed", b"other-bytes"])
def test_a_file_that_is_not_what_was_sealed_leaves_no_zip(tmp_path: Path, change: bytes) -> None:
    source = tmp_path / "a.log"
    source.write_bytes(change)
    sealed = b"sealed-data"
    member = Member("a.log", "evidence", source, len(sealed), hashlib.sha256(sealed).hexdigest())
    with pytest.raises(RedactionRefused, match="changed"):
        _write([of_bytes("first", "meta", b"x"), member, of_bytes("last", "meta", b"x")], tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_a_list_of_members_that_breaks_off_leaves_no_zip(tmp_path: Path) -> None:
    def broken() -> Iterator[Member]:
        yield of_bytes("first", "meta", b"x")
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"), QuietObserver().task("x") as task:
        write_zip(broken(), tmp_path / "a.zip", created_at=NOW, task=task)
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize("names", [["../a"], ["/a"], ["a", "A"], ["a", "a"], ["con"], ["a/"]])
def test_a_name_that_may_not_be_is_refused(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(ValueError):
        _write([of_bytes(name, "meta", b"x") for name in names], tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_a_time_before_the_zip_epoch_becomes_the_epoch(tmp_path: Path) -> None:
    _write([of_bytes("a", "meta", b"x")], tmp_path / "a.zip", datetime(1970, 1, 1, tzinfo=UTC))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.getinfo("a").date_time == (1980, 1, 1, 0, 0, 0)


def _packed(place: Path, data: bytes) -> Member:
    with place.open("wb") as out:
        sink = PackingSink(out)
        sink.write(data)
        sha256, packed = sink.finish()
    form = packed_form(place, len(data), sha256, lambda _: None)
    assert form is not None
    assert (form.size, form.crc32) == (packed.size, packed.crc32)
    return Member("40-process/core", "evidence", place, len(data), sha256, packed=form)


def test_a_packed_file_is_copied_as_it_is(tmp_path: Path) -> None:
    data = b"".join(b"line %d\n" % number for number in range(300_000))
    member = _packed(tmp_path / "core.deflate", data)
    _write([of_bytes("a", "meta", b"x"), member], tmp_path / "a.zip")
    assert (tmp_path / "core.deflate").read_bytes() in (tmp_path / "a.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert archive.read(member.name) == data
        assert all(info.flag_bits & 8 == 0 for info in archive.infolist())


@pytest.mark.parametrize("where", [0, 100, -1])
def test_a_packed_file_that_changed_after_it_was_checked_leaves_no_zip(tmp_path: Path, where: int) -> None:
    place = tmp_path / "core.deflate"
    member = _packed(place, random.Random(1).randbytes(50_000))
    data = bytearray(place.read_bytes())
    data[where] ^= 1
    place.write_bytes(data)
    with pytest.raises(RedactionRefused, match="changed"):
        _write([member], tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=20_000), st.integers(0, 1 << 20), st.binary(min_size=1, max_size=4))
def test_a_packed_file_that_is_not_what_was_sealed_has_no_form(data: bytes, at: int, change: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "x.deflate")
        _packed(place, data)
        sha256, packed = hashlib.sha256(data).hexdigest(), place.read_bytes()
        at %= len(packed)
        for broken in (packed[:at], packed + change, packed[:at] + change + packed[at:]):
            place.write_bytes(broken)
            form = packed_form(place, len(data), sha256, lambda _: None)
            assert form is None or form.sha256 == hashlib.sha256(broken).hexdigest()
            assert broken != packed + change or form is None


def test_the_number_of_threads_does_not_show(tmp_path: Path) -> None:
    source = tmp_path / "big.log"
    source.write_bytes(random.Random(2).randbytes(1_300_000) + b"the same line again\n" * 1_500_000)
    data = source.read_bytes()
    assert len(data) > IN_MEMORY
    members = [Member("big.log", "evidence", source, len(data), hashlib.sha256(data).hexdigest())]
    members.append(of_bytes("small", "meta", data[:3_000_000]))
    for threads in (1, 2, 5):
        with QuietObserver().task("x") as task:
            write_zip(members, tmp_path / f"{threads}.zip", created_at=NOW, task=task, threads=threads)
    assert len({(tmp_path / f"{threads}.zip").read_bytes() for threads in (1, 2, 5)}) == 1
    with zipfile.ZipFile(tmp_path / "5.zip") as archive:
        assert archive.testzip() is None
        assert [info.flag_bits & 8 for info in archive.infolist()] == [8, 0]  # only of the big one sizes follow


@pytest.mark.system
@pytest.mark.parametrize("command", [["unzip", "-tq"], ["7z", "t"], ["zipinfo"]])
def test_other_programs_accept_it(tmp_path: Path, command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    noise = random.Random(5).randbytes(3_000_000)
    large = tmp_path / "large"
    large.write_bytes(noise * 6)
    members = [
        of_bytes("größe/日本.bin", "evidence", noise),
        _packed(tmp_path / "x.deflate", noise),
        of_file("large", "evidence", large),
        of_bytes("empty", "meta", b""),
    ]
    _write(members, tmp_path / "a.zip")
    subprocess.run([*command, str(tmp_path / "a.zip")], check=True, capture_output=True)


@pytest.mark.system
@pytest.mark.parametrize("command", [["unzip", "-tqq"], ["7z", "t", "-bso0", "-bsp0"], ["bsdtar", "-tf"]])
def test_more_members_than_a_short_directory_can_count(many: Path, command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    said = subprocess.run([*command, str(many)], check=True, capture_output=True).stdout
    assert command[0] != "bsdtar" or len(said.splitlines()) == MANY


MANY = 65_600


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("many") / "many.zip"
    _write([of_bytes(f"a/{number}", "meta", b"x") for number in range(MANY)], place)
    return place


def test_a_member_of_more_than_four_gigabytes_says_its_size_everywhere(tmp_path: Path) -> None:
    """Zeros deflate block by block to the same bytes: nothing has to be packed, and 4 MB stand for 4.3 GB."""
    zeros, number = bytes(1 << 20), 4_200
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = engine.compress(zeros) + engine.flush(zlib.Z_FULL_FLUSH)
    packed, size = block * number + END, number << 20
    crc32 = 0
    for _ in range(number):
        crc32 = isal_zlib.crc32(zeros, crc32)
    place = tmp_path / "core.deflate"
    place.write_bytes(packed)
    form = PackedForm(len(packed), hashlib.sha256(packed).hexdigest(), crc32)
    core = Member("a/core", "evidence", place, size, "0" * 64, packed=form)
    _write([core, of_bytes("b", "meta", b"after")], tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.getinfo("a/core").file_size == size > 1 << 32
        assert archive.read("b") == b"after"
    for command in (["zipinfo", "-l"], ["7z", "l"], ["bsdtar", "-tvf"]):
        if shutil.which(command[0]) is None:
            continue
        said = subprocess.run([*command, str(tmp_path / "a.zip")], check=True, capture_output=True, text=True).stdout
        assert str(size) in said
