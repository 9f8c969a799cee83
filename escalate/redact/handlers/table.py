"""Results of queries, and CSV: columns by name, whether rows are lists, objects or lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from escalate.model.kind import Kind
from escalate.redact.engine import Engine, Source
from escalate.redact.handlers.json_check import skeleton
from escalate.redact.handlers.json_members import members
from escalate.redact.handlers.json_strings import Level, slashes_before
from escalate.redact.handlers.json_text import is_json
from escalate.redact.handlers.json_values import skip_blank
from escalate.redact.handlers.structured import Chunks, Plan, StructuredHandler
from escalate.redact.handlers.structured_names import WAKES, holds, pseudonymous
from escalate.redact.handlers.structured_spans import Edit, Spans, Window
from escalate.redact.handlers.table_columns import LABEL
from escalate.redact.handlers.table_csv import csv_rows
from escalate.redact.handlers.table_json import json_rows

_FIELDS = (
    rb"(?:user_?name|user_?id|user_?accountid|user_?authenticatedid|user_?principalname|upn|login|client_?ip|cip"
    rb"|ip_?address)"
)
_VALUE = re.compile(rb"\"(?P<text>(?:[^\"\\\r\n]|\\[^\r\n])*+)\"")
_PLAIN = Level(0)


def _find(window: Window, end: int, engine: Engine) -> Iterator[Edit]:
    yield from members(window, end, engine)
    data = window.data
    start = data.rfind(b'"', max(0, end - 80), end - 1) + 1
    place = skip_blank(window, end, _PLAIN)
    if not start or slashes_before(data, end - 1) or data[place : place + 1] != b":":
        return
    value = _VALUE.match(data, skip_blank(window, place + 1, _PLAIN))
    holding = holds(data[start : end - 1].decode("utf-8", "replace"))
    if value is None or holding not in ("user", "address"):
        return
    new = pseudonymous(engine, holding, value["text"])
    if new != value["text"]:
        yield Edit(*value.span("text"), new, LABEL)


_MEMBERS = Spans((WAKES + rb"\\{0,7}\"", _FIELDS + rb"\""), _find)


def _json(source: Source, engine: Engine, counts: Counter[str]) -> Iterator[bytes]:
    return _MEMBERS(Chunks(json_rows(source, engine, counts)), engine, counts)


JSON, CSV = Plan(_json, skeleton), Plan(csv_rows)


def _plan(head: bytes) -> Plan | None:
    return JSON if is_json(head) else CSV


HANDLER = StructuredHandler("table", frozenset({Kind.LOG_TABLE, Kind.CSV}), _plan)
