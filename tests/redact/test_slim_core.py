"""Slim cores: a debugger shows the same frames and libraries, and nothing that was planted is left."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.case.layout import Room
from escalate.formats.elf_layout import PT_LOAD
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.redaction import RedactionDocument, Sealed, SlimTwin
from escalate.redact import stage
from escalate.redact.handlers.elf_core_layout import read_core
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.handlers.slim_core import is_slim, slim
from escalate.redact.paths import redacted_paths
from escalate.redact.slim import SLIM_FROM, slim_twin
from tests.fakes.core_maker import CoreMaker
from tests.fakes.real_crash import FAKES, needs_gdb

PLANTED = "zebra quilt 4711 fjord of the north"
"""Words that no detector knows and nobody said are secret: only what a slim core is made of keeps them out."""
PARTS = [PLANTED[at : at + 6] for at in range(len(PLANTED) - 6)]
SENTINEL = {8: 0x0DEFACED0DEFACED, 4: 0x0DEFACED}


def forms(text):
    return [text.encode(code) for code in ("ascii", "utf-16-le", "utf-16-be", "utf-32-le")]


def twin_of(engine, place, out, half_made=None):
    half_made = half_made or out.with_suffix(".half")
    with half_made.open("w+b") as half, out.open("w+b") as sink:
        return slim_twin(place, Kind.ELF_CORE, half, sink, engine)


def gdb(*arguments):
    command = ["gdb", "-nx", "-batch", "-q", "-iex", "set auto-load safe-path /", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    place = tmp_path_factory.mktemp("program") / "slim_planted"
    subprocess.run(["gcc", "-g", "-O1", "-pthread", "-o", place, FAKES / "slim_planted.c"], check=True)
    return place


@pytest.fixture(scope="session")
def whole(program, tmp_path_factory):
    place = tmp_path_factory.mktemp("core") / "whole.core"
    subprocess.run(
        ["gdb", "-nx", "-batch", "-ex", "run", "-ex", f"gcore {place}", str(program)],
        check=True,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "SHELL": "/bin/sh", "HOME": str(place.parent), "PLANTED": PLANTED},
        stdin=subprocess.DEVNULL,
    )
    return place


@pytest.fixture(scope="session")
def slimmed(engine, whole, tmp_path_factory):
    out = tmp_path_factory.mktemp("slim") / "slim.core"
    return out, twin_of(engine, whole, out)


def frames(said):
    """Threads by their number in the kernel, each with the functions on its stack."""
    found, functions = {}, []
    for line in said.splitlines():
        if thread := re.match(r"Thread \d+ \(.*LWP (\d+)\)", line):
            functions = found.setdefault(thread[1], [])
        elif frame := re.match(r"#\d+ +(?:0x[0-9a-f]+ in )?(\S+) \(", line):
            functions.append(frame[1])
    return found


@pytest.mark.system
@needs_gdb
class TestARealCore:
    def test_a_debugger_shows_the_same_frames_of_all_threads(self, program, whole, slimmed):
        before, after = (
            frames(gdb("-ex", "thread apply all bt", str(program), str(place))) for place in (whole, slimmed[0])
        )
        assert list(before) == list(after)
        assert before == after
        assert len(before) == 4
        assert sum(functions.count("hold") for functions in after.values()) == 15

    @pytest.mark.parametrize(
        "look", ["info sharedlibrary", "info auxv", "info signals SIGABRT", "p $_siginfo.si_signo"]
    )
    def test_a_debugger_says_the_same_of_libraries_and_process(self, program, whole, slimmed, look):
        said = [gdb("-ex", look, str(program), str(place)) for place in (whole, slimmed[0])]
        start = {"info sharedlibrary": "From ", "info auxv": "33 ", "p $_siginfo.si_signo": "$1"}.get(look, "Signal")
        answers = [
            [line.partition('"')[0] for line in text[text.index(start) :].splitlines()] for text in said
        ]  # texts that gdb shows of memory are gone
        assert answers[0] == answers[1]
        assert len("".join(answers[0])) > 5

    def test_general_registers_stay(self, program, whole, slimmed):
        look = "thread apply all info registers rip rsp rbp rax rbx r12"
        said = [re.findall(r"^r\w+ .*", gdb("-ex", look, str(program), str(one)), re.M) for one in (whole, slimmed[0])]
        assert said[0] == said[1]
        assert len(said[0]) == 24

    def test_no_part_of_what_was_planted_is_left(self, whole, slimmed):
        before, after = whole.read_bytes(), slimmed[0].read_bytes()
        for form in forms(PLANTED):
            assert form in before or form == PLANTED.encode("utf-16-be")
            assert form not in after
        assert not [part for part in PARTS for form in forms(part) if form in after]

    def test_it_is_small(self, whole, slimmed):
        assert whole.stat().st_size > 20 * SLIM_FROM
        assert slimmed[0].stat().st_size < 100_000

    def test_the_ledger_counts_the_words(self, whole, slimmed):
        out, ledger = slimmed
        assert ledger.handler == "slim-core"
        sentinel = struct.pack("<Q", SENTINEL[8])
        assert ledger.counts["stack-word"] == out.read_bytes().count(sentinel) - whole.read_bytes().count(sentinel)

    def test_all_memory_is_declared_and_little_is_there(self, whole, slimmed):
        with whole.open("rb") as raw, slimmed[0].open("rb") as made:
            before, after = read_core(raw), read_core(made)
        declared = [sum(one.memory for one in core.segments if one.type == PT_LOAD) for core in (before, after)]
        assert declared[0] == declared[1]
        assert sum(one.size for one in after.segments) < 100_000

    def test_the_slim_form_of_a_slim_core_is_the_same(self, engine, slimmed, tmp_path):
        out, _ = slimmed
        again = twin_of(engine, out, tmp_path / "again.core")
        assert (tmp_path / "again.core").read_bytes() == out.read_bytes()
        assert not again.counts

    def test_the_stage_puts_the_twin_beside_the_sealed_core(self, filled_case, whole, leaving):
        case = filled_case({"w1/process/7/app.core": whole.read_bytes(), "a.log": b"2026-04-04 started\n"})
        document = stage.run(case, QuietObserver())
        (item,) = [each for each in document.items if each.kind is Kind.ELF_CORE]
        assert isinstance(item, Sealed)
        assert isinstance(item.slim, SlimTwin)
        assert item.slim.path == "w1/process/7/app.core.slim.core"
        made = case.path(Room.REDACTED, item.slim.path).read_bytes()
        assert (item.slim.size, item.slim.sha256) == (len(made), hashlib.sha256(made).hexdigest())
        assert str(item.artifact) in item.slim.note
        assert item.no_slim is None
        assert case.read(RedactionDocument) == document
        assert not [form for form in forms(PLANTED) if form in made]
        assert not list(case.path(Room.SCRATCH).rglob("*.part"))


def words(*values, wide=True):
    return struct.pack(f"<{len(values)}{'Q' if wide else 'I'}", *values)


def slim_of(tmp_path, maker):
    place, out = tmp_path / "made.core", tmp_path / "slim.core"
    place.write_bytes(maker.data())
    with place.open("rb") as raw, out.open("w+b") as made:
        changed = slim(raw, made)
        assert is_slim(made)
        core = read_core(made)
        stack = next(one for one in core.segments if one.type == PT_LOAD and one.size and one.address >= 0x40000)
        made.seek(stack.offset)
        size = 8 if maker.wide else 4
        return struct.unpack(f"<{stack.size // size}{'Q' if size == 8 else 'I'}", made.read(stack.size)), changed


@pytest.mark.parametrize("wide", [True, False])
def test_small_numbers_and_pointers_into_stack_and_modules_stay_and_all_else_goes(tmp_path, wide):
    word = 8 if wide else 4
    top = 1 << 8 * word
    kept = [0, 1, 4096, top - 1, top - 4096, 0x40000, 0x10008, 0x10FFF]
    gone = [4097, top - 4097, 0x90000, 0x11000, int.from_bytes(b"password"[:word], "little")]
    stack = words(*kept, *gone, wide=wide)
    found, changed = slim_of(tmp_path, CoreMaker(heap=stack, wide=wide, stack_pointer=0x40000, code_of_file=True))
    assert list(found) == kept + [SENTINEL[word]] * len(gone)
    assert changed == len(gone)


@pytest.mark.parametrize("wide", [True, False])
def test_text_of_one_word_a_letter_goes(tmp_path, wide):
    letters = [ord(letter) for letter in "hunter2"]
    values = [7, 0, *letters, 0, 80, 443, 9, *letters[:3], 1]
    found, changed = slim_of(tmp_path, CoreMaker(heap=words(*values, wide=wide), wide=wide, stack_pointer=0x40000))
    sentinel = SENTINEL[8 if wide else 4]
    assert list(found) == [7, 0, *[sentinel] * 7, 0, 80, 443, 9, *letters[:3], 1]
    assert changed == 7


def test_the_stack_below_the_red_zone_and_beyond_its_longest_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("escalate.redact.handlers.slim_words.LONGEST_STACK", 4096)
    maker = CoreMaker(heap=words(*[1] * 100, *[2] * 16, *[3] * 496, *[4] * 100), stack_pointer=0x40000 + 8 * 116)
    found, _ = slim_of(tmp_path, maker)
    assert list(found) == [2] * 16 + [3] * 496


def test_many_segments_stay_countable(tmp_path):
    found, _ = slim_of(tmp_path, CoreMaker(heap=words(1, 99_999_999), stack_pointer=0x40000, empty_segments=70_000))
    assert found == (1, SENTINEL[8])


def test_arguments_of_the_command_line_are_masked_as_in_the_whole_core(engine, tmp_path):
    place, out = tmp_path / "made.core", tmp_path / "slim.core"
    maker = CoreMaker(heap=words(1, 2), stack_pointer=0x40000, arguments=b"app --password S3cretWord99 --port 80")
    place.write_bytes(maker.data())
    twin_of(engine, place, out)
    assert b"S3cretWord99" in place.read_bytes()
    assert b"S3cretWord99" not in out.read_bytes()
    assert b"app --password " in out.read_bytes()


@pytest.mark.parametrize(
    ("maker", "reason"),
    [
        (CoreMaker(heap=bytes(64)), "no stack of a thread"),
        (CoreMaker(heap=bytes(64), stack_pointer=0x40000, machine=243), "machine"),
        (CoreMaker(heap=bytes(64), stack_pointer=0x40000, overlap=True), "overlap"),
    ],
)
def test_what_is_not_understood_is_refused(engine, tmp_path, maker, reason):
    place = tmp_path / "made.core"
    place.write_bytes(maker.data())
    with pytest.raises(CannotRedact, match=reason):
        twin_of(engine, place, tmp_path / "slim.core")


def test_a_large_core_whose_stacks_cannot_be_found_is_sealed_without_a_twin_and_says_why(filled_case):
    maker = CoreMaker(heap=PLANTED.encode() + bytes(SLIM_FROM), stack_pointer=0x40000, machine=243)
    case = filled_case(
        {"app.core": maker.data(), "small.core": CoreMaker(heap=bytes(64), stack_pointer=0x40000).data()}
    )
    large, small = sorted(stage.run(case, QuietObserver()).items, key=lambda item: item.path)
    assert isinstance(large, Sealed)
    assert isinstance(small, Sealed)
    assert (large.slim, small.slim, small.no_slim) == (None, None, None)
    assert "machine" in (large.no_slim or "")
    assert not [one for one in case.path(Room.REDACTED).rglob("*slim*") if one.is_file()]


def test_no_file_stands_where_a_twin_goes(engine):
    paths = redacted_paths(engine, dict.fromkeys(("a/app.core", "a/app.core.slim.core", "b.dmp", "b.slim.dmp"), ""))
    assert paths["a/app.core"] == "a/app.core"
    assert paths["a/app.core.slim.core"] != "a/app.core.slim.core"
    assert paths["b.slim.dmp"] != "b.slim.dmp"


_SMALL = CoreMaker(
    heap=words(0x40010, 3) + PLANTED.encode() + b"\0" + PLANTED.encode("utf-16-le") + bytes(40),
    stack_pointer=0x40000,
    code_of_file=True,
).data()


@settings(max_examples=60)
@given(
    at=st.integers(0, _SMALL.index(PLANTED.encode()) - 1),
    change=st.one_of(st.binary(min_size=1, max_size=1), st.sampled_from([b"\xff" * 8, bytes(8), b"\0\0\0\0\2\0\0\0"])),
    cut=st.booleans(),
)
def test_a_damaged_core_is_slimmed_or_refused_and_nothing_leaks(engine, tmp_path_factory, at, change, cut):
    folder = tmp_path_factory.mktemp("damaged")
    place, out = folder / "made.core", folder / "slim.core"
    place.write_bytes(_SMALL[:at] if cut else _SMALL[:at] + change + _SMALL[at + len(change) :])
    try:
        twin_of(engine, place, out)
    except (CannotRedact, ValueError):
        return
    after = out.read_bytes()
    assert not [part for part in PARTS for form in forms(part) if form in after]
