"""Lines of a file of any size and encoding, numbered as an editor numbers them."""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from escalate.formats.record import MAX_TEXT

CHUNK = 1024 * 1024
"""Bytes per read."""

_CAP = MAX_TEXT * 4
"""Bytes kept of a line: enough for MAX_TEXT characters of UTF-8."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")


class Readable(Protocol):
    """What the readers of this package need of a stream."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""


class Line(NamedTuple):
    """One line without its line end; `text` holds at most MAX_TEXT characters."""

    number: int
    """From 1."""
    text: str


def detect_encoding(head: bytes) -> str:
    """`utf-16-le`, `utf-16-be` or `utf-8`, from a BOM or, without one, from where the NUL bytes stand.

    `utf-8` is said of everything else; lines that are not UTF-8 are read as latin-1, which cannot fail.
    """
    if head.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if head.startswith(b"\xfe\xff"):
        return "utf-16-be"
    sample = head[: 4096 - len(head) % 2]
    pairs = len(sample) // 2
    if pairs >= 4:
        even, odd = sample[0 : pairs * 2 : 2].count(0), sample[1 : pairs * 2 : 2].count(0)
        if odd > 0.4 * pairs and even < 0.05 * pairs:
            return "utf-16-le"
        if even > 0.4 * pairs and odd < 0.05 * pairs:
            return "utf-16-be"
    return "utf-8"


def decode(data: bytes) -> str:
    """A whole text in its detected encoding, without BOM; broken UTF-16 becomes U+FFFD, broken UTF-8 is latin-1."""
    encoding = detect_encoding(data)
    if encoding != "utf-8":
        return data.decode(encoding, errors="replace").removeprefix("\ufeff")
    return _decode_line(data.removeprefix(codecs.BOM_UTF8), cut=False)


def chunks(stream: Readable) -> Iterator[bytes]:
    """The rest of a stream in pieces of at most 1 MiB."""
    while data := stream.read(CHUNK):
        yield data


def iter_lines(stream: Readable) -> Iterator[Line]:
    """Lines of a stream; only LF ends a line, CR before it is dropped; memory is bounded whatever comes."""
    return lines_of(chunks(stream))


def lines_of(pieces: Iterable[bytes]) -> Iterator[Line]:
    """As iter_lines, for bytes that arrive in pieces."""
    return map(Line, itertools.count(1), _texts(pieces))


def iter_texts(stream: Readable) -> Iterator[str]:
    """As iter_lines, without numbers: every line is there, so counting them from 1 gives the same."""
    return _texts(chunks(stream))


def _texts(pieces: Iterable[bytes]) -> Iterator[str]:
    source = iter(pieces)
    first = b""
    for piece in source:
        first += piece
        if len(first) >= 4096:
            break
    encoding = detect_encoding(first)
    if encoding == "utf-8":
        return _narrow_texts(first.removeprefix(codecs.BOM_UTF8), source)
    return _wide_texts(first, source, encoding)


def strip_ansi(text: str) -> str:
    """The text without terminal colours and cursor movements."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def _narrow_texts(first: bytes, rest: Iterator[bytes]) -> Iterator[str]:
    carry = b""
    for chunk in _with(first, rest):
        end, last = chunk.find(b"\n"), chunk.rfind(b"\n")
        if end < 0:
            carry = (carry + chunk[:_CAP])[:_CAP]
            continue
        yield _narrow_text((carry + chunk[: min(end, _CAP)])[:_CAP])
        if end < last:
            yield from _whole_lines(chunk[end + 1 : last])
        carry = chunk[last + 1 :][:_CAP]
    if carry:
        yield _narrow_text(carry)


def _whole_lines(block: bytes) -> Iterable[str]:
    """Lines between two line ends, decoded at once where all of them are UTF-8."""
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return (_narrow_text(piece[:_CAP]) for piece in block.split(b"\n"))
    if "\r" in text:
        text = text.replace("\r\n", "\n").removesuffix("\r")
    lines = text.split("\n")
    if len(max(lines, key=len)) > MAX_TEXT:
        return (line[:MAX_TEXT] for line in lines)
    return lines


def _narrow_text(piece: bytes) -> str:
    """One line of at most _CAP bytes."""
    return _decode_line(piece.removesuffix(b"\r"), cut=len(piece) >= _CAP)[:MAX_TEXT]


def _wide_texts(first: bytes, rest: Iterator[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    number, carry = 0, ""
    for chunk in _with(first, rest):
        *whole, tail = decoder.decode(chunk).split("\n")
        for piece in whole:
            number += 1
            if carry:
                piece, carry = carry + piece[:MAX_TEXT], ""
            yield _tidy(piece, number)
        if len(carry) <= MAX_TEXT:
            carry += tail[: MAX_TEXT + 1]
    carry += decoder.decode(b"", final=True)
    if carry:
        yield _tidy(carry, number + 1)


def _tidy(piece: str, number: int) -> str:
    text = piece[: MAX_TEXT + 1].removesuffix("\r")[:MAX_TEXT]
    return text.removeprefix("\ufeff") if number == 1 else text


def _with(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _decode_line(raw: bytes, *, cut: bool) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        if cut and error.start >= len(raw) - 3:
            return raw[: error.start].decode()
    return raw.decode("latin-1")
