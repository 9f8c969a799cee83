"""Finds secrets and people in XML: by the names of elements and attributes, and by the fields of IIS traces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escalate.redact.engine import Engine
from escalate.redact.handlers.structured_names import (
    NAMING,
    hides,
    hides_header,
    holds,
    is_harmless,
    pseudonymous,
    query,
)
from escalate.redact.handlers.structured_spans import Edit, Window
from escalate.redact.handlers.xml_tags import Tag, content_end, tag_around
from escalate.redact.tokens import secret_token

ATTRIBUTE, ELEMENT, FIELD = "xml-attribute", "xml-element", "event-field"
_VALUES = frozenset(("value", "connectionstring", "val"))
_BODIES = frozenset(("buffer", "requestentity", "responseentity", "entitybody"))
_HEADERS = frozenset(("headers", "requestheaders", "responseheaders"))
_LINKS = frozenset(
    ("url", "requesturl", "querystring", "newurl", "oldurl", "newquerystring", "oldquerystring", "referer", "query")
)
_TEXT = re.compile(rb"<!\[CDATA\[(?P<raw>.*?)(?:\]\]>|$)|(?P<plain>[^<]+)|<!--.*?(?:-->|$)|<[^>]*>?", re.DOTALL)
_HEADER = re.compile(rb"(?P<name>[A-Za-z][\w-]{0,63}):[ \t]*(?P<value>(?:(?!&#(?:x0*[aAdD]|0*1[03]);)[^\r\n<])*)")
_HEADER_VALUE = re.compile(rb"(?:\s|<[^<>]*>){0,4}?\s*<Data Name=\"HeaderValue\"[^<>]*>", re.IGNORECASE)
_SETTING_VALUE = re.compile(rb"\s*<value\b[^<>]*>", re.IGNORECASE)


def secrets(window: Window, end: int, engine: Engine) -> Iterator[Edit]:
    """The edits because of a word at `end` in a tag that may name something."""
    tag = tag_around(window, end)
    if tag is None:
        return
    yield from _attributes(window, tag, engine)
    if tag.empty:
        return
    name = tag.name.rpartition(":")[2]
    if hides(name):
        yield from _content(window, tag, engine, ELEMENT)
        return
    told = tag.values(window.data).get("name") or tag.values(window.data).get("key") or b""
    if told:
        yield from _named(window, tag, told.decode("utf-8", "replace"), engine)


def _attributes(window: Window, tag: Tag, engine: Engine) -> Iterator[Edit]:
    """`password="x"`, and `value="x"` where a name beside it says what it is."""
    values = tag.values(window.data)
    named = any(hides(values[one].decode("utf-8", "replace")) for one in NAMING & values.keys())
    for one in tag.attributes:
        old = window.data[one.start : one.end]
        folded = one.name.casefold()
        if hides(one.name) or (named and folded in _VALUES and b"=" not in old):
            new = old if is_harmless(old) else secret_token(engine.inputs.key, "SECRET", old)
        elif folded in _LINKS:
            new = query(engine, old)
        else:
            new = pseudonymous(engine, holds(one.name), old)
        if new != old:
            yield Edit(one.start, one.end, new, ATTRIBUTE)


def _named(window: Window, tag: Tag, name: str, engine: Engine) -> Iterator[Edit]:
    """`<Data Name="...">`, `<setting name="..."><value>...</value></setting>`."""
    folded, data = name.casefold(), window.data
    if folded in _BODIES:
        yield from _content(window, tag, engine, FIELD, kind="BODY")
    elif folded in _HEADERS:
        for match in _HEADER.finditer(data, tag.end, content_end(window, tag)):
            old = match["value"]
            if old and hides_header(match["name"].decode()) and not is_harmless(old):
                yield Edit(*match.span("value"), secret_token(engine.inputs.key, "HEADER", old), FIELD)
    elif folded == "headername":
        yield from _header_value(window, tag, engine)
    elif folded in _LINKS or holds(name) in ("user", "address"):
        stop = data.find(b"<", tag.end)
        stop = window.cut_off() if stop < 0 else stop
        old = data[tag.end : stop]
        new = query(engine, old) if folded in _LINKS else pseudonymous(engine, holds(name), old)
        if new != old:
            yield Edit(tag.end, stop, new, FIELD)
    elif hides(name):
        yield from _content(window, tag, engine, ELEMENT)


def _header_value(window: Window, tag: Tag, engine: Engine) -> Iterator[Edit]:
    stop = content_end(window, tag)
    if not hides_header(window.data[tag.end : stop].decode("utf-8", "replace")):
        return
    following = _HEADER_VALUE.match(window.data, stop)
    value = tag_around(window, following.end()) if following else None
    if value is not None and not value.empty:
        yield from _content(window, value, engine, FIELD)


def _content(window: Window, tag: Tag, engine: Engine, label: str, kind: str = "SECRET") -> Iterator[Edit]:
    """All text of an element; its inner elements stay. Each run of text is one secret."""
    stop = content_end(window, tag)
    for match in _TEXT.finditer(window.data, tag.end, stop):
        group = "raw" if match["raw"] is not None else "plain"
        old = match[group]
        if old and not is_harmless(old):
            yield Edit(*match.span(group), secret_token(engine.inputs.key, kind, old.strip()), label)
