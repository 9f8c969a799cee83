"""HAR: what a browser recorded of HTTP; bodies and cookies go, headers and queries by name, timings stay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from escalate.model.kind import Kind
from escalate.redact.engine import Engine
from escalate.redact.handlers.har_lists import pairs
from escalate.redact.handlers.json_check import skeleton
from escalate.redact.handlers.json_members import members
from escalate.redact.handlers.json_strings import Level, slashes_before
from escalate.redact.handlers.json_values import skip_blank
from escalate.redact.handlers.structured import Plan, StructuredHandler
from escalate.redact.handlers.structured_names import WAKES, address, hides_header, is_harmless, query
from escalate.redact.handlers.structured_spans import UNTIL_QUOTE, Edit, Spans, Window
from escalate.redact.tokens import secret_token

BODY, LINK, PAIR, ADDRESS = "har-body", "har-link", "har-pair", "har-address"
_NOTE = b"[the body was removed by redaction]"
_PLAIN = Level(0)
_KEY = re.compile(rb"(?<!\\)\"(?P<name>[A-Za-z_]{2,24})\"$")
_STRING = re.compile(rb"\"(?P<text>(?:[^\"\\\r\n]|\\[^\r\n])*+)")
_BODIES = frozenset((b"text", b"data"))
_LISTS = frozenset((b"headers", b"cookies", b"queryString", b"params"))
_LINKS = frozenset((b"url", b"redirectURL", b"documentURL", b"title", b"referrer"))
_LINK_HEADERS = frozenset(("referer", "location", "origin", "content-location", "refresh", ":path"))
_PATTERN = (
    rb"\"(?:text|data|headers|cookies|queryString|params|url|redirectURL|documentURL|title|referrer|serverIPAddress)\""
)


def _find(window: Window, end: int, engine: Engine) -> Iterator[Edit]:
    """The edits because of a string that ends at `end`."""
    yield from members(window, end, engine)
    data = window.data
    key = _KEY.search(data, max(0, end - 32), end)
    if key is None or slashes_before(data, key.start()):
        return
    place = skip_blank(window, end, _PLAIN)
    if data[place : place + 1] != b":":
        return
    place = skip_blank(window, place + 1, _PLAIN)
    name = key["name"]
    if name in _LISTS:
        yield from _list(window, place, name, engine)
        return
    value = _STRING.match(data, place)
    if value is None:
        return
    if name in _BODIES:
        if value["text"] and value["text"] != _NOTE:
            yield Edit(place + 1, UNTIL_QUOTE, _NOTE, BODY)
        return
    new = query(engine, value["text"]) if name in _LINKS else value["text"]
    if name == b"serverIPAddress":
        new = address(engine, value["text"])
    if new != value["text"]:
        yield Edit(*value.span("text"), new, ADDRESS if name == b"serverIPAddress" else LINK)


def _list(window: Window, place: int, kind: bytes, engine: Engine) -> Iterator[Edit]:
    """Lists of `{"name": ..., "value": ...}`: all cookies and form fields, headers and parameters by name."""
    for raw, start, end in pairs(window, place):
        old = window.data[start:end]
        name = _decoded(raw).casefold()
        if not name:  # the recording was cut off before it
            secret = True
        elif kind == b"headers":
            secret = hides_header(name)
        elif kind == b"queryString":
            secret = query(engine, name.encode() + b"=0123456789") != name.encode() + b"=0123456789"
        else:
            secret = True
        new = secret_token(engine.inputs.key, "HEADER", old) if secret and not is_harmless(old) else old
        if kind == b"headers" and name in _LINK_HEADERS:
            new = query(engine, old)
        if new != old:
            yield Edit(start, end, new, PAIR)


def _decoded(raw: bytes) -> str:
    try:
        return str(json.loads(b'"' + raw + b'"'))
    except ValueError:
        return raw.decode("utf-8", "replace")


PLAN = Plan(Spans((WAKES + rb"\\{0,7}\"", _PATTERN), _find), skeleton)


def _plan(head: bytes) -> Plan:
    del head
    return PLAN


HANDLER = StructuredHandler("har", frozenset({Kind.HAR}), _plan)
