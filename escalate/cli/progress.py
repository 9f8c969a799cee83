"""Draws progress on stderr: bytes, speed and time left on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn

from escalate.model.observer import Observer, QuietObserver, Task


class _BarTask:
    def __init__(self, progress: Progress, label: str, total: int | None) -> None:
        self._progress = progress
        self._label = label
        self._total = total
        self._id: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        self._id = self._progress.add_task(self._label, total=self._total)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._id is not None:
            self._progress.remove_task(self._id)
        if not self._progress.tasks:
            self._progress.stop()

    def advance(self, n_bytes: int) -> None:
        if self._id is not None:
            self._progress.advance(self._id, n_bytes)


class TerminalObserver:
    """Shows stages as lines and tasks as bars that vanish when they are done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )

    def stage(self, name: str) -> None:
        """A line for the stage."""
        self._console.print(f"[bold]{name}[/bold]")

    def task(self, label: str, total_bytes: int | None = None) -> Task:
        """A bar for the work."""
        return _BarTask(self._progress, label.replace("[", r"\["), total_bytes)

    def note(self, text: str) -> None:
        """A dim line."""
        self._console.print(text, style="dim", markup=False)


def terminal_observer() -> Observer:
    """Draws on a terminal; says nothing when stderr is piped."""
    if not sys.stderr.isatty():
        return QuietObserver()
    return TerminalObserver(Console(stderr=True, highlight=False))
