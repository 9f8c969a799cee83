"""Tags of XML as they stand, without a parser: nothing is expanded, and a document may be cut off anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from escalate.redact.handlers.structured_spans import Window

_LONGEST_TAG = 64 * 1024
_TAG = re.compile(rb"<(?P<name>[A-Za-z_][\w:.-]*)(?P<rest>(?:[^<>\"']|\"[^\"]*+\"?|'[^']*+'?)*+)(?P<close>>?)")
_ATTRIBUTE = re.compile(rb"(?P<name>[\w:.-]+)\s*=\s*(?:\"(?P<double>[^\"<]*)\"?|'(?P<single>[^'<]*)'?)")


class Attribute(NamedTuple):
    """An attribute: where its value stands."""

    name: str
    start: int
    end: int


class Tag(NamedTuple):
    """A start tag, or one that is its own end."""

    name: str
    end: int
    empty: bool
    """Whether it has no content: `<a/>`, or the text ends in it."""
    attributes: tuple[Attribute, ...]

    def values(self, data: bytes) -> Mapping[str, bytes]:
        """The attributes by their names in small letters."""
        return {one.name.casefold(): data[one.start : one.end] for one in self.attributes}


def tag_around(window: Window, place: int) -> Tag | None:
    """The tag in which a place stands, behind its `<`; None: it stands in content, or in no tag at all."""
    data = window.data
    begin = data.rfind(b"<", max(0, place - _LONGEST_TAG), place)
    if begin < 0:
        return None
    match = _TAG.match(data, begin, min(len(data), begin + _LONGEST_TAG))
    if match is None or match.end() < place:
        return None
    attributes = []
    for found in _ATTRIBUTE.finditer(data, match.start("rest"), match.end("rest")):
        group = "double" if found["double"] is not None else "single"
        attributes.append(Attribute(found["name"].decode("utf-8", "replace"), *found.span(group)))
    empty = not match["close"] or match["rest"].endswith(b"/")
    return Tag(match["name"].decode("utf-8", "replace"), match.end(), empty, tuple(attributes))


def content_end(window: Window, tag: Tag) -> int:
    """Where the content of an element ends: at its own end tag, or with the text.

    Raises:
        CannotRedact: the window ends first.
    """
    depth, place = 1, tag.end
    either = re.compile(rb"<(/?)" + re.escape(tag.name.encode()) + rb"(?=[\s/>])[^<>]*")
    while match := either.search(window.data, place):
        place = match.end()
        if match[1]:
            depth -= 1
            if depth == 0:
                return match.start()
        elif not match[0].endswith(b"/"):
            depth += 1
    return window.cut_off()
