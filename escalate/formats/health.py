"""Resource health of one resource, and service health events of a subscription."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.objects import Item, View, read_items, sample_keys
from escalate.formats.record import FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import parse
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_EVENT_KEYS = frozenset(
    {"impactstarttime", "impactmitigationtime", "impact", "trackingid", "platforminitiated", "ishir"}
)
_SITE_KEYS = frozenset({"hostnames", "hostnamesslstates", "serverfarmid"})
"""A site has an `availabilityState` of its own, which is about its content, not its health."""


def read_resource(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record an availability status."""
    yield from read_items(stream, path, _availability)


def read_service(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record an event."""
    yield from read_items(stream, path, _event)


def _availability(item: Item, path: PurePosixPath) -> Iterator[Record]:
    view = View(item.fields)
    state = view.text("availabilitystate")
    if state is None:
        return
    fields: dict[str, FieldValue] = {
        "state": state,
        "status": view.text("detailedstatus", "title"),
        "reason": view.text("reasontype"),
        "summary": view.text("summary"),
        "tracking_id": view.text("healtheventid"),
        "context": view.text("context"),
        "cause": view.text("healtheventcause"),
        "resource_id": view.text("id"),
    }
    # ARM spells the first name so
    when = view.text("occuredtime", "occurredtime", "rootcauseattributiontime", "reportedtime")
    words = (state, fields["reason"], view.text("title"), fields["summary"], view.text("detailedstatus"))
    yield _record(item, when, words, fields)


def _event(item: Item, path: PurePosixPath) -> Iterator[Record]:
    view = View(item.fields)
    event_type = view.text("eventtype")
    if event_type is None:
        return
    fields: dict[str, FieldValue] = {
        "state": view.text("status"),
        "status": view.text("status"),
        "reason": event_type,
        "summary": view.text("summary"),
        "tracking_id": view.text("trackingid", "name"),
        "title": view.text("title"),
        "level": view.text("level", "eventlevel"),
        "until": view.text("impactmitigationtime"),
        **_impact(view.get("impact")),
    }
    words = (event_type, fields["status"], fields["tracking_id"], fields["title"], fields["summary"])
    yield _record(item, view.text("impactstarttime", "lastupdatetime"), words, fields)


def _impact(impact: object) -> dict[str, FieldValue]:
    """The services and regions of an event, joined by `; `."""
    entries = [View(entry) for entry in impact if isinstance(entry, dict)] if isinstance(impact, list) else []
    services = [entry.text("impactedservice") for entry in entries]
    regions = [
        View(region).text("impactedregion")
        for entry in entries
        for region in _list(entry.get("impactedregions"))
        if isinstance(region, dict)
    ]
    return {
        name: "; ".join(dict.fromkeys(word for word in words if word)) or None
        for name, words in (("services", services), ("regions", regions))
    }


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _record(item: Item, when: str | None, words: tuple[FieldValue, ...], fields: dict[str, FieldValue]) -> Record:
    stamp = parse(when, naive_is_utc=True) if when else None
    return Record(
        line=item.line,
        text=" | ".join(str(word) for word in words if word),
        ts=stamp.ts if stamp else None,
        precision=stamp.precision if stamp else Precision.UNKNOWN,
        pointer=item.pointer,
        fields=fields,
    )


def _is_resource_health(head: Head) -> bool:
    keys = sample_keys(head)
    return "availabilitystate" in keys and not keys & _SITE_KEYS


def _is_service_health(head: Head) -> bool:
    keys = sample_keys(head)
    return "eventtype" in keys and bool(keys & _EVENT_KEYS)


FORMATS = (
    Format(Kind.RESOURCE_HEALTH, "application/json", _is_resource_health, rank=23, read=read_resource),
    Format(Kind.SERVICE_HEALTH, "application/json", _is_service_health, rank=23, read=read_service),
)
