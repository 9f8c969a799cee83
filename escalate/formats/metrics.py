"""Azure Monitor metrics as ARM, the az CLI and PowerShell save them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.json_lines import BrokenJson, Path, Value, into, walk
from escalate.formats.log_table import time_of
from escalate.formats.objects import (
    Fields,
    Item,
    Rewound,
    View,
    begins_json,
    first_entry,
    plain_key,
    read_document,
    read_items,
    sample_keys,
)
from escalate.formats.record import Record
from escalate.formats.registry import Format, Head
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_AGGREGATIONS = ("average", "total", "maximum", "minimum", "count")
_BELOW = ("", "/timeseries", "/timeseries/*", "/timeseries/*/data", "/data")
_OF_OBJECT = into("", "/value", *(f"{at}{below}" for at in ("", "/value/*") for below in _BELOW))
_OF_LIST = into("", *(f"/*{below}" for below in _BELOW))
_TIME_COLUMNS = ("TimeStamp",)


@dataclass
class _Metric:
    name: str = ""
    unit: str | None = None


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a value of a data point; points without a value give none."""
    start = stream.read(4096)
    rest = Rewound(start, stream)
    if begins_json(start):
        yield from read_document(rest, path, _records)
    else:
        yield from read_items(rest, path, _of_row)


def _records(text: str, path: PurePosixPath) -> Iterator[Record]:
    enters = _OF_LIST if text.lstrip().startswith("[") else _OF_OBJECT
    metrics: dict[Path, _Metric] = {}
    instances: dict[Path, str] = {}
    try:
        for value in walk(text, enters):
            _learn(value, metrics, instances)
    except BrokenJson:
        pass  # the pass below meets the same break, after the points before it
    for value in walk(text, enters):
        if len(value.path) < 2 or str(value.path[-2]).lower() != "data" or not isinstance(value.value, dict):
            continue
        metric = metrics.get(_metric_of(value.path), _Metric(path.stem))
        instance = instances.get(value.path[:-2])
        yield from _points(value.value, line=value.line, pointer=value.pointer, metric=metric, instance=instance)


def _learn(value: Value, metrics: dict[Path, _Metric], instances: dict[Path, str]) -> None:
    if not value.path:
        return
    key = plain_key(str(value.path[-1]))
    if key == "metadatavalues" and isinstance(value.value, list):
        for entry in value.value:
            view = View(entry) if isinstance(entry, dict) else None
            if view and (view.text("name") or "").lower() == "instance":
                instances[value.path[:-1]] = view.text("value") or ""
    elif key in ("name", "unit"):
        metric = metrics.setdefault(value.path[:-1], _Metric())
        text = View({"it": value.value}).text("it")
        if key == "name":
            metric.name = text or ""
        else:
            metric.unit = text


def _metric_of(path: Path) -> Path:
    for index, part in enumerate(path):
        if isinstance(part, str) and part.lower() in ("timeseries", "data"):
            return path[:index]
    return path


def _of_row(item: Item, path: PurePosixPath) -> Iterator[Record]:
    view = View(item.fields)
    metric = _Metric(view.text("metric", "metricname", "name") or path.stem, view.text("unit"))
    yield from _points(item.fields, line=item.line, pointer=item.pointer, metric=metric, instance=view.text("instance"))


def _points(
    point: Fields, *, line: int, pointer: str | None, metric: _Metric, instance: str | None
) -> Iterator[Record]:
    stamp = time_of(point, _TIME_COLUMNS)
    view = View(point)
    for aggregation in _AGGREGATIONS:
        value = _float(view.get(aggregation))
        if value is None:
            continue
        yield Record(
            line=line,
            text=f"{metric.name} {aggregation} {value:g} {metric.unit or ''}".rstrip(),
            ts=stamp.ts if stamp else None,
            precision=stamp.precision if stamp else Precision.UNKNOWN,
            pointer=pointer,
            instance=instance,
            fields={"metric": metric.name, "aggregation": aggregation, "value": value, "unit": metric.unit},
        )


def _float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _recognises(head: Head) -> bool:
    entry = {plain_key(key): value for key, value in first_entry(head.json).items()}
    if "name" in entry and ("timeseries" in entry or ("data" in entry and "unit" in entry)):
        return True
    keys = sample_keys(head)
    return head.json is None and "timestamp" in keys and bool(keys & set(_AGGREGATIONS))


FORMATS = (Format(Kind.METRICS, "application/json", _recognises, rank=21, read=read),)
