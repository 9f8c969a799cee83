"""A tolerant pull parser of XML: whatever is cut off, malformed or hostile gives fewer tokens, never an error.

Entities that a document declares are never expanded, for no declaration is ever read: only the five of XML and
character references are known. Memory is bounded by the size of one tag.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from escalate.formats.lines import Readable, chunks, detect_encoding

_MAX_TAG = 128 * 1024
"""Characters; what opens a longer tag is text."""

_SECTIONS = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"))
_LONGEST_OPENER = 9
_ANGLE = re.compile("[<>]")
_NAME = re.compile(r"</?\s*([A-Za-z_][\w.:-]*)")
_ATTRIBUTE = re.compile(r"""(?<![\w.:-])([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


@dataclass(frozen=True, slots=True)
class Token:
    """A start tag (an empty-element tag is followed by its end), an end tag, or a piece of text."""

    kind: Literal["start", "end", "text"]
    line: int
    """From 1; where the token begins."""
    name: str = ""
    """Local name, without prefix."""
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


def tokens(stream: Readable) -> Iterator[Token]:
    """Tokens in file order; text may come in several pieces."""
    return _Scanner(stream).tokens()


def unescape(text: str) -> str:
    """Text with character references and the five entities of XML resolved, and no others."""
    return _REFERENCE.sub(_resolve, text) if "&" in text else text


class _Scanner:
    def __init__(self, stream: Readable) -> None:
        self._pieces = _decoded(stream)
        self._buffer = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def tokens(self) -> Iterator[Token]:
        while self._has(1):
            opening = self._buffer.find("<", self._at)
            if opening < 0:
                opening = len(self._buffer)
            if opening > self._at:
                line = self._line
                yield Token("text", line, text=unescape(self._take(opening)))
                continue
            self._has(_LONGEST_OPENER)
            section = next((pair for pair in _SECTIONS if self._buffer.startswith(pair[0], self._at)), None)
            if section:
                yield from self._section(*section)
            else:
                yield from self._tag()

    def _section(self, opener: str, closer: str) -> Iterator[Token]:
        self._take(self._at + len(opener))
        is_text = opener == "<![CDATA["
        while True:
            end = self._buffer.find(closer, self._at)
            stop = end if end >= 0 else max(self._at, len(self._buffer) - len(closer) + 1)
            line = self._line
            text = self._take(stop)
            if is_text and text:
                yield Token("text", line, text=text)
            if end >= 0:
                self._take(end + len(closer))
                return
            if not self._has(len(self._buffer) - self._at + 1):
                self._take(len(self._buffer))
                return

    def _tag(self) -> Iterator[Token]:
        line = self._line
        scanned = 1
        while True:
            found = _ANGLE.search(self._buffer, self._at + scanned)
            closing = found.start() if found else -1
            scanned = len(self._buffer) - self._at
            if closing >= 0 or scanned > _MAX_TAG or not self._has(scanned + 1):
                break
        if closing < 0 or self._buffer[closing] == "<":
            yield Token("text", line, text=unescape(self._take(closing if closing >= 0 else len(self._buffer))))
            return
        raw = self._take(closing + 1)
        match = _NAME.match(raw)
        if match is None:
            return
        name = match[1].rpartition(":")[2]
        if raw.startswith("</"):
            yield Token("end", line, name)
            return
        attributes = {found[1]: unescape(found[2] or found[3] or "") for found in _ATTRIBUTE.finditer(raw, match.end())}
        yield Token("start", line, name, attributes=attributes)
        if raw.endswith("/>"):
            yield Token("end", line, name)

    def _take(self, end: int) -> str:
        taken = self._buffer[self._at : end]
        self._line += taken.count("\n")
        self._at = end
        return taken

    def _has(self, count: int) -> bool:
        """Reads on until so many characters are there; False at the end of the file."""
        while len(self._buffer) - self._at < count and not self._ended:
            piece = next(self._pieces, None)
            if piece is None:
                self._ended = True
            else:
                self._buffer = self._buffer[self._at :] + piece
                self._at = 0
        return len(self._buffer) - self._at >= count


def _decoded(stream: Readable) -> Iterator[str]:
    pieces = chunks(stream)
    first = next(pieces, b"")
    encoding = detect_encoding(first)
    if encoding == "utf-8":
        try:
            first[:4096].decode()
        except UnicodeDecodeError as error:
            encoding = "utf-8" if error.start >= len(first[:4096]) - 3 else "latin-1"
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    yield decoder.decode(first).removeprefix("\ufeff")
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _resolve(match: re.Match[str]) -> str:
    if match[1]:
        return _NAMED[match[1]]
    code = int(match[2]) if match[2] else int(match[3], 16)
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"
