"""Results of Log Analytics and Application Insights queries: tables, bare lists of rows, CSV."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.json_lines import BrokenJson, Path, into, walk
from escalate.formats.objects import (
    Item,
    Rewound,
    by_plain_key,
    cell_text,
    first_plain_text,
    header_of,
    items,
    join_cells,
    number,
    plain_key,
    read_document,
    read_items,
    sample_keys,
)
from escalate.formats.record import FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import Stamp, parse
from escalate.model.finding import Precision
from escalate.model.kind import Kind

INSTANCE_COLUMNS = (
    "ComputerName",
    "Host",
    "AppRoleInstance",
    "cloud_RoleInstance",
    "RoleInstance",
    "Instance",
    "Computer",
)
_PLAIN_INSTANCE = tuple(plain_key(name) for name in INSTANCE_COLUMNS)
_PLAIN_SITE = ("approlename", "cloudrolename")
_PLAIN_RESOURCE = ("resourceid",)
_TIME_COLUMNS = ("TimeGenerated", "timestamp", "PreciseTimeStamp", "EventTimestamp", "Time")
_MARKS = frozenset(
    {"itemtype", "cloudrolename", "cloudroleinstance", "operationid", "approlename", "tenantid", "itemid"}
)
"""Columns that tell a query result from any other list with a `timestamp`."""

_SITE_ID = re.compile(r"/providers/microsoft\.web/sites/([^/]+)", re.IGNORECASE)
_UNNAMED = frozenset({"", "primaryresult", "table_0"})
_TABLES = into("", "/tables", "/tables/*", "/tables/*/rows")


@dataclass
class _Table:
    name: str = ""
    columns: list[str] = field(default_factory=list)


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a row; times without a zone are UTC, as both services store them."""
    start = stream.read(4096)
    rest = Rewound(start, stream)
    if b'tables"' in start.replace(b"\x00", b"").lower():
        yield from read_document(rest, path, _tables)
    else:
        yield from read_items(rest, path, _row_of_item)


def table_name(given: object, path: PurePosixPath) -> str:
    """The table's own name, or the file's where a result is merely called PrimaryResult."""
    name = given if isinstance(given, str) else ""
    return path.name.split(".")[0] if name.lower() in _UNNAMED else name


def time_of(fields: Mapping[str, object], columns: tuple[str, ...] = _TIME_COLUMNS) -> Stamp | None:
    """The first of these columns that holds a time, read as UTC unless the column says `[Local Time]`."""
    return _first_time(by_plain_key(fields), columns)


def _first_time(by_name: Mapping[str, object], columns: tuple[str, ...]) -> Stamp | None:
    for column in columns:
        value = by_name.get(plain_key(column))
        stamp = parse(value, naive_is_utc=True) if isinstance(value, str) else None
        if stamp:
            return stamp
    return None


def _tables(text: str, path: PurePosixPath) -> Iterator[Record]:
    tables: dict[Path, _Table] = {}
    try:
        for value in walk(text, _TABLES):
            if len(value.path) == 3:
                _learn(tables.setdefault(value.path[:2], _Table()), plain_key(str(value.path[2])), value.value)
    except BrokenJson:
        pass  # the pass below meets the same break, after the rows before it
    if not tables:
        for item in items(text):
            yield from _row_of_item(item, path)
        return
    for value in walk(text, _TABLES):
        if len(value.path) != 4 or str(value.path[2]).lower() != "rows":
            continue
        table = tables.get(value.path[:2], _Table())
        cells = value.value
        if isinstance(cells, dict):
            row = cells
        elif isinstance(cells, list):
            names = table.columns + [f"column{index}" for index in range(len(table.columns), len(cells))]
            row = dict(zip(names, cells, strict=False))
        else:
            continue
        yield _record(row, line=value.line, pointer=value.pointer, table=table_name(table.name, path))


def _learn(table: _Table, key: str, value: object) -> None:
    if key in ("name", "tablename") and isinstance(value, str):
        table.name = value
    elif key == "columns" and isinstance(value, list):
        table.columns = [column_name(column) for column in value]


def column_name(column: object) -> str:
    """The name of a column as ARM (`columnName`), Log Analytics (`name`) and PowerShell write it."""
    if isinstance(column, dict):
        by_key = {plain_key(key): value for key, value in column.items()}
        return str(by_key.get("columnname") or by_key.get("name") or "")
    return str(column)


def _row_of_item(item: Item, path: PurePosixPath) -> Iterator[Record]:
    fields = {_without_zone(key): value for key, value in item.fields.items()}
    table = table_name(fields.pop("TableName", None), path)
    yield _record(fields, line=item.line, pointer=item.pointer, table=table, extra=item.extra)


@functools.lru_cache(maxsize=4096)
def _without_zone(key: str) -> str:
    return key.removesuffix("[UTC]").rstrip()


def _record(row: Mapping[str, object], *, line: int, pointer: str | None, table: str, extra: str = "") -> Record:
    by_name = by_plain_key(row)
    stamp = _first_time(by_name, _TIME_COLUMNS)
    fields: dict[str, FieldValue] = {}
    cells: list[object] = []
    for key, value in row.items():
        if isinstance(value, (dict, list)):  # written as text once, for both the field and the cell
            fields[key] = text = cell_text(value)
            cells.append(text)
        else:
            fields[key] = number(value)
            cells.append(value)
    if extra:
        cells.append(extra)
    fields["_table"] = table
    return Record(
        line=line,
        text=join_cells(cells),
        ts=stamp.ts if stamp else None,
        precision=stamp.precision if stamp else Precision.UNKNOWN,
        pointer=pointer,
        site=first_plain_text(by_name, _PLAIN_SITE) or _site_of_resource(first_plain_text(by_name, _PLAIN_RESOURCE)),
        instance=first_plain_text(by_name, _PLAIN_INSTANCE),
        fields=fields,
    )


def _site_of_resource(resource_id: str | None) -> str | None:
    match = _SITE_ID.search(resource_id or "")
    return match[1] if match else None


def _recognises(head: Head) -> bool:
    if isinstance(head.json, dict):
        tables = next((value for key, value in head.json.items() if key.lower() == "tables"), None)
        if isinstance(tables, list):
            first = tables[0] if tables else None
            return isinstance(first, dict) and any(plain_key(key) in ("columns", "rows") for key in first)
    elif head.json is None and not header_of(head):
        return False
    keys = sample_keys(head)
    return "timegenerated" in keys or ("timestamp" in keys and bool(keys & _MARKS))


FORMATS = (Format(Kind.LOG_TABLE, "application/json", _recognises, rank=28, read=read),)
