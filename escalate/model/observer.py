"""How a stage says what it is doing without knowing a console."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self


class Task(Protocol):
    """One piece of work with a known or unknown number of bytes."""

    def __enter__(self) -> Self:
        """Start showing it."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop showing it."""
        ...

    def advance(self, n_bytes: int) -> None:
        """So many bytes more are done."""
        ...


class Observer(Protocol):
    """Receives progress; drawing it is the command line's business."""

    def stage(self, name: str) -> None:
        """A stage begins."""
        ...

    def task(self, label: str, total_bytes: int | None = None) -> Task:
        """A piece of work begins when the returned value is entered."""
        ...

    def note(self, text: str) -> None:
        """A line worth reading once."""
        ...


class _QuietTask:
    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def advance(self, n_bytes: int) -> None:
        return None


class QuietObserver:
    """Says nothing; for tests and `--quiet`."""

    def stage(self, name: str) -> None:
        """Say nothing."""

    def task(self, label: str, total_bytes: int | None = None) -> Task:
        """Say nothing."""
        return _QuietTask()

    def note(self, text: str) -> None:
        """Say nothing."""
