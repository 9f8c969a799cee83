"""Who does the work: this process alone, a process for each core, or the workers of a cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True)
class Crew:
    """An executor and how many tasks it works on at once.

    The executor is any that keeps the interface of `concurrent.futures`; its workers see the same files under the same
    names. What a task is told travels to the worker by pickle.
    """

    executor: Executor
    workers: int

    def ordered(self, work: Callable[[A], R], tasks: Iterable[A]) -> Iterator[R]:
        """The results in the order of the tasks; at most two tasks a worker are under way."""
        waiting: deque[Future[R]] = deque()
        try:
            for task in tasks:
                waiting.append(self.executor.submit(work, task))
                if len(waiting) >= 2 * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
