"""Steps that look at places: a window slides over the text, and what they find is replaced in order."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import hyperscan

from escalate.redact.engine import Engine, Source
from escalate.redact.handlers.registry import CannotRedact

BLOCK = 8 * 1024 * 1024
BACK = 256 * 1024
"""Bytes before a place that may be changed because of it, at most."""
AHEAD = 4 * 1024 * 1024
"""Bytes behind a place that are looked at, at most."""
_READ = 1024 * 1024
_STRING_PARTS = re.compile(rb"(?P<end>[\"\r\n])|[^\"\\\r\n]+|\\.", re.DOTALL)
_LINE_ENDS = re.compile(rb"[\r\n]+")


class Edit(NamedTuple):
    """A span to replace, in the coordinates of the window it was found in."""

    start: int
    end: int
    replacement: bytes
    label: str


UNTIL_QUOTE = -1
"""As the end of an edit: the closing quote of the JSON string it stands in, however far that is."""


def covered(start: int, end: int) -> Edit:
    """Says that everything in a span has been looked at; replaces nothing."""
    return Edit(start, end, b"", "")


class Window(NamedTuple):
    """A part of a text around the places that are asked about."""

    data: bytes
    final: bool
    """Whether the text ends with `data`."""

    def cut_off(self) -> int:
        """The end of what did not end in the window.

        Raises:
            CannotRedact: it goes on behind the window, nobody knows how far.
        """
        if not self.final:
            raise CannotRedact(f"a value under the name of a secret is longer than {AHEAD >> 20} MiB")
        return len(self.data)


Finder = Callable[[Window, int, Engine], Iterator[Edit]]
"""What to replace because of the end of an expression at a place in the window."""


@functools.lru_cache(maxsize=32)
def _database(patterns: tuple[bytes, ...]) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_DOTALL
    database.compile(
        expressions=list(patterns),
        ids=list(range(len(patterns))),
        elements=len(patterns),
        flags=[flags] * len(patterns),
    )
    return database


class Spans:
    """A step made of expressions and what looks around the places where they end."""

    def __init__(self, patterns: tuple[bytes, ...], finder: Finder) -> None:
        self._patterns = patterns
        self._finder = finder

    def __call__(self, source: Source, engine: Engine, counts: Counter[str]) -> Iterator[bytes]:
        """See `Step`."""
        data = b""
        asked = written = seen = 0
        last = dropping = False
        waiting: list[Edit] = []
        while not (last and asked == len(data)):
            more = [data]
            size = len(data)
            while not last and size - asked < BLOCK + AHEAD:
                more.append(source.read(_READ))
                size += len(more[-1])
                last = not more[-1]
            data = b"".join(more)
            if dropping:
                written, dropping = _dropped(data, written)
                asked = seen = max(asked, written)
                if dropping and last:
                    return
                if dropping:
                    data, asked, written, seen = data[written:], 0, 0, 0
                    continue
            until = len(data) if last else max(asked, len(data) - AHEAD)
            for one in self._found(Window(data, last), asked, until, engine, seen):
                if one.label:
                    waiting.append(one)
                else:
                    seen = max(seen, one.end)
            asked = until
            safe = until if last else max(written, until - BACK)
            out, written, waiting, dropping = _applied(data, written, safe, waiting, counts)
            yield out
            cut = max(0, min(written, safe - BACK))
            data, asked, written, seen = data[cut:], max(asked, written) - cut, written - cut, seen - cut
            waiting = [Edit(one.start - cut, max(one.end - cut, UNTIL_QUOTE), *one[2:]) for one in waiting]

    def _found(self, window: Window, after: int, until: int, engine: Engine, seen: int) -> Iterator[Edit]:
        ends: set[int] = set()

        def on_match(_identity: int, _start: int, end: int, _flags: int, _context: object) -> None:
            ends.add(end)

        low = max(0, after - 1024)
        _database(self._patterns).scan(window.data[low:until], match_event_handler=on_match)
        for end in sorted(ends):
            if end + low <= max(after, seen):
                continue
            for one in self._finder(window, end + low, engine):
                seen = seen if one.label else max(seen, one.end)
                yield one


def _applied(
    data: bytes, written: int, safe: int, edits: list[Edit], counts: Counter[str]
) -> tuple[bytes, int, list[Edit], bool]:
    """The text up to `safe`, or to where the last edit ends.

    Then: how far that is, the edits behind it, and whether the last one goes on behind the data.
    """
    edits.sort(key=lambda one: (one.start, -one.end))
    out: list[bytes] = []
    used = 0
    dropping = False
    for one in edits:
        if one.start >= safe or dropping:
            break
        used += 1
        if one.start < written:  # inside of what went already
            continue
        out += (data[written : one.start], one.replacement)
        counts[one.label] += 1
        if one.end == UNTIL_QUOTE:
            written, dropping = _dropped(data, one.start)
        else:
            out += _LINE_ENDS.findall(data, one.start, one.end)
            written = one.end
    if written < safe:
        out.append(data[written:safe])
        written = safe
    return b"".join(out), written, edits[used:], dropping


def _dropped(data: bytes, start: int) -> tuple[int, bool]:
    """Where the JSON string ends in which `start` stands, or how much of it is gone; whether it goes on."""
    for match in _STRING_PARTS.finditer(data, start):
        if match["end"] is not None:
            return match.start(), False
        start = match.end()
    return start, True
