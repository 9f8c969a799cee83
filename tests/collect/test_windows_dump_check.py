"""What is a dump, and what only looks like one."""

from __future__ import annotations

import os
import struct

import pytest

from escalate.collect.dump_check import BitnessError, NotADumpError, check_minidump
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


def test_a_page_is_no_dump(tmp_path):
    (tmp_path / "a.dmp").write_text("<!DOCTYPE html><html>502 Bad Gateway</html>")
    with pytest.raises(NotADumpError, match="HTML"):
        check_minidump(tmp_path / "a.dmp")


@pytest.mark.parametrize("streams", [0, 0xFFFFFFFF])
def test_a_header_that_lies_about_its_streams_is_refused(tmp_path, streams):
    (tmp_path / "a.dmp").write_bytes(struct.pack("<4sHHIIIIQ", b"MDMP", 0xA793, 0, streams, 32, 0, 0, 0) + bytes(65536))
    with pytest.raises(NotADumpError, match="damaged"):
        check_minidump(tmp_path / "a.dmp")
