"""Text files as UTF-8 bytes, whatever their encoding, and back."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import BinaryIO

from escalate.redact.engine import Sink, Source
from escalate.redact.handlers.registry import CannotRedact

HEAD_BYTES = 64 * 1024
_UTF16_RUN = 16
WIDE_INSIDE = re.compile(rb"(?:[\x20-\x7e]\0){8}|(?:\0[\x20-\x7e]){8}")
_NARROW_INSIDE = re.compile(rb"[\t\r\n\x20-\x7e]{12}")
"""8-bit text that another program added to a UTF-16 file; also some Chinese, which is then read byte by byte."""
_LONE = "surrogatepass"
"""Half a pair is no character, but Windows writes it; it stays."""
_NOT_TEXT = bytes({*range(1, 9), *range(14, 27), *range(28, 32)})


class WideInside(CannotRedact):
    """There are two encodings in one text: UTF-16 inside of 8-bit text, or the other way round."""


def encoding_of(head: bytes) -> str | None:
    """The wide encoding of a text, by its mark or by where its zero bytes are; None: one that contains ASCII."""
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32-le" if head[0] else "utf-32-be"
    if head.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if head.startswith(b"\xfe\xff"):
        return "utf-16-be"
    sample = head[:4096]
    units = len(sample) // 2
    if units < 4:
        return None
    low, high = sample[0 : 2 * units : 2].count(0), sample[1 : 2 * units : 2].count(0)
    if high > 0.6 * units and low < 0.05 * units:
        return "utf-16-le"
    if low > 0.6 * units and high < 0.05 * units:
        return "utf-16-be"
    return None


def is_mixed(data: bytes) -> bool:
    """Whether there are two encodings in one text."""
    return (_NARROW_INSIDE if encoding_of(data) else WIDE_INSIDE).search(data) is not None


def open_text(raw: BinaryIO, *, mixed: bool = False) -> Source:
    """A text file from its start, as UTF-8 or as the bytes it has; `mixed`: always the latter.

    Raises:
        CannotRedact: its head is not text.
        WideInside: while reading, two encodings in one text.
    """
    raw.seek(0)
    head = raw.read(HEAD_BYTES)
    raw.seek(0)
    encoding = None if mixed else encoding_of(head)
    if encoding is None:
        strange = len(head) - len(head.translate(None, _NOT_TEXT))
        if strange > 0.02 * len(head):
            raise CannotRedact("its content is not text")
    return source_for(raw, encoding, mixed=mixed)


def source_for(raw: BinaryIO, encoding: str | None, *, mixed: bool = False) -> Source:
    """The same for a stream that is at its start and whose encoding is known."""
    if encoding is None:
        return raw if mixed else _Plain(raw)
    return _Decoding(raw, encoding)


class Told:
    """A source that tells how much was read from it."""

    def __init__(self, source: Source, advance: Callable[[int], None]) -> None:
        self._source = source
        self._advance = advance

    def read(self, size: int, /) -> bytes:
        """As the source does."""
        data = self._source.read(size)
        self._advance(len(data))
        return data


def sink_for(raw: BinaryIO, encoding: str | None) -> Sink:
    """Where UTF-8 is written so that the file has the encoding of its original."""
    return raw if encoding is None else _Encoding(raw, encoding)


class _Plain:
    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._tail = b""

    def read(self, size: int, /) -> bytes:
        data = self._raw.read(size)
        if (b"\0" in data or b"\0" in self._tail) and WIDE_INSIDE.search(self._tail + data):
            raise WideInside("it holds UTF-16 text in the middle of text in another encoding")
        self._tail = data[-_UTF16_RUN:]
        return data


class _Decoding:
    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder(encoding)(_LONE)
        self._tail = b""

    def read(self, size: int, /) -> bytes:
        while data := self._raw.read(size):
            if _NARROW_INSIDE.search(self._tail + data):
                raise WideInside("it holds 8-bit text in the middle of UTF-16 text")
            self._tail = data[-_UTF16_RUN:]
            text = self._decoder.decode(data)
            if text:
                return text.encode("utf-8", _LONE)
        return self._decoder.decode(b"", final=True).encode("utf-8", _LONE)


class _Encoding:
    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder("utf-8")(_LONE)
        self._encoding = encoding

    def write(self, data: bytes, /) -> object:
        return self._raw.write(self._decoder.decode(data).encode(self._encoding, _LONE))
