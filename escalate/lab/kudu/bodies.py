"""How big answers go out: whole, or dripping, cut or reset, as the faults say."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Self

from werkzeug.wrappers import Response

from escalate.lab.connection import reset
from escalate.lab.kudu.visit import Visit

BIG = 256 * 1024
"""Faults break downloads of at least this many bytes."""
PIECE = 64 * 1024
DRIP_BYTES = 8 * 1024
DRIP_PAUSE_S = 0.02
DRIPPING = 512 * 1024
"""So much of an answer drips; the rest flows, or a dump would take hours."""


class Opened:
    """A file as it was when it was opened: what is appended meanwhile is not in this answer."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb")
        self.size = os.fstat(self._file.fileno()).st_size
        self._left = self.size

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        data = self._file.read(min(PIECE, self._left))
        if not data:
            raise StopIteration
        self._left -= len(data)
        return data

    def seekable(self) -> bool:
        """Werkzeug seeks to the start of a range."""
        return True

    def seek(self, position: int) -> int:
        """Go to a byte."""
        self._left = max(0, self.size - position)
        return self._file.seek(position)

    def tell(self) -> int:
        """Where the file stands."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Through:
    """Pieces of an answer on their way, closing what they come from."""

    def __init__(self, response: Response, through: Callable[[Iterable[bytes]], Iterator[bytes]]) -> None:
        self._source = response.response
        self._pieces = through(response.iter_encoded())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """Close the file or the generator behind."""
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


def download(visit: Visit, response: Response) -> Response:
    """The answer with the faults on it that are about downloads."""
    length = response.content_length
    if visit.faults.on("slow-drip"):
        _put(response, _drip)
    for fault, end in (("cut-502", _cut), ("reset", _reset)):
        if visit.faults.on(fault) and (length is None or length >= BIG):
            _put(response, _breaking(visit, fault, BIG // 2 if length is None else length // 2, end))
    return response


def _put(response: Response, through: Callable[[Iterable[bytes]], Iterator[bytes]]) -> None:
    length = response.content_length
    response.response = _Through(response, through)
    if length is not None:
        response.content_length = length


def _drip(source: Iterable[bytes]) -> Iterator[bytes]:
    seen = 0
    for piece in source:
        if seen >= DRIPPING:
            yield piece
            continue
        for start in range(0, len(piece), DRIP_BYTES):
            time.sleep(DRIP_PAUSE_S)
            yield piece[start : start + DRIP_BYTES]
        seen += len(piece)


def _breaking(
    visit: Visit, fault: str, after: int, end: Callable[[Visit], None]
) -> Callable[[Iterable[bytes]], Iterator[bytes]]:
    """Once for each path; a path is broken when the middle is reached, so that small answers stay whole."""

    def through(source: Iterable[bytes]) -> Iterator[bytes]:
        seen = 0
        whole = False
        for piece in source:
            if not whole and seen + len(piece) > after:
                if visit.faults.count(f"{fault}:{visit.request.path}") == 0:
                    yield piece[: after - seen]
                    end(visit)
                whole = True
            seen += len(piece)
            yield piece

    return through


def _cut(visit: Visit) -> None:
    raise ConnectionAbortedError("the lab cuts this download: fault cut-502")


def _reset(visit: Visit) -> None:
    reset(visit.request.environ, "fault reset")
