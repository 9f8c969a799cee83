"""Tables as CSV: rows with as many cells as the header has names; the text of all others is left to the text rules."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator

from escalate.redact.engine import Engine, Source
from escalate.redact.handlers.table_columns import Columns

_READ = 256 * 1024
_LONGEST = 8 * 1024 * 1024
_SEPARATORS = b",;\t|"
_MARK = b"\xef\xbb\xbf"


def csv_rows(source: Source, engine: Engine, counts: Counter[str]) -> Iterator[bytes]:
    """The step for a table with a header."""
    data = source.read(_READ)
    head = data.removeprefix(_MARK).split(b"\n", 1)[0]
    separator = max(_SEPARATORS, key=head.count)
    sign = bytes((separator,))
    names = next(csv.reader([head.decode("utf-8", "replace")], delimiter=sign.decode()), [])
    columns = Columns([name.strip() for name in names], engine, counts)
    start = len(data) - len(data.removeprefix(_MARK)) + len(head)
    if not columns.places:
        start = len(data)
    yield data[:start]
    data = data[start:]
    row = _row(columns, sign)
    while data:
        more = source.read(_READ)
        out, data = _rows(data + more, row, columns, last=not more)
        yield out
        if not columns.places:
            yield data
            data = source.read(_READ)


def _row(columns: Columns, sign: bytes) -> re.Pattern[bytes]:
    """One row behind a line end; the cells that are looked at are groups."""
    separator = re.escape(sign)
    cell = rb"(?:\"(?:[^\"]|\"\")*+\"|[^\"\r\n" + separator + rb"][^\r\n" + separator + rb"]*+|)"
    cells = [b"(" + cell + b")" if at in columns.places else cell for at in range(columns.width)]
    return re.compile(rb"\r?\n" + separator.join(cells) + rb"(?=\r?\n|$)")


def _rows(data: bytes, row: re.Pattern[bytes], columns: Columns, *, last: bool) -> tuple[bytes, bytes]:
    """What is done, and what has to wait for more."""
    out: list[bytes] = []
    place = 0
    while place < len(data):
        match = row.match(data, place)
        if match is None or (match.end() == len(data) and not last):
            if not last and len(data) - place < _LONGEST and (match or data.find(b"\n", place + 1) < 0):
                break
            if match is None:
                following = data.find(b"\n", place + 1)
                if following > place and data[following - 1] == 0x0D and following - 1 > place:
                    following -= 1
                following = len(data) if following < 0 else following
                if not last and _is_open(data, place) and len(data) - place < _LONGEST:
                    break
                out.append(data[place:following])
                place = following
                continue
        out += _edited(data, match, columns)
        place = match.end()
    return b"".join(out), data[place:]


def _is_open(data: bytes, place: int) -> bool:
    """Whether a quoted cell may go on behind the data."""
    return data.count(b'"', place) % 2 == 1


def _edited(data: bytes, match: re.Match[bytes], columns: Columns) -> Iterator[bytes]:
    written = match.start()
    for group, at in enumerate(columns.places, start=1):
        start, end = match.span(group)
        if data[start : start + 1] == b'"':
            start, end = start + 1, end - 1
        new = columns.cell(at, data[start:end])
        yield data[written:start]
        yield new + b"\n" * data.count(b"\n", start, end) if new != data[start:end] else new
        written = end
    yield data[written : match.end()]
