"""Raw deflate streams made of blocks that are packed side by side, and put together in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from isal import isal_zlib

END = b"\x03\x00"
"""The last block of a stream (RFC 1951): final, fixed codes, nothing in it."""
_LEVEL = 1
"""Of isal: higher levels cost time and save nothing."""
_IN_FLIGHT = 3
"""Blocks per thread that are being packed, or wait to be written."""


def deflated(block: bytes) -> bytes:
    """One block of a raw stream; ends at a byte, so that any other may follow."""
    engine = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)
    return engine.compress(block) + engine.flush(isal_zlib.Z_SYNC_FLUSH)


class Deflater:
    """Threads that pack blocks; what comes out does not depend on how many they are."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="deflate")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def stream(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The whole deflate stream of the blocks, piece by piece; few of them are in memory at a time."""
        waiting: deque[Future[bytes]] = deque()
        for block in blocks:
            waiting.append(self._pool.submit(deflated, block))
            if len(waiting) > self._threads * _IN_FLIGHT:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
        yield END
