"""Slim minidumps: threads, modules and exception as before in other readers, and nothing that was planted is left."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minidump.minidumpfile import MinidumpFile

from escalate.case.layout import Room
from escalate.formats.minidump_layout import EXCEPTION, MEMORY, MODULES, SYSTEM, THREADS
from escalate.model.artifact import EvidenceDocument
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.redaction import Sealed
from escalate.redact import stage
from escalate.redact.choices import choices
from escalate.redact.handlers.minidump_layout import read_dump
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.handlers.slim_minidump import is_slim, slim
from escalate.redact.slim import SLIM_FROM, slim_path, slim_twin
from escalate.redact.wishes import RedactionWishes
from escalate.redact.work import Work
from tests.fakes.minidump_writer import MinidumpWriter
from tests.fakes.real_crash import crashed

PLANTED = "zebra quilt 4711 fjord of the north"
"""Words that no detector knows and nobody said are secret: only what a slim dump is made of keeps them out."""
PARTS = [PLANTED[at : at + 6] for at in range(len(PLANTED) - 6)]
SENTINEL = struct.pack("<Q", 0x0DEFACED0DEFACED)
SYSTEM_INFO = struct.pack("<HHHBBIII", 9, 6, 1, 2, 1, 10, 0, 20348)
STACK, MODULE = 0x9000, 0x180000000
KEPT = struct.pack("<6Q", 0, 4096, (1 << 64) - 4, STACK + 8, MODULE + 17, MODULE + 4095)
TEXTS = b"".join(PLANTED.encode(code) for code in ("ascii", "utf-16-le"))
MEMORY_OF_STACK = KEPT + TEXTS + bytes(-len(TEXTS) % 8)


def context(pointer=STACK):
    """Registers of x86-64: the stack pointer stands at 0x98."""
    return bytes(0x98) + struct.pack("<Q", pointer) + bytes(1072)


def made(memory=MEMORY_OF_STACK, **more):
    return MinidumpWriter(
        memory, comment=PLANTED, handle=f"\\Pipe\\{PLANTED}", context=context(more.pop("pointer", STACK)), **more
    )


def twin_of(engine, data, folder):
    place, out = folder / "made.dmp", folder / "slim.dmp"
    place.write_bytes(data)
    with (folder / "half").open("w+b") as half, out.open("w+b") as sink:
        ledger = slim_twin(place, Kind.MINIDUMP, half, sink, engine)
    return out.read_bytes(), ledger


def left(data):
    codes = ("ascii", "utf-16-le", "utf-16-be")
    return [part for part in PARTS for code in codes if part.encode(code) in data]


@pytest.mark.parametrize("full", [True, False])
def test_stacks_keep_numbers_and_pointers_and_nothing_else_is_left(engine, tmp_path, full):
    heap = TEXTS * 1000 if full else b""
    data = made(MEMORY_OF_STACK + heap, full=full).data()
    after, ledger = twin_of(engine, data, tmp_path)
    assert len(left(data)) > len(PARTS)
    assert not left(after)
    assert KEPT + SENTINEL in after
    assert ledger.handler == "slim-minidump"
    assert ledger.counts["stack-word"] == after.count(SENTINEL) > 10
    assert len(after) < len(data)


def test_only_what_belongs_to_a_slim_dump_is_in_it(engine, tmp_path):
    after, _ = twin_of(engine, made(linux={0x47670007: b"A=" + PLANTED.encode()}, full=True).data(), tmp_path)
    with (tmp_path / "slim.dmp").open("rb") as raw:
        dump = read_dump(raw)
        assert is_slim(raw)
    assert {one.type for one in dump.streams} == {THREADS, MODULES, MEMORY, EXCEPTION, SYSTEM, 14, 15, 24}
    assert int.from_bytes(after[24:32], "little") == 8
    assert "C:\\home\\site\\wwwroot\\app.dll".encode("utf-16-le") in after
    assert "worker 7".encode("utf-16-le") in after
    assert b"RSDS" + bytes(range(20)) in after
    assert after.count(context()) == 1  # of the thread, and of the exception that it had


def test_the_user_in_a_path_goes_as_in_the_whole_dump(engine, tmp_path):
    after, _ = twin_of(engine, made(module="C:\\Users\\Jane Smith\\app.dll").data(), tmp_path)
    assert "C:\\Users\\**********\\app.dll".encode("utf-16-le") in after
    assert b"jane" not in after.lower()


def test_stacks_of_a_dump_of_all_memory_are_found_in_its_list_of_memory(engine, tmp_path):
    data = bytearray(made(full=True).data())
    with_stack = bytes(data)
    (tmp_path / "whole.dmp").write_bytes(with_stack)
    with (tmp_path / "whole.dmp").open("rb") as raw:
        threads = next(one for one in read_dump(raw).streams if one.type == THREADS)
    struct.pack_into("<II", data, threads.start + 4 + 32, 0, 0)  # no size and no place of the stack
    after, _ = twin_of(engine, bytes(data), tmp_path)
    assert KEPT[:24] in after
    assert not left(after)


def test_the_stack_below_its_pointer_is_left_out(engine, tmp_path):
    memory = struct.pack("<200Q", *[1] * 100, *[2] * 100)
    after, _ = twin_of(engine, made(memory, pointer=STACK + 8 * 116).data(), tmp_path)
    assert after.count(struct.pack("<2Q", 1, 2)) == 0
    assert struct.pack("<100Q", *[2] * 100) in after


def test_the_slim_form_of_a_slim_dump_is_the_same(engine, tmp_path):
    once, _ = twin_of(engine, made(full=True).data(), tmp_path)
    again, ledger = twin_of(engine, once, tmp_path)
    assert again == once
    assert not ledger.counts


def seen_by_another_reader(place):
    dump = MinidumpFile.parse(str(place))
    dump.file_handle.close()
    return (
        [(one.name, one.baseaddress, one.size, one.timestamp) for one in dump.modules.modules],
        [(one.ThreadId, one.Teb, one.SuspendCount) for one in dump.threads.threads],
        [(one.ThreadId, one.ExceptionRecord.ExceptionCode_raw) for one in dump.exception.exception_records],
        (dump.sysinfo.ProcessorArchitecture, dump.sysinfo.BuildNumber, dump.sysinfo.CSDVersion),
    ), [(one.Stack.StartOfMemoryRange, one.Stack.MemoryLocation.DataSize) for one in dump.threads.threads]


@pytest.mark.parametrize("full", [True, False])
def test_another_reader_sees_the_same_threads_modules_and_exception(engine, tmp_path, full):
    twin_of(engine, made(full=full).data(), tmp_path)
    before, after = (seen_by_another_reader(tmp_path / name) for name in ("made.dmp", "slim.dmp"))
    assert before[0] == after[0]
    assert after[1] == [(STACK, len(MEMORY_OF_STACK) // 8 * 8)]


@pytest.fixture(scope="session")
def crash(tmp_path_factory):
    return crashed(tmp_path_factory.mktemp("crash"), PLANTED, {"PLANTED": PLANTED})


@pytest.mark.system
def test_a_real_crash(engine, crash, tmp_path):
    before = crash.read_bytes()
    after, ledger = twin_of(engine, before, tmp_path)
    assert left(before)
    assert not left(after)
    assert ledger.counts["stack-word"] > 100
    assert seen_by_another_reader(tmp_path / "slim.dmp")[0] == seen_by_another_reader(crash)[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"MDMX" + bytes(60), "no minidump"),
        (made().data()[:-10], "cut off"),
        (made(b"").data(), "no stack of a thread"),
        (made(extra=((0x10000, b"private"),)).data(), "type 0x10000"),
    ],
)
def test_what_is_not_understood_is_refused(engine, tmp_path, data, reason):
    with pytest.raises(CannotRedact, match=reason):
        twin_of(engine, data, tmp_path)


def test_a_machine_that_is_not_known_is_refused(engine, tmp_path):
    with pytest.raises(CannotRedact, match="machine"):
        twin_of(engine, made().data().replace(SYSTEM_INFO, b"\6" + SYSTEM_INFO[1:]), tmp_path)


@pytest.mark.parametrize("field", [20, 80], ids=["name", "symbols"])
def test_a_damaged_pointer_makes_no_name_of_memory(engine, tmp_path, field):
    text = PLANTED.encode("utf-16-le")
    body = struct.pack("<I", len(text)) + text if field == 20 else b"RSDS" + bytes(20) + TEXTS
    data = bytearray(made(MEMORY_OF_STACK + bytes(64) + body, full=True).data())
    module = data.index(struct.pack("<QIII", MODULE, 4096, 1, 2))
    struct.pack_into("<I", data, module + field, bytes(data).rindex(body))
    with pytest.raises(CannotRedact, match="overlap"):
        twin_of(engine, bytes(data), tmp_path)


def test_no_name_is_taken_from_where_the_list_of_memory_points(engine, tmp_path):
    data, text = bytearray(made().data()), PLANTED.encode("utf-16-le")
    entry = data.rindex(struct.pack("<QI", STACK, len(MEMORY_OF_STACK)))
    struct.pack_into("<QII", data, entry, 0x20000, len(text), len(data) + 4)
    struct.pack_into("<I", data, data.index(struct.pack("<QIII", MODULE, 4096, 1, 2)) + 20, len(data))
    with pytest.raises(CannotRedact, match="stands where memory is"):
        twin_of(engine, bytes(data) + struct.pack("<I", len(text)) + text, tmp_path)


_SMALL = made(full=True).data()
_PLACES = [at for at in range(len(_SMALL)) if _SMALL.startswith((PLANTED.encode(), PLANTED.encode("utf-16-le")), at)]


@settings(max_examples=60)
@given(
    at=st.integers(0, len(_SMALL) - 1),
    change=st.one_of(st.binary(min_size=1, max_size=1), st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\0\x80\0\0"])),
    cut=st.booleans(),
)
def test_a_damaged_dump_is_slimmed_or_refused_and_nothing_leaks(engine, tmp_path_factory, at, change, cut):
    if any(place - 8 < at < place + 80 for place in _PLACES):
        at %= 400
    data = _SMALL[:at] if cut else _SMALL[:at] + change + _SMALL[at + len(change) :]
    try:
        after, _ = twin_of(engine, data, tmp_path_factory.mktemp("damaged"))
    except (CannotRedact, ValueError):
        return
    assert not left(after)


def test_the_stage_puts_the_twin_beside_a_large_dump(filled_case):
    data = made(MEMORY_OF_STACK + random.Random(3).randbytes(SLIM_FROM) + TEXTS, full=True).data()
    files = {
        "w1/process/7/w3wp.dmp": data,
        "w1/process/8/small.dmp": made(full=True).data(),
        "w1/process/9/other.dmp": data.replace(SYSTEM_INFO, b"\6" + SYSTEM_INFO[1:]),
        "a.log": b"2026-04-04 started\n",
    }
    case = filled_case(files)
    items = [one for one in stage.run(case, QuietObserver()).items if one.kind is Kind.MINIDUMP]
    large, small, other = items
    assert isinstance(large, Sealed)
    assert large.slim is not None
    assert large.slim.path == "w1/process/7/w3wp.slim.dmp"
    assert not left(case.path(Room.REDACTED, large.slim.path).read_bytes())
    assert isinstance(small, Sealed)
    assert small.slim is None
    assert small.no_slim is None
    assert isinstance(other, Sealed)
    assert other.slim is None
    assert "machine" in (other.no_slim or "")


def test_a_killed_run_makes_a_dump_again_whose_twin_is_gone(filled_case, engine):
    data = made(MEMORY_OF_STACK + bytes(SLIM_FROM), full=True).data()
    case = filled_case({"app.dmp": data})
    (item,) = stage.run(case, QuietObserver()).items
    assert isinstance(item, Sealed)
    assert item.slim is not None
    evidence = case.read(EvidenceDocument)
    paths = {"app.dmp": "app.dmp"}
    work = Work(case, engine, paths, choices(case, evidence, paths, RedactionWishes()), None, {})
    (artifact,) = evidence.artifacts
    assert work.earlier(artifact, item.model_dump(mode="json")) == item
    case.path(Room.REDACTED, item.slim.path).unlink()
    assert work.earlier(artifact, item.model_dump(mode="json")) is None


def test_the_twin_keeps_the_ending_that_debuggers_know():
    assert slim_path("a/w3wp.dmp", Kind.MINIDUMP) == "a/w3wp.slim.dmp"
    assert slim_path("a/crash.7", Kind.MINIDUMP) == "a/crash.7.slim.dmp"
    assert slim_path("a/core.7", Kind.ELF_CORE) == "a/core.7.slim.core"


def test_words_of_a_32_bit_process(tmp_path):
    data = bytearray(made(struct.pack("<4I", 5, STACK + 4, 0x41414141, 4097)).data())
    struct.pack_into("<H", data, data.index(SYSTEM_INFO), 0)
    module = data.index(struct.pack("<Q", MODULE))
    struct.pack_into("<Q", data, module, 0x180000)
    (tmp_path / "x86.dmp").write_bytes(bytes(data))
    with (tmp_path / "x86.dmp").open("rb") as raw, (tmp_path / "slim.dmp").open("w+b") as out:
        assert slim(raw, out) == 2
        assert is_slim(out)
    assert struct.pack("<4I", 5, STACK + 4, 0x0DEFACED, 0x0DEFACED) in (tmp_path / "slim.dmp").read_bytes()
