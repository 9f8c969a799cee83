"""Diagnostic reports of Node.js: one record of what happened, and then the text they are, line by line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from escalate.formats.lines import chunks, decode, lines_of
from escalate.formats.names import instance_of, site_of
from escalate.formats.objects import plain_key
from escalate.formats.plain import line_records
from escalate.formats.record import MAX_TEXT, FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_LONGEST = 8 << 20
"""Bytes of a report that is read as a document; a longer one is read as text only."""
_MOST_MS = 253402300799000


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """The record of the report has `name` "report"; the others are its lines."""
    first = stream.read(_LONGEST)
    report = _parsed(first)
    if report is not None:
        yield _record(report, path)
    yield from line_records(lines_of(_pieces(first, stream)), path)


def _pieces(first: bytes, rest: BinaryIO) -> Iterator[bytes]:
    yield first
    yield from chunks(rest)


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        report = json.loads(decode(data))
    except (ValueError, RecursionError):
        return None
    return report if isinstance(report, dict) and isinstance(report.get("header"), dict) else None


def _record(report: dict[str, Any], path: PurePosixPath) -> Record:
    header, stack, heap = (_object(report, name) for name in ("header", "javascriptStack", "javascriptHeap"))
    handles = _handles(report.get("libuv"))
    frames = [str(frame) for frame in stack.get("stack") or () if isinstance(frame, str)]
    fields: dict[str, FieldValue] = {
        "name": "report",
        "event": _text(header.get("event")),
        "trigger": _text(header.get("trigger")),
        "version": _text(header.get("nodejsVersion")),
        "message": _text(stack.get("message")),
        "top": frames[0] if frames else None,
        "frames": "\n".join(frames)[:MAX_TEXT],
        "heap_used": _number(heap.get("usedMemory")),
        "heap_limit": _number(heap.get("memoryLimit")),
        "handles": sum(handles.values()),
    }
    ts, pid = _time(header.get("dumpEventTimeStamp")), _number(header.get("processId"))
    return Record(
        line=1,
        text=_said(fields, handles),
        ts=ts,
        precision=Precision.MILLISECOND if ts else Precision.UNKNOWN,
        pointer="/header",
        site=site_of(path),
        instance=instance_of(path),
        pid=pid if isinstance(pid, int) and pid > 0 else None,
        fields=fields,
    )


def _said(fields: dict[str, FieldValue], handles: Counter[str]) -> str:
    said = f"Node report ({fields['version']}), set off by {fields['trigger']}: {fields['event']}"
    used, limit = fields["heap_used"], fields["heap_limit"]
    if isinstance(used, int) and isinstance(limit, int):
        said += f"; heap {used:,} of {limit:,} bytes"
    if handles:
        said += f"; handles: {', '.join(f'{count} {kind}' for kind, count in handles.most_common(4))}"
    return f"{said}; at {fields['top']}"[:MAX_TEXT] if fields["top"] else said[:MAX_TEXT]


def _handles(given: object) -> Counter[str]:
    """Active handles by type."""
    listed = given if isinstance(given, list) else []
    active = (one for one in listed if isinstance(one, dict) and one.get("is_active", one.get("isActive")))
    return Counter(str(one.get("type"))[:40] for one in active)


def _object(report: dict[str, Any], name: str) -> dict[str, Any]:
    value = report.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value[:4096] if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _time(value: object) -> datetime | None:
    """Milliseconds since 1970, as a text or a number."""
    text = str(value)
    ms = int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0
    return datetime.fromtimestamp(ms / 1000, UTC) if 0 < ms <= _MOST_MS else None


def _recognises(head: Head) -> bool:
    if not isinstance(head.json, dict):
        return False
    header = head.json.get("header")
    return isinstance(header, dict) and {"reportversion", "nodejsversion"} <= {plain_key(key) for key in header}


FORMATS = (Format(Kind.NODE_REPORT, "application/json", _recognises, rank=28, read=read),)
