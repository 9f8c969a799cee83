"""What is a dump, and what only looks like one."""

from __future__ import annotations

import os
import struct

import pytest

from escalate.collect.dump_check import BitnessError, NotADumpError, check_elf_core, check_minidump
from escalate.lab.kudu.minidump import write_minidump

MIB = 1024 * 1024


def test_a_whole_minidump_is_one(tmp_path):
    write_minidump(tmp_path / "a.dmp", 6744, MIB)
    check_minidump(tmp_path / "a.dmp")
    check_minidump(tmp_path / "a.dmp", full_of=2 * MIB)


@pytest.mark.parametrize("left", [0, 3, 40, 100, MIB // 2, MIB - 1])
def test_a_minidump_that_is_cut_anywhere_is_none(tmp_path, left):
    write_minidump(tmp_path / "a.dmp", 6744, MIB)
    os.truncate(tmp_path / "a.dmp", left)
    with pytest.raises(NotADumpError):
        check_minidump(tmp_path / "a.dmp")


def test_a_dump_of_the_other_bitness_is_told_apart(tmp_path):
    write_minidump(tmp_path / "a.dmp", 6744, 12 * 1024)
    with pytest.raises(BitnessError):
        check_minidump(tmp_path / "a.dmp")


def test_a_full_dump_is_not_much_smaller_than_the_process(tmp_path):
    write_minidump(tmp_path / "a.dmp", 6744, MIB)
    with pytest.raises(NotADumpError, match="no full dump"):
        check_minidump(tmp_path / "a.dmp", full_of=3 * MIB)


@pytest.mark.parametrize("check", [check_minidump, check_elf_core])
def test_a_page_is_no_dump(tmp_path, check):
    (tmp_path / "a.dmp").write_text("<!DOCTYPE html><html>502 Bad Gateway</html>")
    with pytest.raises(NotADumpError, match="HTML"):
        check(tmp_path / "a.dmp")


@pytest.mark.parametrize("streams", [0, 0xFFFFFFFF])
def test_a_header_that_lies_about_its_streams_is_refused(tmp_path, streams):
    (tmp_path / "a.dmp").write_bytes(struct.pack("<4sHHIIIIQ", b"MDMP", 0xA793, 0, streams, 32, 0, 0, 0) + bytes(65536))
    with pytest.raises(NotADumpError, match="damaged"):
        check_minidump(tmp_path / "a.dmp")


def elf(kind=4, data=4096, count=1):
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    return header + struct.pack("<IIQQQQQQ", 1, 4, 120, 0, 0, data, data, 1) + bytes(data)


def test_a_whole_core_is_one(tmp_path):
    (tmp_path / "core").write_bytes(elf())
    check_elf_core(tmp_path / "core")


@pytest.mark.parametrize("data", [elf()[:-1], elf()[:100], elf(kind=2), elf(count=0), b"", b"\x7fELF"])
def test_what_is_cut_or_another_elf_file_is_no_core(tmp_path, data):
    (tmp_path / "core").write_bytes(data)
    with pytest.raises(NotADumpError):
        check_elf_core(tmp_path / "core")
