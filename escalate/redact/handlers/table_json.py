"""Results of KQL queries as JSON: `columns` first, then `rows`; and rows that are objects, member by member."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from escalate.redact.engine import Engine, Source
from escalate.redact.handlers.table_columns import Columns

_READ = 256 * 1024
_LONGEST = 8 * 1024 * 1024
_COLUMNS = re.compile(rb"\"[cC]olumns\"\s*:\s*(?P<list>\[[^\[\]]*\])\s*,\s*\"[rR]ows\"\s*:\s*\[")
_COLUMNS_BEGIN = re.compile(rb"\"[cC]olumns\"\s*:")
_STRING = rb"\"(?:[^\"\\]|\\.)*+\""
_FLAT = rb"(?:" + _STRING + rb"|[^\s\[\]{},\"]++)"
_TOKEN = re.compile(_STRING + rb"|\"(?:[^\"\\]|\\.)*+\\?\Z|[^\s\[\]{},:\"]++|[\[\]{},:]", re.DOTALL)
_BEFORE_ROW = re.compile(rb"[\s,]*+(?P<end>[^\s,\[])?")
_KEPT = 64 * 1024


def json_rows(source: Source, engine: Engine, counts: Counter[str]) -> Iterator[bytes]:
    """The step for tables, columns, rows."""
    data, last = b"", False
    columns: Columns | None = None
    while not last or data:
        more = b"" if last else source.read(_READ)
        last = not more
        data += more
        place = 0
        while True:
            if columns is None:
                found = _COLUMNS.search(data, place)
                if found is None:
                    break
                columns = Columns(_names(found["list"]), engine, counts)
                yield data[place : found.end()]
                place = found.end()
            out, place, ended = _rows(data, place, columns, last=last)
            yield out
            columns = None if ended else columns
            if not ended:
                break
        keep = place if last is False and columns is not None else _keep_from(data, place, last=last)
        if columns is not None and len(data) - place > _LONGEST:
            columns, keep = None, len(data)
        if last:
            keep = len(data)
        yield data[place:keep]
        data = data[keep:]


def _keep_from(data: bytes, place: int, *, last: bool) -> int:
    """From where a list of columns may begin that is not here as a whole yet."""
    if last:
        return len(data)
    begin = _COLUMNS_BEGIN.search(data, max(place, len(data) - _KEPT))
    return begin.start() if begin else max(place, len(data) - 16)


def _names(listed: bytes) -> list[str]:
    try:
        found = json.loads(listed)
    except ValueError:
        return []
    return [str(one.get("name") or one.get("ColumnName") or "") if isinstance(one, dict) else str(one) for one in found]


def _rows(data: bytes, place: int, columns: Columns, *, last: bool) -> tuple[bytes, int, bool]:
    """What is done of the rows, how far, and whether the table ended."""
    row = _pattern(columns)
    out: list[bytes] = []
    while True:
        before = _BEFORE_ROW.match(data, place)
        begin = before.end() if before else place
        if before and before["end"] is not None:
            return b"".join(out), place, True
        if begin >= len(data):
            return b"".join(out), place, last
        flat = row.match(data, begin)
        spans = [flat.span(group) for group in range(1, len(columns.places) + 1)] if flat else None
        end = flat.end() if flat else -1
        if spans is None:
            spans, end = _deep(data, begin, columns)
        if end < 0:
            if not last:
                return b"".join(out), place, False
            end = len(data)
        written = place
        for at, (start, stop) in zip(columns.places, spans, strict=False):
            out += (data[written:start], _cell(data[start:stop], at, columns))
            written = stop
        out.append(data[written:end])
        place = end


def _pattern(columns: Columns) -> re.Pattern[bytes]:
    cells = [b"(" + _FLAT + b")" if at in columns.places else _FLAT for at in range(columns.width)]
    return re.compile(rb"\[\s*+" + rb"\s*+,\s*+".join(cells) + rb"\s*+\]", re.DOTALL)


def _deep(data: bytes, place: int, columns: Columns) -> tuple[list[tuple[int, int]], int]:
    """The cells of a row with arrays or objects in it, and where it ends; -1: not in this data."""
    depth, at, begin = 0, 0, place + 1
    cells: dict[int, tuple[int, int]] = {}
    for token in _TOKEN.finditer(data, place):
        sign = token[0]
        if sign in (b"[", b"{"):
            depth += 1
        elif sign in (b"]", b"}"):
            depth -= 1
        if depth == 0 or (depth == 1 and sign == b","):
            cells[at] = (begin, token.start())
            at, begin = at + 1, token.end()
        if depth <= 0:
            return [cells.get(one, (token.start(), token.start())) for one in columns.places], token.end()
    cells[at] = (min(begin, len(data)), len(data))
    return [cells[one] for one in columns.places if one in cells], -1


def _cell(old: bytes, at: int, columns: Columns) -> bytes:
    text = old.strip()
    if text in (b"", b"null", b"true", b"false"):
        return old
    if text[:1] == b'"':
        closing = b'"' if len(text) > 1 and text.endswith(b'"') else b""
        return old.replace(text, b'"' + columns.cell(at, text[1 : len(text) - len(closing)]) + closing, 1)
    new = columns.cell(at, text)
    return old if new == text else old.replace(text, json.dumps(new.decode("utf-8", "replace")).encode(), 1)
