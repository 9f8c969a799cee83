"""Hires a crew of processes where the work is worth it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor

from escalate.redact.crew import Crew

WORTH_IT = 24 * 1024 * 1024
"""Bytes of evidence from which processes gain more than their start costs."""


def cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def hired(executor: Executor | None, workers: int | None, size: int) -> Iterator[Crew | None]:
    """The given executor, or one process a core for `size` bytes of work; None: do it alone."""
    count = workers or cores()
    if executor is not None:
        yield Crew(executor, count)
        return
    if count < 2 or size < WORTH_IT:
        yield None
        return
    # spawned, not forked: the threads that draw progress do not survive a fork
    pool = ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"), initializer=_start)
    try:
        yield Crew(pool, count)
    except BaseException:
        # whoever presses Ctrl-C does not wait for a dump to be finished; half-made files stay in the scratch folder
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in multiprocessing.active_children():
            worker.terminate()
        raise
    pool.shutdown()


def _start() -> None:
    """Ctrl-C is for the process that the user sees; it ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
