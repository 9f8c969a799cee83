"""Reads and writes zip archives; the list of members is measured before the standard library reads it whole."""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from escalate.redact.handlers.archive_limits import Meter, TooMuch
from escalate.redact.handlers.archive_parts import Checked, Container, Entry, Member, Nothing, Scratch, damaged
from escalate.redact.handlers.archive_zip_writer import ZipWriter
from escalate.redact.handlers.registry import CannotRedact

TITLE = "zip archive"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_END = struct.Struct("<4s4H2IH")
_END_MAGIC = b"PK\x05\x06"
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_FILE = struct.Struct("<4s4B4HL2L5H2L")
_LONGEST_COMMENT = 65535
_ENCRYPTED = 0x1


def read(raw: BinaryIO, meter: Meter, scratch: Scratch) -> Iterator[Member]:
    """Every member in the order of the list at the end.

    Raises:
        CannotRedact: damaged or cut off.
    """
    del scratch
    with damaged(TITLE):
        _check(raw, meter)
    raw.seek(0)
    with damaged(TITLE):
        archive = zipfile.ZipFile(raw)
    with archive:
        for info in archive.infolist():
            barred = _barred(info)
            entry = Entry(
                info.filename,
                _is_folder(info),
                info.compress_size,
                info.date_time,
                info.compress_type,
                barred,
            )
            if barred or _is_folder(info):
                yield entry, Nothing()
                continue
            with damaged(TITLE):
                member = archive.open(info)
            with member:
                yield entry, Checked(member, TITLE)


def _is_folder(info: zipfile.ZipInfo) -> bool:
    """As the standard library says it, but for a member without a name."""
    return info.filename.endswith("/")


def _barred(info: zipfile.ZipInfo) -> str:
    if _is_folder(info):
        return ""
    if info.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if info.compress_type not in _METHODS:
        return f"it is compressed with method {info.compress_type}, which is not known"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "it is a link"
    return "" if kind in (0, stat.S_IFREG) else "it is no file"


def _check(raw: BinaryIO, meter: Meter) -> None:
    """Measure the list of members: the count in the end record may lie, and all of it would be held in memory."""
    limits = meter.total.limits
    size = raw.seek(0, 2)
    raw.seek(max(0, size - _END.size - _LONGEST_COMMENT))
    tail = raw.read()
    at = tail.rfind(_END_MAGIC)
    if at < 0:
        raise CannotRedact(f"the {TITLE} is cut off")
    _, _, _, _, _, length, offset, _ = _END.unpack_from(tail, at)
    place = size - len(tail) + at
    end = place
    if place >= _LOCATOR.size:
        raw.seek(place - _LOCATOR.size)
        magic, _, _, _ = _LOCATOR.unpack(raw.read(_LOCATOR.size))
        if magic == b"PK\x06\x07":
            end = place - _LOCATOR.size - _END64.size
            raw.seek(max(0, end))
            length, offset = _END64.unpack(raw.read(_END64.size))[-2:]
    if length > limits.directory:
        raise TooMuch(f"its list of members has more than {limits.directory:,} bytes")
    if end - length - offset != 0:
        raise CannotRedact(f"something stands in front of the {TITLE}, or it is damaged")
    raw.seek(offset)
    directory = raw.read(length)
    _count(directory, meter)


def _count(directory: bytes, meter: Meter) -> None:
    at, members = 0, 0
    while at < len(directory):
        fields = _FILE.unpack_from(directory, at)
        if fields[0] != b"PK\x01\x02":
            raise ValueError("no entry of a list of members")
        at += _FILE.size + sum(fields[12:15])
        members += 1
        if members > meter.total.limits.members:
            raise TooMuch(f"it has more than {meter.total.limits.members:,} members")


ZIP = Container(TITLE, read, ZipWriter)
