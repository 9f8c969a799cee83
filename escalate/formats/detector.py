"""Answers of App Service detectors: datasets of rows, and a status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.json_lines import BrokenJson, Path, Value, into, walk
from escalate.formats.log_table import column_name, time_of
from escalate.formats.objects import first_entry, first_text, join_cells, number, plain_key, read_document
from escalate.formats.record import FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_INSTANCE_COLUMNS = ("Instance", "RoleInstance", "MachineName", "Computer")
_TIME_COLUMNS = ("TimeStamp", "PreciseTimeStamp", "TimeGenerated", "StartTime", "Time")
_BELOW = ("", "/dataset", "/dataset/*", "/dataset/*/table", "/dataset/*/table/rows")
_OF_OBJECT = into(
    "", "/value", *(f"{at}{below}" for at in ("", "/properties", "/value/*", "/value/*/properties") for below in _BELOW)
)
_OF_LIST = into("", *(f"{at}{below}" for at in ("/*", "/*/properties") for below in _BELOW))


@dataclass
class _Detector:
    name: str = ""
    status: str | None = None
    status_id: FieldValue = None
    anchor: Path = ()
    """Where a detector without rows is cited: its status, else its metadata."""
    description: str = ""
    has_rows: bool = False
    columns: dict[Path, list[str]] = field(default_factory=dict)
    tables: dict[Path, str] = field(default_factory=dict)


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a row of every dataset; of a detector without rows one with its status. Times are UTC."""
    yield from read_document(stream, path, _records)


def _records(text: str, path: PurePosixPath) -> Iterator[Record]:
    enters = _OF_LIST if text.lstrip().startswith("[") else _OF_OBJECT
    detectors: dict[Path, _Detector] = {}
    names: dict[Path, str] = {}
    try:
        for value in walk(text, enters):
            _learn(value, detectors, names)
    except BrokenJson:
        pass  # the pass below meets the same break, after the rows before it
    for base, detector in detectors.items():
        detector.name = detector.name or names.get(base[:-1] if _tail(base) == "properties" else base, path.stem)
    for value in walk(text, enters):
        at = _base(value.path)
        if at is None or at not in detectors:
            continue
        if _is_row(value.path):
            yield _row(value, detectors[at])
        elif value.path == detectors[at].anchor and not detectors[at].has_rows:
            yield _status(value, detectors[at])


def _learn(value: Value, detectors: dict[Path, _Detector], names: dict[Path, str]) -> None:
    base = _base(value.path)
    key = _tail(value.path)
    if base is None:
        if key == "name" and isinstance(value.value, str):
            names[value.path[:-1]] = value.value
        return
    detector = detectors.setdefault(base, _Detector())
    inner = {plain_key(name): member for name, member in value.value.items()} if isinstance(value.value, dict) else {}
    if key == "metadata" and len(value.path) == len(base) + 1:
        detector.name = str(inner.get("id") or "")
        detector.description = str(inner.get("description") or inner.get("name") or "")
        detector.anchor = detector.anchor or value.path
    elif key == "status" and len(value.path) == len(base) + 1:
        message, status_id = inner.get("message"), inner.get("statusid")
        detector.status = str(message) if message is not None else None
        detector.status_id = number(status_id)
        detector.anchor = value.path
    elif key == "columns" and isinstance(value.value, list):
        detector.columns[value.path[:-1]] = [column_name(column) for column in value.value]
    elif key == "tablename" and isinstance(value.value, str):
        detector.tables[value.path[:-1]] = value.value
    elif _is_row(value.path):
        detector.has_rows = True


def _status(value: Value, detector: _Detector) -> Record:
    return Record(
        line=value.line,
        text=" | ".join(part for part in (detector.status, detector.description) if part) or detector.name,
        pointer=value.pointer,
        fields=_common(detector),
    )


def _row(value: Value, detector: _Detector) -> Record:
    table = value.path[:-2]
    columns = detector.columns.get(table, [])
    cells = value.value if isinstance(value.value, list) else [value.value]
    names = columns + [f"column{index}" for index in range(len(columns), len(cells))]
    row = dict(zip(names, cells, strict=False))
    stamp = time_of(row, _TIME_COLUMNS)
    fields: dict[str, FieldValue] = {key: number(cell) for key, cell in row.items()}
    return Record(
        line=value.line,
        text=join_cells(cells),
        ts=stamp.ts if stamp else None,
        precision=stamp.precision if stamp else Precision.UNKNOWN,
        pointer=value.pointer,
        site=first_text(row, ("SiteName",)),
        instance=first_text(row, _INSTANCE_COLUMNS),
        fields=fields | _common(detector) | {"_table": detector.tables.get(table, "")},
    )


def _common(detector: _Detector) -> dict[str, FieldValue]:
    return {"_detector": detector.name, "_status": detector.status, "_status_id": detector.status_id}


def _base(path: Path) -> Path | None:
    """The path of the object that holds `metadata`, `status` and `dataset`."""
    for index, part in enumerate(path):
        if isinstance(part, str) and part.lower() in ("metadata", "status", "dataset"):
            return path[:index]
    return None


def _is_row(path: Path) -> bool:
    return len(path) >= 2 and isinstance(path[-1], int) and str(path[-2]).lower() == "rows"


def _tail(path: Path) -> str:
    return plain_key(str(path[-1])) if path else ""


def _recognises(head: Head) -> bool:
    entry = first_entry(head.json)
    inner = {plain_key(key): value for key, value in entry.items()}
    properties = inner.get("properties")
    if isinstance(properties, dict):
        inner |= {plain_key(key): value for key, value in properties.items()}
    if str(inner.get("type", "")).lower().endswith("/detectors") and "metadata" in inner:
        return True
    dataset = inner.get("dataset")
    first = dataset[0] if isinstance(dataset, list) and dataset else None
    return isinstance(dataset, list) and (
        "metadata" in inner or (isinstance(first, dict) and "table" in {k.lower() for k in first})
    )


FORMATS = (Format(Kind.DETECTOR, "application/json", _recognises, rank=20, read=read),)
