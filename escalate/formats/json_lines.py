"""JSON with the line on which each value begins, read in one pass and without building what nobody asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys and indexes from the root; `pointer()` makes a JSON pointer of it."""

MAX_DOCUMENT = 64 * 1024 * 1024
"""Bytes; a larger document is read as lines of text."""

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(strict=False)
_MAX_PARTIAL_DEPTH = 24


class BrokenJson(ValueError):
    """The document ends or breaks; `line` is where the first value that could not be read begins."""

    def __init__(self, line: int) -> None:
        super().__init__(f"broken JSON at line {line}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Value:
    """One value, where it is, and the line on which it begins (from 1)."""

    path: Path
    line: int
    value: object

    @property
    def pointer(self) -> str:
        """The JSON pointer (RFC 6901)."""
        return pointer(self.path)


def pointer(path: Path) -> str:
    """The JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def into(*patterns: str) -> Callable[[Path], bool]:
    """A predicate for `walk`: enters containers at these pointers; `*` is any key or index; case does not count."""
    wanted = {tuple(pattern.lower().split("/")[1:]) for pattern in patterns}
    lengths = {len(pattern) for pattern in wanted}

    def enters(path: Path) -> bool:
        if len(path) not in lengths:
            return False
        lowered = tuple(part.lower() if isinstance(part, str) else "*" for part in path)
        return any(
            all(want in ("*", have) for want, have in zip(pattern, lowered, strict=True))
            for pattern in wanted
            if len(pattern) == len(path)
        )

    return enters


def walk(text: str, enters: Callable[[Path], bool]) -> Iterator[Value]:
    """Values in file order: entered containers give their members, all else is decoded and given whole.

    Newline-delimited JSON counts as one list of its lines.

    Raises:
        BrokenJson: after all values before the break were given.
    """
    if is_ndjson(text):
        yield from _walk_ndjson(text, enters)
        return
    walker = _Walker(text, enters)
    yield from walker.value((), _skip(text, 0))
    rest = _skip(text, walker.end)
    if rest < len(text):
        raise BrokenJson(walker.line_at(rest))


def is_ndjson(text: str) -> bool:
    """Whether the text is one JSON object per line (at least two lines)."""
    first, newline, rest = text.lstrip().partition("\n")
    if not newline or not first.startswith("{") or not rest.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def partial(text: str) -> tuple[object, bool]:
    """What can be decoded of the beginning of a document, and whether only its end is missing, if anything.

    (None, False) when this is no JSON.
    """
    start = _skip(text, 0)
    if text[start : start + 1] not in ("{", "["):
        return None, False
    value, end, cut = _partial(text, start, 0)
    if cut or _skip(text, end) == len(text):
        return value, True
    if is_ndjson(text):
        return [value], True
    return value, False


class _Walker:
    def __init__(self, text: str, enters: Callable[[Path], bool]) -> None:
        self.text = text
        self.enters = enters
        self.end = 0
        self._counted_to = 0
        self._line = 1

    def line_at(self, position: int) -> int:
        """Positions only ever grow, so each newline is counted once."""
        self._line += self.text.count("\n", self._counted_to, position)
        self._counted_to = max(position, self._counted_to)
        return self._line

    def value(self, path: Path, position: int) -> Iterator[Value]:
        opener = self.text[position : position + 1]
        if opener in ("{", "[") and self.enters(path):
            yield from self._members(path, position, opener == "{")
            return
        line = self.line_at(position)
        try:
            value, self.end = _DECODER.raw_decode(self.text, position)
        except (ValueError, RecursionError):
            raise BrokenJson(line) from None
        yield Value(path, line, value)

    def _members(self, path: Path, position: int, is_object: bool) -> Iterator[Value]:
        text = self.text
        position = _skip(text, position + 1)
        closer = "}" if is_object else "]"
        index = 0
        if text[position : position + 1] == closer:
            self.end = position + 1
            return
        while True:
            key: str | int = index
            if is_object:
                key, position = self._key(position)
            yield from self.value((*path, key), position)
            position = _skip(text, self.end)
            index += 1
            following = text[position : position + 1]
            if following == closer:
                self.end = position + 1
                return
            if following != ",":
                raise BrokenJson(self.line_at(position))
            position = _skip(text, position + 1)

    def _key(self, position: int) -> tuple[str, int]:
        text = self.text
        if text[position : position + 1] != '"':
            raise BrokenJson(self.line_at(position))
        try:
            key, end = _DECODER.raw_decode(text, position)
        except ValueError:
            raise BrokenJson(self.line_at(position)) from None
        end = _skip(text, end)
        if text[end : end + 1] != ":":
            raise BrokenJson(self.line_at(position))
        return key, _skip(text, end + 1)


def _walk_ndjson(text: str, enters: Callable[[Path], bool]) -> Iterator[Value]:
    index, start, line = 0, 0, 1
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        row = text[start:end].strip()
        if row:
            try:
                value = json.loads(row)
            except (ValueError, RecursionError):
                raise BrokenJson(line) from None
            if enters((index,)) and isinstance(value, dict):
                for key, member in value.items():
                    yield Value((index, key), line, member)
            else:
                yield Value((index,), line, value)
            index += 1
        start, line = end + 1, line + 1


def _partial(text: str, position: int, depth: int) -> tuple[object, int, bool]:
    """(value, end, whether the text ended inside it)."""
    try:
        value, end = _DECODER.raw_decode(text, position)
    except (ValueError, RecursionError):
        pass
    else:
        return value, end, False
    opener = text[position : position + 1]
    if opener not in ("{", "[") or depth >= _MAX_PARTIAL_DEPTH:
        return None, position, _runs_out(text, position) or depth >= _MAX_PARTIAL_DEPTH
    items: list[object] = []
    members: dict[str, object] = {}
    result: object = members if opener == "{" else items
    position = _skip(text, position + 1)
    while position < len(text):
        key = ""
        if opener == "{":
            if text[position] != '"':
                return result, position, False
            try:
                key, position = _DECODER.raw_decode(text, position)
            except ValueError:
                return result, position, True
            position = _skip(text, position)
            if text[position : position + 1] != ":":
                return result, position, position >= len(text)
            position = _skip(text, position + 1)
        value, position, cut = _partial(text, position, depth + 1)
        if value is not None or not cut:
            if opener == "{":
                members[key] = value
            else:
                items.append(value)
        position = _skip(text, position)
        if cut or text[position : position + 1] != ",":
            return result, position, cut or position >= len(text)
        position = _skip(text, position + 1)
    return result, position, True


def _runs_out(text: str, position: int) -> bool:
    """Whether the scalar that cannot be decoded at this position is one that the end of the text cuts."""
    rest = text[position:]
    if rest.startswith('"'):
        try:
            _DECODER.raw_decode(text, position)
        except ValueError as error:
            return "Unterminated string" in str(error) or position + 12 >= len(text)
        return False
    return len(rest) < 8


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
