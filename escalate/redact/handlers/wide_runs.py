"""UTF-16 text in the middle of 8-bit text: each run goes through the engine as text of its own, and comes back wide."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from escalate.redact.engine import Engine, Source
from escalate.redact.handlers.registry import CannotRedact

_READ = 1024 * 1024
_LONGEST = 16 * 1024 * 1024
_ROUNDS = 4
_UNIT = rb"[\t\n\r\x20-\x7e\xa0-\xff]"
_RUN = re.compile(rb"(?P<big>\0(?:" + _UNIT + rb"\0){3,}+" + _UNIT + rb")|(?:" + _UNIT + rb"\0){4,}+")


def redact_wide_runs(source: Source, engine: Engine, counts: Counter[str]) -> Iterator[bytes]:
    """The text with its wide runs redacted; all other bytes stay.

    Raises:
        CannotRedact: a run is too long for one that stands inside of something, or something would be left in it.
    """
    for portion in _portions(source):
        yield _RUN.sub(lambda match: _redacted(match, engine, counts), portion)


def wide_texts(source: Source) -> Iterator[bytes]:
    """The wide runs of a text as UTF-8, each with a line feed behind it.

    Raises:
        CannotRedact: a run is too long for one that stands inside of something.
    """
    for portion in _portions(source):
        for match in _RUN.finditer(portion):
            yield _narrow(match) + b"\n"


def narrowed_runs(data: bytes) -> bytes:
    """The text with its wide runs as UTF-8, so that all of it contains ASCII."""
    return _RUN.sub(_narrow, data)


def _portions(source: Source) -> Iterator[bytes]:
    """Pieces that no run is cut by."""
    rest = b""
    while True:
        more = source.read(_READ)
        data = rest + more
        cut = len(data)
        if more:
            tail = _last_run(data)
            cut = tail
            if len(data) - cut > _LONGEST:
                raise CannotRedact(
                    f"it holds more than {_LONGEST >> 20} MiB of UTF-16 text in one piece inside of other text"
                )
        yield data[:cut]
        rest = data[cut:]
        if not more:
            return


def _last_run(data: bytes) -> int:
    """Where a run begins that may go on behind the data."""
    low = len(data)
    while low >= 2 and (data[low - 1] == 0 or data[low - 2] == 0):
        low -= 2
    return max(0, low - 1)


def _narrow(match: re.Match[bytes]) -> bytes:
    narrow = match[0][1::2] if match["big"] is not None else match[0][::2]
    return narrow.decode("latin-1").encode()


def _redacted(match: re.Match[bytes], engine: Engine, counts: Counter[str]) -> bytes:
    text = _narrow(match)
    for _ in range(_ROUNDS):
        out = io.BytesIO()
        found = engine.redact_stream(io.BytesIO(text), out).counts
        if not found:
            break
        counts.update(found)
        text = out.getvalue()
    else:
        raise CannotRedact("something was still found in UTF-16 text inside of other text")
    return text.decode().encode("utf-16-be" if match["big"] is not None else "utf-16-le")


def write_narrowed(source: Source, made: BinaryIO, engine: Engine, counts: Counter[str]) -> None:
    """Write a text with its wide runs redacted.

    Raises:
        CannotRedact: as above.
    """
    for piece in redact_wide_runs(source, engine, counts):
        made.write(piece)
    made.flush()


def wide_findings(source: Source, engine: Engine) -> bool:
    """Whether something is found in the wide runs of a text."""
    counts: Counter[str] = Counter()
    return any(counts for _ in redact_wide_runs(source, engine, counts)) or bool(counts)
