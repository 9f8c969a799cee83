"""Dumps of memory say what they are of and whether they are whole, also when they are cut off or damaged."""

from __future__ import annotations

import io
import json
import subprocess
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalate.formats.dump import check_dump
from escalate.formats.sniff import identify
from escalate.model.dump import DumpCheck
from escalate.model.kind import Kind
from tests.fakes.core_maker import CoreMaker
from tests.fakes.heap_maker import Maker
from tests.fakes.kernel_dump_maker import PARAMETERS, flattened, kdump, vmcore, windows
from tests.fakes.minidump_writer import MinidumpWriter
from tests.fakes.real_crash import crashed, needs_gdb
from tests.formats.conftest import head_of, read_bytes

CRASH = """
#include <stdlib.h>
int poke(int *place) { return *place + 1; }
int main(int count, char **words) { return poke((int *)(long)(7 + count)); }
"""


def heap(*more: bytes) -> bytes:
    """A map of many orders, held by a static field of the class `shop.Cart`."""
    make = Maker()
    names = ("shop/Cart", "OPEN", "[Lshop/Order;", "table", "java/util/HashMap", "java/lang/OutOfMemoryError", "grow")
    for number, name in enumerate(names, start=1):
        make.text(number, name.encode())
    for klass, name in ((100, 1), (101, 3), (102, 5), (103, 6)):
        make.record(2, klass.to_bytes(4, "big") + make.ident(klass) + bytes(4) + make.ident(name))
    make.record(4, make.ident(70) + make.ident(6) + make.ident(0) + make.ident(0) + (103).to_bytes(4, "big") + bytes(4))
    make.record(4, make.ident(71) + make.ident(7) + make.ident(0) + make.ident(0) + (100).to_bytes(4, "big") + bytes(4))
    make.record(5, bytes([0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 2]) + make.ident(70) + make.ident(71))
    elements = make.ident(0x7001) * 200_000
    array = b"\x22" + make.ident(0x5000) + bytes(4) + (200_000).to_bytes(4, "big") + make.ident(101) + elements
    return make.heap(
        make.klass(100, 0, [(2, 2, make.ident(0x4000))]),
        make.klass(102, 0, fields=[(4, 2)]),
        make.instance(0x4000, 102, make.ident(0x5000)),
        array,
        *more,
    ).end()


SAMPLES = {
    "core": CoreMaker(b"heap" * 40).data(),
    "narrow core": CoreMaker(b"heap" * 40, wide=False).data(),
    "minidump": MinidumpWriter(b"memory" * 90).data(),
    "full minidump": MinidumpWriter(b"memory" * 90, full=True).data(),
    "heap": heap(),
    "small": windows(4, driver="bad.sys"),
    "bitmap": windows(6),
    "kdump": kdump(),
    "flat": flattened(),
    "vmcore": vmcore(),
}


def check(data: bytes) -> DumpCheck:
    found = check_dump(identify(head_of(data)).kind, io.BytesIO(data))
    assert found is not None
    return found


@needs_gdb
@pytest.mark.system
def test_a_real_core_names_the_same_place_as_gdb(tmp_path):
    (tmp_path / "crash.c").write_text(CRASH)
    subprocess.run(["gcc", "-O0", "-o", tmp_path / "crash", tmp_path / "crash.c"], check=True)
    core = tmp_path / "crash.core"
    looks = [
        "run",
        f"generate-core-file {core}",
        'printf "%lx\\n", $pc - (long)&poke',
        "info symbol $pc",
        "p/x (long)&poke",
    ]
    arguments = [word for look in looks for word in ("-ex", look)]
    told = subprocess.run(
        ["gdb", "-nx", "-batch", *arguments, tmp_path / "crash"], check=True, capture_output=True, text=True
    ).stdout
    inside = int(next(line for line in told.splitlines() if line and all(c in "0123456789abcdef" for c in line)), 16)
    symbols = subprocess.run(["nm", tmp_path / "crash"], check=True, capture_output=True, text=True).stdout
    poke = int(next(line for line in symbols.splitlines() if line.endswith(" poke")).split()[0], 16)
    ids = subprocess.run(["readelf", "-n", tmp_path / "crash"], check=True, capture_output=True, text=True).stdout
    build_id = next(line.split()[-1] for line in ids.splitlines() if "Build ID" in line)

    found = check(core.read_bytes())
    assert (found.state, found.process, found.arch) == ("complete", "crash", "x86_64")
    assert found.fault is not None
    assert (found.fault.name, found.fault.touched, found.fault.sent) == ("SIGSEGV", 8, False)
    assert (found.fault.module, found.fault.offset) == ("crash", poke + inside)
    assert (found.modules[0].name, found.modules[0].id) == ("crash", build_id)
    assert "libc.so.6" in {module.name for module in found.modules}
    assert found.fault.thread == found.pid
    assert str(found.system).startswith("Linux ")

    short = check(core.read_bytes()[:-4096])
    assert short.state == "truncated"
    assert 0 < short.missing <= 4096
    assert short.fault == found.fault
    assert f"truncated: {short.missing:,} bytes are missing" in short.summary


@needs_gdb
@pytest.mark.system
def test_a_core_of_a_living_process_has_no_fault_and_tells_where_its_threads_stand(tmp_path):
    place = tmp_path / "live.core"
    process = subprocess.Popen(["sleep", "60"])
    try:
        looks = ["-nx", "-batch", "-p", str(process.pid), "-ex", f"generate-core-file {place}"]
        subprocess.run(["gdb", *looks], check=True, capture_output=True)
    finally:
        process.kill()
        process.wait()
    with place.open("rb") as handle:
        found = check_dump(Kind.ELF_CORE, handle, expected_pid=process.pid)
    assert found is not None
    assert (found.state, found.fault, found.problems) == ("complete", None, ())
    (stands,) = found.places
    assert stands.threads == 1
    assert stands.frame.startswith("libc.so.6+0x")
    assert {module.name for module in found.modules} >= {"sleep", "libc.so.6"}


@pytest.mark.system
def test_a_real_crash_handlers_minidump_names_the_program_and_its_threads(tmp_path):
    found = check(crashed(tmp_path, "nothing", {}).read_bytes())
    assert (found.state, found.threads, found.process) == ("complete", 2, "crashing")
    assert found.fault is not None
    assert (found.fault.name, found.fault.module, found.fault.touched) == ("SIGSEGV", "crashing", 0)
    assert found.fault.thread == found.pid
    assert found.captured_at is not None
    assert all(module.id for module in found.modules)


def test_a_windows_dump_names_its_module_by_guid_and_age():
    found = check(SAMPLES["minidump"])
    assert (found.pid, found.threads, found.system) == (4242, 1, "Windows 10.0.20348")
    (module,) = found.modules
    assert (module.name, module.id) == ("app.dll", "030201000504070608090A0B0C0D0E0F13121110")
    assert found.captured_at == datetime(2021, 1, 14, 8, 25, 36, tzinfo=UTC)
    assert found.problems == ()
    assert "jane" not in found.model_dump_json()


def test_an_access_violation_is_named_with_module_and_offset():
    data = bytearray(SAMPLES["minidump"])
    stream = next(entry for entry in range(32, 32 + 12 * 11, 12) if data[entry : entry + 4] == b"\x06\0\0\0")
    at = int.from_bytes(data[stream + 8 : stream + 12], "little")
    data[at + 8 : at + 12] = (0xC0000005).to_bytes(4, "little")
    data[at + 24 : at + 36] = (0x180000123).to_bytes(8, "little") + (2).to_bytes(4, "little")
    data[at + 40 : at + 56] = bytes(8) + (0x10).to_bytes(8, "little")
    fault = check(bytes(data)).fault
    assert fault is not None
    assert (fault.name, fault.frame, fault.touched) == ("EXCEPTION_ACCESS_VIOLATION", "app.dll+0x123", 0x10)


def test_a_dump_of_another_process_has_a_problem():
    found = check_dump(Kind.MINIDUMP, io.BytesIO(SAMPLES["minidump"]), expected_pid=7)
    assert found is not None
    assert "pid 7 was asked for" in found.problems[0]
    assert check_dump(Kind.TEXT, io.BytesIO(b"x")) is None


def test_what_fills_a_heap_and_who_holds_it_is_told():
    _, records = read_bytes(SAMPLES["heap"], "heap.hprof")
    assert records[0].fields["state"] == "complete"
    classes = {record.fields["class"]: record.fields for record in records if record.fields["what"] == "class"}
    assert classes["shop.Order[]"]["bytes"] == 1_600_016
    (array,) = [record for record in records if record.fields["what"] == "array"]
    assert array.fields["path"] == "java.util.HashMap.table <- static shop.Cart.OPEN"
    assert array.fields["count"] == 200_000
    (failed,) = [record for record in records if record.fields["what"] == "out-of-memory"]
    assert failed.fields["top"] == "shop.Cart.grow"


@pytest.mark.parametrize("lost", [1, 8, 9, 500_000])
def test_a_heap_dump_that_is_cut_off_is_truncated_and_read_as_far_as_it_goes(lost):
    data = SAMPLES["heap"][:-lost]
    assert check(data).state == "truncated"
    _, records = read_bytes(data, "heap.hprof")
    assert "shop.Order[]" in {record.fields.get("class") for record in records}


def test_a_bugcheck_is_named_with_its_parameters_and_time():
    found = check(SAMPLES["small"])
    assert found.fault is not None
    assert (found.fault.code, found.fault.name) == (0xD1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL")
    assert found.fault.parameters == PARAMETERS
    assert found.fault.module == "bad.sys"
    assert (found.state, found.system, found.arch) == ("complete", "Windows build 20348", "x86_64")
    assert found.captured_at == datetime(2022, 6, 18, 4, 26, 40, tzinfo=UTC)


@pytest.mark.parametrize("data", [windows(1), windows(6), windows(4), kdump(), vmcore(), SAMPLES["core"]])
def test_what_is_cut_off_says_how_much_is_missing(data):
    assert (check(data).state, check(data).missing) == ("complete", 0)
    assert (check(data[:-77]).state, check(data[:-77]).missing) == ("truncated", 77)


@pytest.mark.parametrize(("place", "value"), [(16, 2), (56, 0), (54, 9), (5, 2)])
def test_another_elf_file_and_a_header_that_lies_are_damaged(place, value):
    data = bytearray(SAMPLES["core"])
    data[place : place + 2] = bytes([value, data[place + 1] if place == 5 else 0])
    found = check_dump(Kind.ELF_CORE, io.BytesIO(bytes(data)))
    assert found is not None
    assert found.state == "damaged"
    assert found.problems


def test_dumps_of_linux_machines_name_release_and_time():
    for data in (kdump(), vmcore()):
        found = check(data)
        assert (found.system, found.arch) == ("Linux 5.15.0-1075-azure", "x86_64")
        assert found.captured_at == datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
    full_disk = check(kdump(status=9))
    assert full_disk.state == "truncated"
    assert "no room" in full_disk.problems[0]
    assert check(flattened()).state == "complete"
    assert check(flattened(whole=False)).state == "truncated"


def test_nothing_of_a_dump_but_its_structure_is_told():
    words = json.dumps([record.text for data in SAMPLES.values() for record in read_bytes(data)[1]])
    assert "memorymemory" not in words
    assert "--port" not in words


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(sorted(set(SAMPLES) - {"heap"})),
    cut=st.integers(0, 40_000),
    flips=st.lists(st.tuples(st.integers(20, 9000), st.integers(0, 255)), max_size=6),
)
def test_cuts_and_flipped_bits_never_raise(name, cut, flips):
    _never_raises(SAMPLES[name], cut, flips)


SMALL_HEAP = heap().replace(Maker().ident(0x7001) * 200_000, b"")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cut=st.integers(0, 800), flips=st.lists(st.tuples(st.integers(20, 900), st.integers(0, 255)), max_size=6))
def test_a_damaged_heap_never_raises(cut, flips):
    _never_raises(SMALL_HEAP, cut, flips)


def _never_raises(sample: bytes, cut: int, flips: list[tuple[int, int]]) -> None:
    data = bytearray(sample)
    for at, value in flips:
        if at < len(data):
            data[at] = value
    data = data[: max(64, len(data) - cut)]
    found, records = read_bytes(bytes(data), "a.dump")
    assert found.kind in (Kind.ELF_CORE, Kind.MINIDUMP, Kind.HPROF, Kind.KERNEL_DUMP)
    assert records
    assert records[0].fields["state"] in ("complete", "truncated", "damaged")
    if len(data) < len(sample) and not flips and found.kind is not Kind.HPROF:
        assert records[0].fields["state"] != "complete"


@settings(max_examples=100, deadline=None)
@given(kind=st.sampled_from([Kind.ELF_CORE, Kind.MINIDUMP, Kind.HPROF, Kind.KERNEL_DUMP]), data=st.binary(max_size=600))
def test_arbitrary_bytes_are_damaged_or_cut_off(kind, data):
    starts = {Kind.MINIDUMP: b"MDMP\x93\xa7", Kind.HPROF: b"JAVA PROFILE 1.0.2\0", Kind.KERNEL_DUMP: b"PAGEDU64"}
    found = check_dump(kind, io.BytesIO(starts.get(kind, b"\x7fELF") + data))
    assert found is not None
    assert found.summary
