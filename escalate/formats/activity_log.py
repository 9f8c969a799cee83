"""The activity log: who did what to which resource, as ARM, the az CLI, PowerShell, exports and the portal save it."""

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

_TIMES = ("eventtimestamp", "time", "submissiontimestamp")
_PORTAL = frozenset({"operationname", "eventinitiatedby"})
_EXPORT = frozenset({"operationname", "resourceid", "time", "category", "resulttype"})


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record an event."""
    yield from read_items(stream, path, _event)


def _event(item: Item, path: PurePosixPath) -> Iterator[Record]:
    view = View(item.fields, own_first=True)
    fields: dict[str, FieldValue] = {
        "operation": view.text("operationname"),
        "status": view.text("status", "resulttype"),
        "sub_status": view.text("substatus", "resultsignature"),
        "caller": view.text("caller", "eventinitiatedby"),
        "resource_id": view.text("resourceid", "resource"),
        "correlation_id": view.text("correlationid"),
        "level": view.text("level"),
        "category": view.text("category", "eventcategory"),
    }
    if fields["operation"] is None:
        return
    when = view.text(*_TIMES)
    stamp = parse(when, naive_is_utc=True) if when else None
    message = view.text("statusmessage", "description")
    words = (fields["operation"], fields["status"], fields["caller"], fields["resource_id"], message)
    yield Record(
        line=item.line,
        text=" ".join(str(word) for word in words if word),
        ts=stamp.ts if stamp else None,
        precision=stamp.precision if stamp else Precision.UNKNOWN,
        pointer=item.pointer,
        fields=fields,
    )


def _recognises(head: Head) -> bool:
    keys = sample_keys(head)
    if "operationname" not in keys or "timegenerated" in keys:
        return False
    return "eventtimestamp" in keys or keys >= _PORTAL or keys >= _EXPORT


FORMATS = (Format(Kind.ACTIVITY_LOG, "application/json", _recognises, rank=22, read=read),)
