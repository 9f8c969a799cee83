"""Detectors of App Service diagnostics: which are run, over which time, and what they found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from escalate.collect.json_parts import Json, mapping, mappings, properties, text
from escalate.model.incident import Window

LONGEST = timedelta(hours=24)
LAG = timedelta(minutes=15)
"""The portal ends the time it asks for so long ago: what is newer is not all there."""
AROUND = timedelta(minutes=30)
MOST = 60

_CATEGORIES = re.compile(r"availab|perform|network|deploy|configur|problem|manage", re.IGNORECASE)
_FOUND = ("critical", "warning")
_BY_NUMBER = ("Critical", "Warning", "Info", "Success", "None")


@dataclass(frozen=True)
class Detector:
    """One of the catalogue."""

    id: str
    title: str
    category: str
    topics: tuple[Json, ...]


def chosen(listed: Iterable[Json]) -> Iterator[Detector]:
    """Those on availability, performance and what they depend on; one without a category is run as well."""
    seen: set[str] = set()
    for each in listed:
        metadata = mapping(properties(each).get("metadata"))
        name, category = text(metadata.get("id")), text(metadata.get("category"))
        if name and name not in seen and (not category or _CATEGORIES.search(category)):
            seen.add(name)
            topics = tuple(mappings(metadata.get("supportTopicList")))
            yield Detector(name, text(metadata.get("name")) or name, category, topics)


def time_asked(window: Window, now: datetime) -> Window:
    """The incident with half an hour around it, at most 24 hours, ended a quarter of an hour ago."""
    end = min(window.end + AROUND, now - LAG)
    start = min(window.start - AROUND, end - AROUND)
    return Window(start=max(start, end - LONGEST), end=end)


def insights(detector: Detector, answer: Any) -> Iterator[Json]:
    """Every Critical or Warning of an answer: its status, and the rows that begin with such a word."""
    facts = properties(answer)
    status = mapping(facts.get("status"))
    state = state_of(status.get("statusId"))
    if state.casefold() in _FOUND:
        yield _insight(detector, state, detector.title, text(status.get("message")), {})
    for number, dataset in enumerate(mappings(facts.get("dataset"))):
        table = mapping(dataset.get("table"))
        columns = [text(column.get("columnName")) for column in mappings(table.get("columns"))]
        title = text(mapping(dataset.get("renderingProperties")).get("title")) or f"dataset {number}"
        for row in table.get("rows") or ():
            cells = [str(cell) for cell in row] if isinstance(row, list) else []
            if len(cells) > 1 and cells[0].casefold() in _FOUND:
                rest = dict(zip(columns[2:], cells[2:], strict=False))
                yield _insight(detector, cells[0], title, cells[1], rest)


def state_of(value: object) -> str:
    """`Critical`, also where the service gives the number of the state."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(_BY_NUMBER):
        return _BY_NUMBER[value]
    return text(value)


def _insight(detector: Detector, state: str, title: str, said: str, data: Json) -> Json:
    return {"detector": detector.id, "state": state, "title": title, "text": said, **({"data": data} if data else {})}
