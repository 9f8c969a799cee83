"""Failed request traces of IIS (`fr*.xml`), one request each, and traces that Kudu writes of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.plain import read_lines
from escalate.formats.record import MAX_TEXT, FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import Stamp, parse
from escalate.formats.xml_pull import tokens
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_KUDU_NAME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d_\w+_\d+_.*\.xml$|_(?:Startup|Shutdown|Background)_.*\.xml$")
_NUMBERS = frozenset({"siteId", "processId", "triggerStatusCode", "timeTaken"})


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record: the attributes of `failedRequest`; its text holds all event data.

    `statusCode` is without its sub-status, which is `subStatusCode`; `timeTaken` is in ms; `errorModule` is the module
    that set an error status, if one did.
    """
    line: int | None = None
    attributes: dict[str, str] = {}
    parts: list[str] = []
    size = 0
    stamp: Stamp | None = None
    computer = where = name = module = error_module = ""
    for token in tokens(stream):
        if token.kind == "start":
            where, name = token.name, token.attributes.get("Name", "")
            if where == "failedRequest" and line is None:
                line, attributes = token.line, token.attributes
            elif where == "TimeCreated" and stamp is None:
                stamp = parse(token.attributes.get("SystemTime", ""), naive_is_utc=True)
        elif token.kind == "end":
            where = ""
        elif where == "Computer" and not computer:
            computer = token.text.strip()
        elif where == "Data" and size < MAX_TEXT:
            parts.append(f"{name}={token.text}")
            size += len(parts[-1])
            module = token.text.strip() if name == "ModuleName" else module
        elif where == "Opcode" and token.text.strip() == "MODULE_SET_RESPONSE_ERROR_STATUS":
            error_module = module
    if line is None:
        return
    fields = _fields(attributes)
    if error_module:
        fields["errorModule"] = error_module
    process = fields.get("processId")
    summary = " ".join(str(fields.get(key, "")) for key in ("verb", "url", "statusCode", "failureReason"))
    yield Record(
        line=line,
        text="\n".join([summary, *parts])[:MAX_TEXT],
        ts=stamp.ts if stamp else None,
        precision=stamp.precision if stamp else Precision.UNKNOWN,
        instance=computer or None,
        pid=process if isinstance(process, int) else None,
        fields=fields,
    )


def _fields(attributes: dict[str, str]) -> dict[str, FieldValue]:
    fields: dict[str, FieldValue] = {}
    for key, value in attributes.items():
        if key == "statusCode":
            status, _, sub = value.partition(".")
            fields[key] = _number(status)
            fields["subStatusCode"] = _number(sub) if sub else None
        elif not key.startswith("xmlns"):
            fields[key] = _number(value) if key in _NUMBERS else value
    return fields


def _number(value: str) -> FieldValue:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else value


def _is_kudu_trace(head: Head) -> bool:
    start = head.text.lstrip()
    return start.startswith("<step ") or (start.startswith("<") and bool(_KUDU_NAME.search(head.name.name)))


def _recognises(head: Head) -> bool:
    """A log that quotes such a file is none: it does not begin with markup."""
    return head.text.lstrip().startswith("<") and "<failedRequest" in head.text


FORMATS = (
    Format(Kind.FAILED_REQUEST, "application/xml", _recognises, rank=24, read=read),
    Format(Kind.KUDU_TRACE, "application/xml", _is_kudu_trace, rank=26, read=read_lines),
)
