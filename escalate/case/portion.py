"""One artifact's share of a task, and a file that tells the share how much of it was read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from escalate.model.observer import Task

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER = 1 << 20


class Portion:
    """So many bytes of a task: never more is told, and the end tells the rest, so that the bar stays true."""

    def __init__(self, task: Task, size: int) -> None:
        self._task = task
        self._left = size

    def advance(self, n_bytes: int) -> None:
        """So many bytes more are done."""
        step = min(n_bytes, self._left)
        self._left -= step
        if step:
            self._task.advance(step)

    def finish(self) -> None:
        """Whatever was not told counts as done."""
        self.advance(self._left)


class _Counted(io.RawIOBase):
    def __init__(self, file: io.FileIO, portion: Portion) -> None:
        self._file = file
        self._portion = portion

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        count = self._file.readinto(buffer)
        self._portion.advance(count or 0)
        return count


@contextmanager
def counted(path: Path, task: Task, size: int) -> Iterator[BinaryIO]:
    """Open a file of `size` bytes for reading, from its start or by seeking; the task advances with it."""
    portion = Portion(task, size)
    try:
        with path.open("rb", buffering=0) as file, io.BufferedReader(_Counted(file, portion), BUFFER) as reader:
            yield reader
    finally:
        portion.finish()
