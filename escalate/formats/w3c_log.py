"""W3C extended logs of IIS, read by their `#Fields` line, which may change in mid file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.lines import iter_lines
from escalate.formats.names import instance_of
from escalate.formats.record import FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import parse
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_NUMBERS = frozenset(
    {"s-port", "sc-status", "sc-substatus", "sc-win32-status", "sc-bytes", "cs-bytes", "c-port", "time-taken"}
)
_FIELDS = re.compile(r"^#Fields: +\S+ \S")


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a row; `-` is None, and so is the `fields` of a row that does not fit its header (empty)."""
    names: list[str] = []
    instance = instance_of(path)
    for line in iter_lines(stream):
        if line.text.startswith("#Fields:"):
            names = line.text.removeprefix("#Fields:").split()
            continue
        if line.text.startswith("#") or not line.text.strip():
            continue
        cells = line.text.split(" ")
        row = _row(names, cells) if len(cells) == len(names) else {}
        stamp = parse(f"{row.get('date')} {row.get('time')}", naive_is_utc=True)
        yield Record(
            line=line.number,
            text=line.text,
            ts=stamp.ts if stamp else None,
            precision=stamp.precision if stamp else Precision.UNKNOWN,
            site=_text(row, "s-sitename"),
            instance=_text(row, "s-computername") or instance,
            fields=row,
        )


def _row(names: list[str], cells: list[str]) -> dict[str, FieldValue]:
    row: dict[str, FieldValue] = {}
    for name, cell in zip(names, cells, strict=True):
        is_number = name in _NUMBERS and cell.isascii() and cell.isdigit() and len(cell) <= 18
        row[name] = None if cell == "-" else int(cell) if is_number else cell
    return row


def _text(row: dict[str, FieldValue], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) else None


def _recognises(head: Head) -> bool:
    return any(_FIELDS.match(line) for line in head.lines)


FORMATS = (Format(Kind.W3C_LOG, "text/plain", _recognises, rank=30, read=read),)
