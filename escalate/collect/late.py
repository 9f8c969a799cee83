"""The second pass for late telemetry: keeps only what the first pass did not have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from escalate.case.layout import Room
from escalate.collect.context import Context

LATE = "/late"
"""How the ids of second steps end (`azure_steps.py`)."""


def is_late(context: Context) -> bool:
    """Whether this step is the second pass."""
    return context.step.endswith(LATE)


def settled(context: Context, path: PurePosixPath, body: bytes) -> tuple[PurePosixPath, bytes] | None:
    """Where an answer goes and what of it: all in the first pass, in the second what is new. None: nothing is new.

    `path` is below `evidence/`; the second file is called `name.late.json`, so that readers name its rows as the first.
    """
    if not is_late(context):
        return path, body
    fresh = _only_new(_first(context, path), body)
    return None if fresh is None else (path.with_name(f"{path.stem}.late{path.suffix}"), fresh)


def _first(context: Context, path: PurePosixPath) -> bytes:
    """What the first pass brought; nothing when it failed."""
    try:
        return (context.case_root / Room.EVIDENCE / path).read_bytes()
    except FileNotFoundError:
        return b""


def _only_new(before: bytes, after: bytes) -> bytes | None:
    """A document with those rows, points or entries of `after` that `before` does not have."""
    if not before:
        return after
    if before == after:
        return None
    try:
        old, new = json.loads(before), json.loads(after)
    except ValueError:
        return after
    if not isinstance(old, dict) or not isinstance(new, dict):
        return after
    if isinstance(new.get("tables"), list):
        left = list(_new_tables(old.get("tables"), new["tables"]))
        name = "tables"
    elif isinstance(new.get("value"), list):
        left = list(_new_entries(old.get("value"), new["value"]))
        name = "value"
    else:
        return after
    return json.dumps({**new, name: left}, ensure_ascii=False, indent=1).encode() if left else None


def _new_tables(old: Any, new: list[Any]) -> Iterator[Any]:
    known = {row for table in _dicts(old) for row in _keys(table.get("rows"))}
    for table in _dicts(new):
        rows = [row for row in table.get("rows") or [] if _key(row) not in known]
        if rows:
            yield {**table, "rows": rows}


def _new_entries(old: Any, new: list[Any]) -> Iterator[Any]:
    if not any("timeseries" in entry for entry in _dicts(new)):
        known = _keys(old)
        yield from (entry for entry in new if _key(entry) not in known)
        return
    points = {key for entry in _dicts(old) for key, _ in _points(entry)}
    for entry in _dicts(new):
        fresh = {key for key, point in _points(entry) if key not in points and _has_value(point)}
        series = [
            {**each, "data": [point for point in each.get("data") or [] if _point_key(entry, each, point) in fresh]}
            for each in _dicts(entry.get("timeseries"))
        ]
        if fresh:
            yield {**entry, "timeseries": [each for each in series if each["data"]]}


def _points(entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for series in _dicts(entry.get("timeseries")):
        for point in series.get("data") or []:
            yield _point_key(entry, series, point), point


def _point_key(entry: dict[str, Any], series: dict[str, Any], point: Any) -> str:
    return _key([entry.get("name"), series.get("metadatavalues"), point])


def _has_value(point: Any) -> bool:
    """A minute without a measurement has a time only."""
    return isinstance(point, dict) and any(value is not None for name, value in point.items() if name != "timeStamp")


def _dicts(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _keys(values: Iterable[Any] | None) -> set[str]:
    return {_key(value) for value in values} if isinstance(values, list) else set()


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
