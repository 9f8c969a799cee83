"""Lists of names and values in a HAR."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escalate.redact.handlers.json_strings import Level, string_end
from escalate.redact.handlers.json_values import skip_blank
from escalate.redact.handlers.structured_spans import Window

_PLAIN = Level(0)
_BARE = re.compile(rb"[^\s\[\]{},:\"]+")


def pairs(window: Window, place: int) -> Iterator[tuple[bytes, int, int]]:
    """(name as it is written, begin and end of the value's text) of each object of the list at `place`.

    The name is empty where the text is cut off in the object: nobody can tell what it was.

    Raises:
        CannotRedact: the window ends first.
    """
    data, depth = window.data, 0
    key, expects = b"", False
    name = b""
    values: list[tuple[int, int]] = []
    while True:
        place = skip_blank(window, place, _PLAIN)
        if place >= len(data):
            window.cut_off()
            yield from [(b"", *value) for value in values]
            return
        sign = data[place : place + 1]
        if sign == b'"':
            stop, following = string_end(window, place + 1, _PLAIN)
            if expects:
                if depth == 2 and key == b"name":
                    name = data[place + 1 : stop]
                elif depth == 2 and key == b"value":
                    values.append((place + 1, stop))
                expects = False
            else:
                key = data[place + 1 : stop]
            place = max(following, place + 1)
            continue
        if sign in (b"[", b"{"):
            depth += 1
            expects = False
        elif sign in (b"]", b"}"):
            depth -= 1
            if depth == 1:
                yield from [(name, *value) for value in values]
                name, values = b"", []
        elif sign in (b":", b","):
            expects = sign == b":"
        else:
            bare = _BARE.match(data, place)
            place = bare.end() if bare else place + 1
            expects = False
            continue
        place += 1
        if depth <= 0:
            return
