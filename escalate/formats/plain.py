"""Text of no known shape, and the fallbacks: generic JSON, CSV, XML, binary and empty files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.levels import level_of
from escalate.formats.lines import Line, detect_encoding, iter_lines, strip_ansi
from escalate.formats.names import instance_of, pid_of, site_of
from escalate.formats.record import FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import Stamp, of_line, parse
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_APP_TRACE = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d) +PID\[(\d+)\] +(\w+) ")
"""LogFiles/Application/*.txt of Windows workers, whose clock is UTC (app-service-evidence, "On-disk layout")."""

_CONTROL = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")


def read_lines(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a line."""
    return line_records(iter_lines(stream), path)


def line_records(lines: Iterable[Line], path: PurePosixPath) -> Iterator[Record]:
    """One record a line; a line without a time and zone of its own has none."""
    instance, site, pid = instance_of(path), site_of(path), pid_of(path)
    for line in lines:
        text = strip_ansi(line.text)
        trace = _APP_TRACE.match(text)
        stamp: Stamp | None = parse(trace[1], naive_is_utc=True) if trace else of_line(text)
        level = trace[3].upper() if trace else level_of(text)
        fields: dict[str, FieldValue] = {"level": level} if level else {}
        yield Record(
            line=line.number,
            text=text,
            ts=stamp.ts if stamp else None,
            precision=stamp.precision if stamp else Precision.UNKNOWN,
            site=site,
            instance=instance,
            pid=int(trace[2]) if trace and len(trace[2]) <= 10 else pid,
            fields=fields,
        )


def looks_like_text(data: bytes) -> bool:
    """Whether these first bytes of a file are text: UTF-8, UTF-16 or an 8-bit code page.

    A run of NUL bytes before text is taken for text too: that is how a log looks that was cut while it was written to.
    """
    encoding = detect_encoding(data)
    if encoding != "utf-8":
        text = data.decode(encoding, errors="replace")
        return _mostly_printable(text)
    data = data.lstrip(b"\x00")
    if not data or b"\x00" in data:
        return False
    if len(_CONTROL.findall(data)) > len(data) // 50:
        return False
    try:
        data.decode()
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:
            return sum(byte >= 0x80 for byte in data) <= len(data) * 0.3
    return True


def _mostly_printable(text: str) -> bool:
    strange = sum(not (char.isprintable() or char in "\t\r\n\ufeff\x1b\f") for char in text)
    return strange <= len(text) // 50


def _is_json(head: Head) -> bool:
    if isinstance(head.json, (dict, list)):
        return True
    return head.name.suffix.lower() == ".json" and head.text.lstrip()[:1] in ("{", "[")


def _is_csv(head: Head) -> bool:
    return head.name.suffix.lower() in (".csv", ".tsv") and looks_like_text(head.data)


def _is_xml(head: Head) -> bool:
    start = head.text.lstrip()
    return start.startswith("<?xml") or (head.name.suffix.lower() == ".xml" and start.startswith("<"))


FORMATS = (
    Format(Kind.EMPTY, "inode/x-empty", lambda head: head.size == 0, rank=0),
    Format(Kind.JSON, "application/json", _is_json, rank=70, read=read_lines),
    Format(Kind.XML, "application/xml", _is_xml, rank=71, read=read_lines),
    Format(Kind.CSV, "text/csv", _is_csv, rank=72, read=read_lines),
    Format(Kind.TEXT, "text/plain", lambda head: looks_like_text(head.data), rank=90, read=read_lines),
    Format(Kind.BINARY, "application/octet-stream", lambda _: True, rank=99),
)
