"""What a case teaches before its first file is redacted: from archives, and from texts in two encodings."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import tarfile
import zipfile
from concurrent.futures import ProcessPoolExecutor

import py7zr
import pytest
import zstandard

from escalate.case import private
from escalate.case.layout import Room
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.redact import stage
from escalate.redact.handlers.archive_limits import Limits
from escalate.redact.handlers.archive_parts import Scratch
from escalate.redact.handlers.archive_walk import Walk
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.learn_archive import ArchiveTask, notes_of
from escalate.redact.learn_notes import Notes
from escalate.redact.learn_pieces import LearnTask, Search, found_in
from escalate.redact.preview import Preview
from escalate.redact.readable import text_of

SECRET = "tr0ub4dor&3x"
LOG = f"2026-04-04 10:00:00 first try {SECRET}, then again\n".encode()
SETTINGS = {
    "home/.env": f"A=1\nMY_PASSWORD={SECRET}\n".encode(),
    "wwwroot/web.config": (
        b'<configuration><appSettings><add key="AdminPassword" value="tr0ub4dor&amp;3x" /></appSettings>'
        b"</configuration>"
    ),
    "app/appsettings.json": json.dumps({"ConnectionStrings": {"Db": f"Server=s;Password={SECRET};"}}).encode(),
    "export/settings.json": json.dumps([{"name": "PASSWORD", "slotSetting": False, "value": SECRET}]).encode(),
}


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "nothing\n")
        archive.writestr(name, data)
    return out.getvalue()


def tarred(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def sevened(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        archive.writestr(data, name)
    return out.getvalue()


ARCHIVES = {
    "a.zip": zipped,
    "a.tar": tarred,
    "a.tgz": lambda name, data: gzip.compress(tarred(name, data)),
    "a.7z": sevened,
    "a.tar.xz": lambda name, data: lzma.compress(tarred(name, data)),
    "a.zip.zst": lambda name, data: zstandard.compress(zipped(name, data)),
    "zip in tar in zip": lambda name, data: zipped("in.tar", tarred("in.zip", zipped(name, data))),
}


@pytest.fixture
def task(tmp_path):
    """Puts an archive there and makes the task of it."""

    def make(data: bytes, name: str = "a.zip") -> ArchiveTask:
        place, scratch = tmp_path / "data", tmp_path / "scratch"
        place.write_bytes(data)
        scratch.mkdir(exist_ok=True)
        plain, sure = Search(b"k" * 32, (), settings=False), Search(b"k" * 32, (), settings=True)
        return ArchiveTask(plain, sure, str(place), name, str(scratch))

    return make


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("member", SETTINGS)
def test_configuration_inside_of_an_archive_gives_its_secrets(task, tmp_path, name, member):
    made = task(ARCHIVES[name](member, SETTINGS[member]), name)
    assert SECRET in notes_of(made).values
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.parametrize("name", ["a.zip", "a.tgz", "a.7z", "zip in tar in zip"])
def test_a_secret_of_an_archive_goes_from_a_log_beside_it(filled_case, leaving, name):
    case = filled_case({"backup.bin": ARCHIVES[name]("home/.env", SETTINGS["home/.env"]), "app.log": LOG})
    stage.run(case, QuietObserver())
    assert b"tr0ub4dor" not in leaving(case)
    assert SECRET in private.known_values(case)
    assert not list(case.path(Room.SCRATCH).glob("**/*.part"))


def test_a_crew_learns_from_archives_too(filled_case, leaving):
    case = filled_case({"backup.bin": zipped("home/.env", SETTINGS["home/.env"]), "app.log": LOG})
    with ProcessPoolExecutor(2) as pool:
        stage.run(case, QuietObserver(), executor=pool)
    assert b"tr0ub4dor" not in leaving(case)


def test_a_compressed_file_of_settings_teaches_as_if_it_were_plain(filled_case, leaving):
    case = filled_case({".env.gz": gzip.compress(SETTINGS["home/.env"]), "app.log": LOG})
    stage.run(case, QuietObserver())
    assert b"tr0ub4dor" not in leaving(case)


def test_settings_that_were_not_looked_for_come_out_of_archives_too(task):
    notes = notes_of(task(zipped("x/.env", b"DB_PASSWORD=Administrator\nTITLE=Shop of the north\n")))
    assert notes.unsearched == {"DB_PASSWORD": "word", "TITLE": "no-secret"}


def test_of_a_damaged_archive_what_came_first_is_learned(task):
    inner = tarred("home/.env", SETTINGS["home/.env"]) + tarred("b", b"x" * 2_000_000)
    assert not notes_of(task(inner[:700], "a.tar")).values
    packed = zipped("home/.env", SETTINGS["home/.env"])
    for cut in range(0, len(packed), 7):
        notes_of(task(packed[:cut]))
    half = io.BytesIO()
    with zipfile.ZipFile(half, "w") as archive:
        archive.writestr("home/.env", SETTINGS["home/.env"])
        archive.writestr("broken.log", LOG)
    at = half.getvalue().index(LOG)
    broken = half.getvalue()[:at] + b"X" + half.getvalue()[at + 1 :]
    assert SECRET in notes_of(task(broken)).values


def test_a_damaged_archive_inside_does_not_hide_what_stands_behind_it(task):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.zip", zipped("home/.env", b"A=1\n")[:-30])
        archive.writestr("home/.env", SETTINGS["home/.env"])
    assert SECRET in notes_of(task(out.getvalue())).values


def test_archives_are_opened_as_deep_as_they_are_redacted(task):
    data = SETTINGS["home/.env"]
    for _ in range(5):
        data = zipped("home/.env", data)
    assert SECRET in notes_of(task(data)).values
    assert SECRET not in notes_of(task(zipped("a.zip", data))).values


@pytest.mark.parametrize(
    "limits",
    [Limits(total=100_000), Limits(free=1_000, ratio=10), Limits(members=3)],
    ids=["total", "ratio", "members"],
)
def test_a_bomb_is_put_down_as_in_redaction(tmp_path, limits):
    place = tmp_path / "a.zip"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"in{number}.zip", zipped("a.log", b"0" * 1_000_000))
    place.write_bytes(out.getvalue())
    walk = Walk(Scratch(tmp_path), lambda kind: kind is not Kind.ARCHIVE, limits)
    with pytest.raises(CannotRedact):
        for leaf in walk.leaves(place, place.relative_to(tmp_path)):
            leaf.place.read_bytes()
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]


def test_what_is_no_text_is_not_unpacked_further_than_its_head(tmp_path):
    place = tmp_path / "a.zip"
    place.write_bytes(zipped("core.bin", bytes(range(256)) * 40_000))
    walk = Walk(Scratch(tmp_path), lambda kind: False, Limits(total=200_000))
    assert not list(walk.leaves(place, place.relative_to(tmp_path)))


MIXED = b"LOG_LEVEL=debug\n" * 40 + b"DB_PASSWORD=" + SECRET.encode() + b"\n"
WIDE = "\r\nSERVICE_PASSWORD=Zx81+spectrum-48k\r\n"
TWO = {
    "UTF-16 in UTF-8": MIXED + WIDE.encode("utf-16-le") + b"\nA=1\n",
    "UTF-16 big endian in UTF-8": MIXED + WIDE.encode("utf-16-be") + b"\nA=1\n",
    "UTF-8 in UTF-16": (WIDE * 40).encode("utf-16") + MIXED,
}


@pytest.mark.parametrize("name", TWO)
def test_a_file_of_two_encodings_teaches_both_its_parts(filled_case, leaving, name):
    case = filled_case({"a/.env": TWO[name], "app.log": LOG + b"and Zx81+spectrum-48k\n"}, {"a/.env": Kind.TEXT})
    stage.run(case, QuietObserver())
    known = private.known_values(case)
    assert {SECRET, "Zx81+spectrum-48k"} <= set(known)
    gone = leaving(case)
    for form in ("tr0ub4dor", "Zx81+spectrum"):
        assert form.encode() not in gone
        assert form.encode("utf-16-le") not in gone
        assert form.encode("utf-16-be") not in gone


@pytest.mark.parametrize("name", TWO)
def test_hits_are_found_on_both_sides_of_a_change_of_encoding(tmp_path, name):
    place = tmp_path / "a.log"
    place.write_bytes(b"x" * 3_000_000 + b"\n" + TWO[name] if name.startswith("UTF-16") else TWO[name])
    found = found_in(LearnTask(Search(b"k" * 32, (), settings=True), str(place)))
    assert {SECRET, "Zx81+spectrum-48k"} <= {value.decode() for _, value in found}


@pytest.mark.parametrize("name", TWO)
def test_the_dry_run_shows_both_parts(filled_case, name):
    case = filled_case({"a/.env": TWO[name]}, {"a/.env": Kind.TEXT})
    with case.locked():
        values = {one.value for one in Preview(case, QuietObserver()).contexts(5)}
    assert any(SECRET in value for value in values)
    assert any("Zx81+spectrum-48k" in value for value in values)


def test_an_environment_between_zero_bytes_is_not_taken_for_two_encodings():
    text = "PATH=/bin\0A=1\0B=2\0DB_PASSWORD=x\0"
    assert text_of(text.encode()) == text


def test_notes_of_two_passes_add_up():
    first, second = Notes(), Notes()
    first.value(SECRET, "A_KEY", "a")
    second.value(SECRET, "B_KEY", "b")
    second.value("changeme", "C_KEY", "b")
    first.merge(second)
    assert first.values == {SECRET: "A_KEY in a"}
    assert first.unsearched == {"C_KEY": "word"}
