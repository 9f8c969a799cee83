"""Windows event logs as XML: the ring of 1000 events that App Service keeps, or what wevtutil exports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.record import MAX_TEXT, FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import parse
from escalate.formats.xml_pull import Token, tokens
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_EVENT = re.compile(r"<Event[\s>]")
_MAX_DATA = 1000
"""Data elements kept of one event."""

_SYSTEM = re.compile(r"<(?:EventRecordID|EventID|Provider)[\s>]")


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record an event, also of the last one of a file that is cut off; its text is the event's data.

    `level` is what the file says; providers disagree on what the numbers mean.
    """
    index = 0
    event: _Event | None = None
    for token in tokens(stream):
        if token.name == "Event" and token.kind != "text":
            if event is not None and event.has_content:
                yield event.record(index)
                index += 1
            event = _Event(token.line) if token.kind == "start" else None
        elif event is not None:
            event.take(token)
    if event is not None and event.has_content:
        yield event.record(index)


@dataclass
class _Event:
    line: int
    system: dict[str, str] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    message: str = ""
    size: int = 0
    where: str = ""
    data_name: str = ""

    @property
    def has_content(self) -> bool:
        return bool(self.system or self.data)

    def take(self, token: Token) -> None:
        if token.kind == "start":
            self.where = token.name
            if token.name == "Provider":
                self.system["provider"] = token.attributes.get("Name", "")
            elif token.name == "TimeCreated":
                self.system["time"] = token.attributes.get("SystemTime", "")
            elif token.name == "Execution":
                self.system["pid"] = token.attributes.get("ProcessID", "")
            elif token.name in ("Data", "Binary") and len(self.data) < _MAX_DATA:
                self.data.append("")
                self.data_name = token.attributes.get("Name", "")
        elif token.kind == "end":
            if token.name == "Data" and self.data and self.data_name:
                self.data[-1] = f"{self.data_name}: {self.data[-1]}"
            self.where = self.data_name = ""
        elif self.size < MAX_TEXT:
            self._text(token.text)

    def _text(self, text: str) -> None:
        if self.where in ("EventID", "Level", "EventRecordID", "Channel", "Computer"):
            self.system[self.where] = (self.system.get(self.where, "") + text)[:1000]
        elif self.where in ("Data", "Binary") and self.data:
            self.data[-1] += text[: MAX_TEXT - self.size]
            self.size += len(text)
        elif self.where == "Message":
            self.message += text[: MAX_TEXT - self.size]
            self.size += len(text)

    def record(self, index: int) -> Record:
        stamp = parse(self.system.get("time", ""), naive_is_utc=True)
        text = "\n".join(part for part in (*self.data, self.message) if part.strip()).strip()
        fields: dict[str, FieldValue] = {
            "provider": self.system.get("provider"),
            "event_id": _number(self.system.get("EventID")),
            "level": _number(self.system.get("Level")),
            "record_id": _number(self.system.get("EventRecordID")),
            "channel": self.system.get("Channel"),
        }
        return Record(
            line=self.line,
            text=text[:MAX_TEXT] or f"{fields['provider']} event {fields['event_id']}",
            ts=stamp.ts if stamp else None,
            precision=stamp.precision if stamp else Precision.UNKNOWN,
            pointer=f"event[{index}]",
            instance=self.system.get("Computer", "").strip() or None,
            pid=_pid(self.system.get("pid", "")),
            fields=fields,
        )


def _number(text: str | None) -> FieldValue:
    value = (text or "").strip()
    if value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return value or None


def _pid(text: str) -> int | None:
    value = _number(text)
    return value if isinstance(value, int) and 0 < value < 2**32 else None


def _recognises(head: Head) -> bool:
    return "<failedRequest" not in head.text and bool(_EVENT.search(head.text) and _SYSTEM.search(head.text))


FORMATS = (Format(Kind.EVENT_LOG, "application/xml", _recognises, rank=25, read=read),)
