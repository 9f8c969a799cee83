"""Reads and writes tar archives: every header is checked before the standard library sees it."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import BinaryIO

from escalate.redact.handlers.archive_limits import Meter
from escalate.redact.handlers.archive_parts import (
    CHUNK,
    Checked,
    Container,
    Entry,
    Member,
    Nothing,
    Scratch,
    damaged,
)
from escalate.redact.handlers.registry import CannotRedact

TITLE = "tar archive"
_BLOCK = 512
_LONGEST_NOTE = 1 << 20
"""Bytes of a long name or a header with further fields, which are read whole."""
_NOTES = b"LKxgX"
_KNOWN = b"01234567\0LKxgXSDVMN"
_WITHOUT_DATA = b"123456"
_MODE = 0o644
_FOLDER_MODE = 0o755


def read(raw: BinaryIO, meter: Meter, scratch: Scratch) -> Iterator[Member]:
    """Every member in order.

    Raises:
        CannotRedact: damaged or cut off.
    """
    del scratch
    _check(raw, meter)
    raw.seek(0)
    with damaged(TITLE):
        archive = tarfile.TarFile(fileobj=raw, mode="r", errors="surrogateescape", encoding="utf-8")
    with archive:
        while True:
            with damaged(TITLE):
                info = archive.next()
                if info is None:
                    return
                content = archive.extractfile(info) if info.isreg() and not info.issparse() else None
            stamp = (max(0, int(info.mtime)),)
            entry = Entry(info.name, info.isdir(), info.size, stamp, barred="" if info.isdir() else _barred(info))
            yield entry, Checked(content, TITLE) if content is not None else Nothing()


def _barred(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "it is a link"
    if info.issparse():
        return "it is a sparse file"
    return "" if info.isreg() else "it is no file"


def _check(raw: BinaryIO, meter: Meter) -> None:
    """Walk over all headers: the standard library takes a broken one for the end, and reads long names whole."""
    end = raw.seek(0, 2)
    at, headers = 0, 0
    while at < end:
        raw.seek(at)
        header = raw.read(_BLOCK)
        if not any(header):
            break
        headers += 1
        if headers > 2 * meter.total.limits.members:
            raise CannotRedact(f"the {TITLE} has more than {meter.total.limits.members:,} members")
        with damaged(TITLE):
            size = _size(header)
        at += _BLOCK
        extended = header[156:157] == b"S" and header[482] != 0
        while extended:
            raw.seek(at)
            extended = raw.read(_BLOCK)[504:505] not in (b"", b"\0")
            at += _BLOCK
        if header[156] in _NOTES and size > _LONGEST_NOTE:
            raise CannotRedact(f"a name in the {TITLE} is too long")
        at += size + -size % _BLOCK
    else:
        if at != end or headers == 0:
            raise CannotRedact(f"the {TITLE} is cut off")
    raw.seek(at)
    while data := raw.read(CHUNK):
        if data.count(0) != len(data):
            raise CannotRedact(f"something stands behind the end of the {TITLE}")


def _size(header: bytes) -> int:
    """Bytes of data behind a header."""
    total = sum(header[:148]) + 8 * 32 + sum(header[156:])
    if len(header) < _BLOCK or int(header[148:156].strip(b" \0") or b"0", 8) != total:
        raise ValueError("not a tar header")
    if header[156] not in _KNOWN:
        raise ValueError("a member of an unknown type")
    if header[156] in _WITHOUT_DATA:
        return 0
    field = header[124:136]
    size = int.from_bytes(field[1:]) if field[0] == 0x80 else int(field.strip(b" \0") or b"0", 8)
    if size < 0:
        raise ValueError("a negative size")
    return size


class TarWriter:
    """Members without owner, group and further fields."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink

    def folder(self, name: str, entry: Entry) -> None:
        """See `Writer.folder`."""
        info = _info(name, entry, _FOLDER_MODE)
        info.type = tarfile.DIRTYPE
        self._sink.write(_header(info))

    def file(self, name: str, entry: Entry, content: BinaryIO, size: int) -> None:
        """See `Writer.file`."""
        info = _info(name, entry, _MODE)
        info.size = size
        self._sink.write(_header(info))
        while data := content.read(CHUNK):
            self._sink.write(data)
        self._sink.write(bytes(-size % _BLOCK))

    def finish(self) -> None:
        """See `Writer.finish`."""
        self._sink.write(bytes(2 * _BLOCK))


def _info(name: str, entry: Entry, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mtime = entry.stamp[0] if entry.stamp else 0
    info.mode = mode
    return info


def _header(info: tarfile.TarInfo) -> bytes:
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


TAR = Container(TITLE, read, TarWriter)
