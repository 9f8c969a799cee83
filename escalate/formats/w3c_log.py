"""W3C extended logs of IIS, read by their `#Fields` line, which may change in mid file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.lines import iter_texts
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
    numbers: list[str] = []
    instance = instance_of(path)
    written, stamp = "", None
    for number, text in enumerate(iter_texts(stream), start=1):
        if text.startswith("#Fields:"):
            names = text.removeprefix("#Fields:").split()
            numbers = [name for name in names if name in _NUMBERS]
            continue
        if text.startswith("#") or not text.strip():
            continue
        cells = text.split(" ")
        row = _row(names, numbers, cells) if len(cells) == len(names) else {}
        moment = f"{row.get('date')} {row.get('time')}"
        if moment != written:  # many rows are of the same second
            written, stamp = moment, parse(moment, naive_is_utc=True)
        yield Record(
            line=number,
            text=text,
            ts=stamp.ts if stamp else None,
            precision=stamp.precision if stamp else Precision.UNKNOWN,
            site=_text(row, "s-sitename"),
            instance=_text(row, "s-computername") or instance,
            fields=row,
        )


def _row(names: list[str], numbers: list[str], cells: list[str]) -> dict[str, FieldValue]:
    """The cells by name; `numbers` are the names whose cells are read as numbers."""
    row: dict[str, FieldValue] = dict(zip(names, [None if cell == "-" else cell for cell in cells], strict=True))
    for name in numbers:
        cell = row[name]
        if isinstance(cell, str) and cell.isascii() and cell.isdigit() and len(cell) <= 18:
            row[name] = int(cell)
    return row


def _text(row: dict[str, FieldValue], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) else None


def _recognises(head: Head) -> bool:
    return any(_FIELDS.match(line) for line in head.lines)


FORMATS = (Format(Kind.W3C_LOG, "text/plain", _recognises, rank=30, read=read),)
