"""Finds the members of JSON that hold secrets: by their own name, or by the name a member beside them gives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escalate.redact.engine import Engine
from escalate.redact.handlers.json_strings import Level, level_of, slashes_before, string_end
from escalate.redact.handlers.json_values import skip_blank, value_edits
from escalate.redact.handlers.structured_names import NAMING, VALUED, hides
from escalate.redact.handlers.structured_spans import BACK, Edit, Window
from escalate.redact.tokens import secret_token

_NO_NAME = re.compile(rb"[\"\\\r\n]")
_NAMING_BEFORE = re.compile(rb"\\*\"(?P<name>\w{1,24})\\*\"(?:\s|\\+[nrt])*:(?:\s|\\+[nrt])*$")
_IN_ARRAY = re.compile(rb"[\[,](?:\s|\\+[nrt])*$")
_SIBLINGS = 64 * 1024
"""How far from a name its value may stand in the same object."""
_REVERSED = re.compile(rb"\"(?:[^\"]|\"(?=\\(?:\\\\)*+(?!\\)))*+\"(?!\\(?:\\\\)*+(?!\\))|[\[\]{}]")


def members(window: Window, end: int, engine: Engine) -> Iterator[Edit]:
    """The edits because of a string that ends at `end`, with a word that may name a secret."""
    data = window.data
    slashes = slashes_before(data, end - 1)
    level = level_of(slashes)
    stop = end - 1 - slashes
    start = data.rfind(b'"', max(0, stop - 129), stop) + 1
    raw = data[start:stop]
    if level is None or not start or not raw or _NO_NAME.search(raw) or slashes_before(data, start - 1) != slashes:
        return
    name = raw.decode("utf-8", "replace")

    def token(value: bytes) -> bytes:
        return secret_token(engine.inputs.key, "SECRET", value)

    after = skip_blank(window, end, level)
    sign = data[after : after + 1]
    if sign == b":":
        if hides(name):
            yield from value_edits(window, after + 1, level, token)
        return
    before = start - 1 - slashes
    told = _NAMING_BEFORE.search(data, max(0, before - 100), before)
    if told is not None:
        if hides(name) and told["name"].decode().casefold().replace("_", "") in NAMING:
            for place in _siblings(window, told.start(), after, level):
                yield from value_edits(window, place, level, token)
    elif name.startswith("-") and sign == b"," and hides(name) and _IN_ARRAY.search(data, max(0, before - 64), before):
        following = skip_blank(window, after + 1, level)
        if data.startswith(level.quote, following) and data[following + slashes + 1 : following + slashes + 2] != b"-":
            yield from value_edits(window, following, level, token)


def _siblings(window: Window, before: int, after: int, level: Level) -> Iterator[int]:
    """Where the values begin that stand in the same object as a name: those before it, and those behind it."""
    if not level.slashes:
        yield from _values_before(window.data, before)
    yield from _values_after(window, after, level)


def _values_after(window: Window, place: int, level: Level) -> Iterator[int]:
    data, depth, limit = window.data, 0, place + _SIBLINGS
    while place < min(limit, len(data)):
        place = skip_blank(window, place, level)
        sign = data[place : place + 1]
        if sign in (b"{", b"["):
            depth += 1
        elif sign in (b"}", b"]"):
            depth -= 1
            if depth < 0:
                return
        elif data.startswith(level.quote, place):
            stop, following = string_end(window, place + len(level.quote), level)
            if depth == 0 and _is_valued(data[place + len(level.quote) : stop]):
                colon = skip_blank(window, following, level)
                if data[colon : colon + 1] == b":":
                    yield colon + 1
            place = following if following > place else place + 1
            continue
        elif sign == b"\\":
            return  # the string around it ends
        place += 1


def _values_before(data: bytes, place: int) -> Iterator[int]:
    """Reads backwards, for `{"value": "x", "name": "X_PASSWORD"}`."""
    low = max(0, place - min(_SIBLINGS, BACK))
    turned, depth = data[low:place][::-1], 0
    for token in _REVERSED.finditer(turned):
        if token[0] in (b"}", b"]"):
            depth += 1
        elif token[0] in (b"{", b"["):
            depth -= 1
            if depth < 0:
                return
        elif depth == 0 and _is_valued(token[0][1:-1][::-1]):
            end = place - token.start()
            colon = re.compile(rb"\s*:").match(data, end)
            if colon:
                yield colon.end()


def _is_valued(name: bytes) -> bool:
    return name.decode("utf-8", "replace").casefold().replace("_", "") in VALUED
