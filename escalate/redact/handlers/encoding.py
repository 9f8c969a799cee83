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
_WIDE_INSIDE = re.compile(rb"(?:[\x20-\x7e]\0){8}|(?:\0[\x20-\x7e]){8}")
_NOT_TEXT = bytes({*range(1, 9), *range(14, 27), *range(28, 32)})


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


def open_text(raw: BinaryIO) -> Source:
    """A text file from its start, as UTF-8 or as the bytes it has.

    Raises:
        CannotRedact: its head is not text; or, while reading, wide text in the middle of another encoding.
    """
    raw.seek(0)
    head = raw.read(HEAD_BYTES)
    raw.seek(0)
    encoding = encoding_of(head)
    if encoding is None:
        strange = len(head) - len(head.translate(None, _NOT_TEXT))
        if strange > 0.02 * len(head):
            raise CannotRedact("its content is not text")
    return source_for(raw, encoding)


def source_for(raw: BinaryIO, encoding: str | None) -> Source:
    """The same for a stream that is at its start and whose encoding is known."""
    return _Plain(raw) if encoding is None else _Decoding(raw, encoding)


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
        if (b"\0" in data or b"\0" in self._tail) and _WIDE_INSIDE.search(self._tail + data):
            raise CannotRedact("it holds UTF-16 text in the middle of text in another encoding")
        self._tail = data[-_UTF16_RUN:]
        return data


class _Decoding:
    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder(encoding)()

    def read(self, size: int, /) -> bytes:
        while data := self._raw.read(size):
            text = self._decoder.decode(data)
            if text:
                return text.encode()
        return self._decoder.decode(b"", final=True).encode()


class _Encoding:
    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._encoding = encoding

    def write(self, data: bytes, /) -> object:
        return self._raw.write(self._decoder.decode(data).encode(self._encoding))
