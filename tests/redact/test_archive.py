"""Archives of real programs, in each other: secrets go at every depth, all else is built again as it was."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import shutil
import sqlite3
import stat
import struct
import subprocess
import tarfile
import zipfile

import py7zr
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.case.layout import Room
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.redaction import Sealed
from escalate.redact import stage
from escalate.redact.engine import Engine
from escalate.redact.handlers.archive import HANDLER, ArchiveHandler
from escalate.redact.handlers.archive_limits import Limits
from escalate.redact.handlers.archive_names import Names, inside_name
from escalate.redact.handlers.registry import CannotRedact, handler_of
from escalate.redact.rules import EngineInputs
from tests.redact.test_evtx import log as event_log

SECRET = "Hunter2-Sup3rSecret"
LINE = f"2026-04-04 10:00:00 connected with password={SECRET} to the shop\n".encode()
LOG = LINE * 20
CLEAN = b"2026-04-04 10:00:00 fine\n"
BINARY = bytes(range(256)) * 8
STAMP = 1_700_000_000


@pytest.fixture(scope="module")
def knowing():
    return Engine(EngineInputs(key=b"k" * 32, known_values=(SECRET,)))


def zipped(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2023, 11, 14, 22, 13, 20)), data, method)
    return out.getvalue()


def tarred(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.uname, info.uid = len(data), STAMP, "jane.miller", 4711
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def sevened(members):
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(data, name)
    return out.getvalue()


def unzipped(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def untarred(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {one.name: archive.extractfile(one).read() if one.isreg() else None for one in archive.getmembers()}


def unsevened(data):
    factory = py7zr.io.BytesIOFactory(1 << 20)
    with py7zr.SevenZipFile(io.BytesIO(data)) as archive:
        names = archive.getnames()
        archive.extractall(factory=factory)
    return {name: factory.products[name].read() for name in names}


def unzstd(data):
    return zstandard.decompress(data)


CONTAINERS = {"a.zip": (zipped, unzipped), "a.tar": (tarred, untarred), "a.7z": (sevened, unsevened)}
PACKED = {
    "a.log.gz": (gzip.compress, gzip.decompress),
    "a.log.bz2": (bz2.compress, bz2.decompress),
    "a.log.xz": (lzma.compress, lzma.decompress),
    "a.log.zst": (zstandard.compress, unzstd),
}


def redact(engine, data, folder, name="a.zip", handler=HANDLER, told=None):
    place, result = folder / name, folder / "result"
    place.write_bytes(data)
    with result.open("w+b") as sink:
        ledger = handler.redact(place, sink, engine, told or (lambda n: None))
    assert not list(folder.glob("*.part"))
    return result.read_bytes(), ledger


@pytest.mark.parametrize("name", CONTAINERS)
def test_members_are_redacted_in_their_order(knowing, tmp_path, name):
    make, read = CONTAINERS[name]
    data = make({"z/app.log": LOG, "b.txt": CLEAN, "empty.txt": b"", "a.json": b'{"ok": 1}', "core.bin": BINARY})
    after, ledger = redact(knowing, data, tmp_path, name)
    members = read(after)
    assert list(members) == ["z/app.log", "b.txt", "empty.txt", "a.json", "core.bin.ref.json"]
    assert members["z/app.log"].count(b"[R:") == 20
    assert members["z/app.log"].count(b"\n") == 20
    assert members["b.txt"] == CLEAN
    assert members["empty.txt"] == b""
    reference = json.loads(members["core.bin.ref.json"])
    assert reference["kind"] == "binary"
    assert reference["size"] == len(BINARY)
    assert len(reference["sha256"]) == 64
    assert "cannot be redacted" in reference["reason"]
    assert ledger.handler == "archive"
    assert ledger.counts["member-withheld"] == 1
    assert sum(ledger.counts.values()) == 21


@pytest.mark.parametrize("name", PACKED)
def test_a_compressed_file_stays_one(knowing, tmp_path, name):
    pack, unpack = PACKED[name]
    after, ledger = redact(knowing, pack(LOG), tmp_path, name)
    assert unpack(after).count(b"[R:") == 20
    assert SECRET.encode() not in unpack(after)
    assert sum(ledger.counts.values()) == 20


@pytest.mark.parametrize("name", PACKED)
def test_a_compressed_file_of_several_streams_is_read_to_its_end(knowing, tmp_path, name):
    pack, unpack = PACKED[name]
    after, _ = redact(knowing, pack(CLEAN) + pack(LOG), tmp_path, name)
    assert unpack(after).startswith(CLEAN)
    assert unpack(after).count(b"[R:") == 20


def test_secrets_go_at_every_depth(knowing, tmp_path):
    data, expected = LOG, []
    for make, name in (
        (gzip.compress, "1.log.gz"),
        (lambda inner: zipped({"1.log.gz": inner, "note.txt": LOG}), "2.zip"),
        (lambda inner: tarred({"2.zip": inner, "note.txt": LOG}), "3.tar"),
        (lambda inner: sevened({"3.tar": inner, "note.txt": LOG}), "4.7z"),
        (zstandard.compress, "5.7z.zst"),
    ):
        data = make(data)
        expected.append(name)
    after, ledger = redact(knowing, data, tmp_path, expected[-1])
    level = unsevened(unzstd(after))
    assert level["note.txt"].count(b"[R:") == 20
    level = untarred(level["3.tar"])
    assert level["note.txt"].count(b"[R:") == 20
    level = unzipped(level["2.zip"])
    assert level["note.txt"].count(b"[R:") == 20
    assert gzip.decompress(level["1.log.gz"]).count(b"[R:") == 20
    assert sum(ledger.counts.values()) == 80


def test_what_lies_deeper_is_not_looked_at_and_does_not_leave(knowing, tmp_path):
    data = LOG
    for depth in range(6):
        data = zipped({f"{depth}.bin": data})
    after, ledger = redact(knowing, data, tmp_path)
    for depth in (5, 4, 3, 2):
        after = unzipped(after)[f"{depth}.bin"]
    assert list(unzipped(after)) == ["1.bin.ref.json"]
    assert "deeper than 5" in json.loads(unzipped(after)["1.bin.ref.json"])["reason"]
    assert ledger.counts == {"member-withheld": 1}


def test_a_database_and_an_event_log_inside_are_redacted_as_such(knowing, tmp_path):
    place = tmp_path / "x.db"
    connection = sqlite3.connect(place)
    connection.execute("CREATE TABLE t (x TEXT)")
    connection.execute("INSERT INTO t VALUES (?)", (f"password={SECRET}",))
    connection.commit()
    connection.close()
    after, _ = redact(knowing, zipped({"x.db": place.read_bytes(), "System.evtx": event_log([SECRET])}), tmp_path)
    members = unzipped(after)
    assert list(members) == ["x.db", "System.evtx.xml"]
    assert members["x.db"].startswith(b"SQLite format 3")
    assert members["System.evtx.xml"].startswith(b"<?xml")
    assert not any(SECRET.encode() in data for data in members.values())


def test_a_member_that_is_broken_leaves_a_reference_and_the_others_stay(knowing, tmp_path):
    after, _ = redact(knowing, zipped({"in.gz": gzip.compress(LOG)[:-9], "a.log": LOG}), tmp_path)
    assert list(unzipped(after)) == ["in.gz.ref.json", "a.log"]


class TestNames:
    def test_a_secret_in_a_name_goes(self, knowing, tmp_path):
        after, ledger = redact(knowing, zipped({f"{SECRET}.txt": CLEAN, "jane@contoso.com/x.log": CLEAN}), tmp_path)
        names = list(unzipped(after))
        assert SECRET not in "".join(names)
        assert "contoso" not in "".join(names)
        assert ledger.counts == {"member-renamed": 2}

    def test_the_name_in_a_gzip_header_is_redacted_and_the_rest_of_it_goes(self, knowing, tmp_path):
        name = f"{SECRET}.log".encode()
        packed = zlib_raw(LOG)
        tail = gzip.compress(LOG)[-8:]
        head = b"\x1f\x8b\x08" + bytes([4 | 8 | 16]) + struct.pack("<I", STAMP) + b"\0\x03"
        data = head + b"\x04\0abcd" + name + b"\0" + b"by jane.miller\0" + packed + tail
        assert gzip.decompress(data) == LOG
        after, _ = redact(knowing, data, tmp_path, "a.gz")
        assert gzip.decompress(after).count(b"[R:") == 20
        assert after[4:8] == struct.pack("<I", STAMP)
        assert after[10:].startswith(b"[R:KNOWN:")
        for gone in (SECRET.encode(), b"abcd", b"jane"):
            assert gone not in after

    @pytest.mark.parametrize(
        "name", ["../../etc/passwd", "/etc/passwd", "C:\\etc\\passwd", "..\\etc\\passwd", "./etc//passwd"]
    )
    def test_a_name_stays_in_its_folder(self, knowing, tmp_path, name):
        after, _ = redact(knowing, tarred({name: CLEAN}), tmp_path, "a.tar")
        assert list(untarred(after)) == ["etc/passwd"]

    def test_a_member_without_a_name_gets_one(self, knowing, tmp_path):
        nameless = io.BytesIO()
        with zipfile.ZipFile(nameless, "w") as archive:
            info = zipfile.ZipInfo("a")
            info.filename = ""
            archive.writestr(info, CLEAN)
        after, _ = redact(knowing, nameless.getvalue(), tmp_path)
        assert unzipped(after) == {"member": CLEAN}

    def test_names_that_become_equal_get_numbers(self, knowing, tmp_path):
        after, _ = redact(knowing, tarred({"a.log": CLEAN, "./a.log": CLEAN, "A.log": LOG}), tmp_path, "a.tar")
        assert list(untarred(after)) == ["a.log", "a-2.log", "A-3.log"]

    @settings(max_examples=40)
    @given(st.lists(st.text(max_size=20), max_size=6))
    def test_any_names_become_safe_and_different(self, knowing, names):
        book = Names(knowing)
        made = [book.file(name) for name in names]
        assert len({name.casefold() for name in made}) == len(made)
        for name in made:
            assert name
            assert inside_name(name) == name
            assert not set(name.split("/")) & {"", ".", ".."}


def zlib_raw(data):
    return gzip.compress(data, mtime=0)[10:-8]


class TestWhatLeavesAnArchive:
    def test_comments_extra_fields_and_owners_do_not(self, knowing, tmp_path):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.comment = f"made with {SECRET}".encode()
            info = zipfile.ZipInfo("a.txt", (2023, 11, 14, 22, 13, 20))
            info.comment, info.extra = SECRET.encode(), struct.pack("<HH", 0x9999, 19) + SECRET.encode()
            archive.writestr(info, CLEAN)
        assert out.getvalue().count(SECRET.encode()) == 4
        after, _ = redact(knowing, out.getvalue(), tmp_path)
        assert SECRET.encode() not in after
        after, _ = redact(knowing, tarred({"a.txt": CLEAN}), tmp_path, "a.tar")
        assert b"jane" not in after
        with tarfile.open(fileobj=io.BytesIO(after)) as archive:
            assert archive.getmembers()[0].uid == 0

    def test_times_do(self, knowing, tmp_path):
        after, _ = redact(knowing, zipped({"a.txt": CLEAN}), tmp_path)
        assert zipfile.ZipFile(io.BytesIO(after)).infolist()[0].date_time == (2023, 11, 14, 22, 13, 20)
        after, _ = redact(knowing, tarred({"a.txt": CLEAN}), tmp_path, "a.tar")
        with tarfile.open(fileobj=io.BytesIO(after)) as archive:
            assert archive.getmembers()[0].mtime == STAMP
        before = sevened({"a.txt": CLEAN})
        after, _ = redact(knowing, before, tmp_path, "a.7z")
        old, new = (py7zr.SevenZipFile(io.BytesIO(each)).files[0].lastwritetime for each in (before, after))
        assert old == new

    def test_links_become_references(self, knowing, tmp_path):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, f"/home/{SECRET}"
            archive.addfile(link)
        after, _ = redact(knowing, out.getvalue(), tmp_path, "a.tar")
        assert list(untarred(after)) == ["link.ref.json"]
        assert SECRET.encode() not in after
        info = zipfile.ZipInfo("link")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(info, f"/home/{SECRET}")
        after, _ = redact(knowing, out.getvalue(), tmp_path)
        assert json.loads(unzipped(after)["link.ref.json"])["reason"] == "it is a link"
        assert SECRET.encode() not in after

    def test_folders_stay(self, knowing, tmp_path):
        data = zipped({"logs/": b"", "logs/a.log": CLEAN})
        assert list(unzipped(redact(knowing, data, tmp_path)[0])) == ["logs/", "logs/a.log"]

    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_members_of_any_known_method_are_read(self, knowing, tmp_path, method):
        after, _ = redact(knowing, zipped({"a.log": LOG}, method), tmp_path)
        assert unzipped(after)["a.log"].count(b"[R:") == 20
        stored = zipfile.ZipFile(io.BytesIO(after)).infolist()[0].compress_type == zipfile.ZIP_STORED
        assert stored == (method == zipfile.ZIP_STORED)

    def test_members_that_are_encrypted_or_of_an_unknown_method_become_references(self, knowing, tmp_path):
        data = bytearray(zipped({"a.log": LOG, "b.log": LOG}))
        first = data.index(b"PK\x01\x02")
        data[first + 8] |= 1
        second = data.index(b"PK\x01\x02", first + 4)
        data[second + 10] = 99
        members = unzipped(redact(knowing, bytes(data), tmp_path)[0])
        assert list(members) == ["a.log.ref.json", "b.log.ref.json"]
        assert "encrypted" in json.loads(members["a.log.ref.json"])["reason"]
        assert "method 99" in json.loads(members["b.log.ref.json"])["reason"]


class TestBombs:
    SMALL = Limits(free=1 << 20, total=8 << 20, members=20, directory=4096)

    @pytest.mark.parametrize("name", [*CONTAINERS, *PACKED])
    def test_what_unpacks_to_far_too_much_is_refused(self, knowing, tmp_path, name):
        zeros = bytes(4 << 20)
        data = PACKED[name][0](zeros) if name in PACKED else CONTAINERS[name][0]({"a": zeros})
        if name == "a.tar":
            data, name = gzip.compress(data), "a.tgz"
        with pytest.raises(CannotRedact, match="times its size"):
            redact(knowing, data, tmp_path, name, ArchiveHandler(self.SMALL))

    def test_a_bomb_inside_takes_the_archive_around_it_along(self, knowing, tmp_path):
        data = zipped({"a.log": CLEAN, "b.gz": gzip.compress(bytes(4 << 20))}, zipfile.ZIP_STORED)
        with pytest.raises(CannotRedact, match="times its size"):
            redact(knowing, data, tmp_path, handler=ArchiveHandler(self.SMALL))

    def test_the_sum_of_all_counts(self, knowing, tmp_path):
        data = zipped({f"{number}.log": CLEAN * 40_000 for number in range(12)}, zipfile.ZIP_STORED)
        with pytest.raises(CannotRedact, match="more than 8,388,608 bytes"):
            redact(knowing, data, tmp_path, handler=ArchiveHandler(self.SMALL))

    @pytest.mark.parametrize("name", CONTAINERS)
    def test_too_many_members_are_refused(self, knowing, tmp_path, name):
        data = CONTAINERS[name][0]({f"{number}": b"" for number in range(60)})
        with pytest.raises(CannotRedact, match="more than"):
            redact(knowing, data, tmp_path, name, ArchiveHandler(self.SMALL))

    def test_a_list_of_members_that_is_too_long_is_not_read(self, knowing, tmp_path):
        data = zipped({f"{number}" * 40: b"" for number in range(60)})
        with pytest.raises(CannotRedact, match="list of members"):
            redact(knowing, data, tmp_path, handler=ArchiveHandler(self.SMALL))

    def test_memory_that_a_decompressor_asks_for_is_bounded(self, knowing, tmp_path):
        handler = ArchiveHandler(Limits(memory=1 << 20))
        for name, data in (("a.xz", lzma.compress(LOG)), ("a.7z", sevened({"a": LOG}))):
            with pytest.raises(CannotRedact):
                redact(knowing, data, tmp_path, name, handler)


def test_rar_is_refused(knowing, tmp_path):
    with pytest.raises(CannotRedact, match="rar"):
        redact(knowing, b"Rar!\x1a\x07\x01\0" + BINARY, tmp_path, "a.rar")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", b"#!/bin/sh\n" + zipped({"a": LOG})),
        ("a.zip", zipped({"a": LOG})[:-30]),
        ("a.tar", tarred({"a": LOG}) + LOG),
        ("a.tar", tarred({"a": LOG})[:700]),
        ("a.gz", gzip.compress(LOG)[:-1]),
        ("a.gz", gzip.compress(LOG) + b"more of something"),
        ("a.gz", gzip.compress(BINARY)),
    ],
)
def test_what_is_cut_off_or_more_than_an_archive_is_refused(knowing, tmp_path, name, data):
    with pytest.raises(CannotRedact):
        redact(knowing, data, tmp_path, name)


EVERYTHING = {
    **{name: make({"a.log": LOG, "b.gz": gzip.compress(LOG), "c": BINARY}) for name, (make, _) in CONTAINERS.items()},
    **{name: pack(LOG) for name, (pack, _) in PACKED.items()},
    "a.tgz": gzip.compress(tarred({"a.log": LOG})),
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_same_input_gives_same_output_and_the_result_stays_as_it_is(knowing, tmp_path, name):
    first, _ = redact(knowing, EVERYTHING[name], tmp_path, name)
    assert redact(knowing, EVERYTHING[name], tmp_path, name)[0] == first
    second, ledger = redact(knowing, first, tmp_path, name)
    assert second == first
    assert ledger.counts == {}


def content(data):
    """All bytes in it, however deep."""
    for read in (unzipped, untarred, unsevened):
        try:
            members = read(data)
        except (zipfile.BadZipFile, tarfile.TarError, py7zr.exceptions.ArchiveError, EOFError):
            continue
        return b"\n".join(name.encode() + content(each or b"") for name, each in members.items())
    for _, unpack in PACKED.values():
        try:
            return content(unpack(data))
        except (OSError, EOFError, lzma.LZMAError, zstandard.ZstdError, ValueError):
            continue
    return data


@settings(max_examples=60)
@given(
    name=st.sampled_from(sorted(EVERYTHING)),
    where=st.floats(0, 1, exclude_max=True),
    byte=st.integers(0, 255),
    cut=st.booleans(),
)
def test_a_damaged_archive_is_redacted_or_refused_and_nothing_else(knowing, tmp_path_factory, name, where, byte, cut):
    data = EVERYTHING[name]
    at = int(where * len(data))
    damaged = data[:at] if cut else data[:at] + bytes([byte]) + data[at + 1 :]
    try:
        after, _ = redact(knowing, damaged, tmp_path_factory.mktemp("damaged"), name)
    except (CannotRedact, OSError, ValueError):
        return
    assert SECRET.encode() not in content(after)


def test_unpacked_members_stand_only_in_private_files_beside_the_sink(knowing, tmp_path, monkeypatch):
    seen = []
    text = handler_of(Kind.TEXT)
    plain = type(text).redact

    def watched(self, source, sink, engine, advance):
        seen.append((source.parent, stat.S_IMODE(source.stat().st_mode)))
        return plain(self, source, sink, engine, advance)

    monkeypatch.setattr(type(text), "redact", watched)
    redact(knowing, zipped({"a.log": LOG}), tmp_path)
    assert seen == [(tmp_path, 0o600)]


def test_the_stage_seals_it(filled_case):
    case = filled_case({"logs.zip": zipped({"a.log": LOG}), "b.env": f"DB_PASSWORD={SECRET}\n".encode()})
    (item,) = [each for each in stage.run(case, QuietObserver()).items if each.kind is Kind.ARCHIVE]
    assert isinstance(item, Sealed)
    assert item.path == "logs.zip"
    assert SECRET.encode() not in unzipped(case.path(Room.REDACTED, "logs.zip").read_bytes())["a.log"]


def test_no_more_is_told_than_twice_the_size(knowing, tmp_path):
    told = []
    data = zipped({"a.log": LOG * 50, "b.log": CLEAN * 100})
    redact(knowing, data, tmp_path, told=told.append)
    assert 0 < sum(told) <= 2 * len(data)


PROGRAMS = {"a.zip": ("unzip", "-tq"), "a.tar": ("tar", "-tf"), "a.7z": ("7z", "t"), "a.log.gz": ("gzip", "-t"),
            "a.log.xz": ("xz", "-t"), "a.log.bz2": ("bzip2", "-t")}  # fmt: skip


@pytest.mark.system
@pytest.mark.parametrize("name", PROGRAMS)
def test_other_programs_open_the_result(knowing, tmp_path, name):
    program, option = PROGRAMS[name]
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")
    after, _ = redact(knowing, EVERYTHING[name], tmp_path, name)
    place = tmp_path / f"after-{name}"
    place.write_bytes(after)
    assert subprocess.run([program, option, str(place)], capture_output=True).returncode == 0


def test_archives_have_a_handler():
    assert handler_of(Kind.ARCHIVE) is HANDLER
