"""What stands under the name of a secret in JSON: every string and number of it goes, however deep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from escalate.redact.handlers.json_strings import Level, slashes_before, string_end
from escalate.redact.handlers.structured_names import is_harmless
from escalate.redact.handlers.structured_spans import Edit, Window, covered

LABEL = "json-member"
_BARE = re.compile(rb"[^\s\[\]{},:\"\\]+")
_WORDS = frozenset((b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity"))
_BLANK = re.compile(rb"\s*")
_DEEP_BLANK = re.compile(rb"(?:\s|\\+[nrt])*")

Token = Callable[[bytes], bytes]
"""What replaces a secret."""


def skip_blank(window: Window, place: int, level: Level) -> int:
    """Where the next token begins."""
    match = (_DEEP_BLANK if level.slashes else _BLANK).match(window.data, place)
    return match.end() if match else place


def value_edits(window: Window, place: int, level: Level, token: Token) -> Iterator[Edit]:
    """The edits that mask the value that begins at `place`: a scalar, an array or an object.

    Members of objects keep their names; true, false, null, references to vaults and ids of resources stay.

    Raises:
        CannotRedact: the window ends before the value.
    """
    data = window.data
    open_: list[bool] = []  # for each bracket, whether it is an object
    name_next = False
    begin = place
    while True:
        place = skip_blank(window, place, level)
        if place >= len(data):
            yield covered(begin, window.cut_off())
            return
        sign = data[place : place + 1]
        if sign in (b"[", b"{"):
            open_.append(sign == b"{")
            name_next = sign == b"{"
            place += 1
            continue
        if sign in (b"]", b"}", b",", b":"):
            if not open_:
                return  # there is no value
            if sign in (b"]", b"}"):
                open_.pop()
            name_next = sign == b"," and bool(open_) and open_[-1]
            place += 1
        else:
            end = _scalar_end(window, place, level)
            if end is None:
                return
            if not name_next:
                yield from _masked(window, place, end, level, token)
            place = end
        if not open_:
            yield covered(begin, place)
            return


def _scalar_end(window: Window, place: int, level: Level) -> int | None:
    """Where a string, number or word ends; None: it is neither, or belongs to the text around."""
    data = window.data
    start = place
    while data[place : place + 1] == b"\\":
        place += 1
    if data[place : place + 1] == b'"':
        if place - start != level.slashes:
            return None
        return string_end(window, place + 1, level)[1]
    match = _BARE.match(data, place) if place == start else None
    return match.end() if match else None


def _masked(window: Window, start: int, end: int, level: Level, token: Token) -> Iterator[Edit]:
    data = window.data
    quote = level.quote
    if data.startswith(quote, start):
        begin = start + len(quote)
        stop = end - len(quote) if end - len(quote) >= begin and _is_closed(data, begin, end, level) else end
        old = data[begin:stop]
        if old and not is_harmless(old):
            yield Edit(begin, stop, token(old), LABEL)
        return
    old = data[start:end]
    if old not in _WORDS and not is_harmless(old):
        yield Edit(start, end, quote + token(old) + quote, LABEL)


def _is_closed(data: bytes, begin: int, end: int, level: Level) -> bool:
    at = end - 1
    if at < begin or data[at] != 0x22:
        return False
    slashes = min(slashes_before(data, at), at - begin)
    return (slashes + 1) % (2 * level.slashes + 2) == level.slashes + 1
