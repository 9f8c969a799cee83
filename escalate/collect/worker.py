"""Does one step on a thread of its own, which the engine can give up on."""

from __future__ import annotations

import threading
from types import TracebackType

from escalate.azure.failure import AzureFailure
from escalate.collect.collector import Gather
from escalate.collect.context import Context
from escalate.collect.outcomes import outcome_of_error, outcome_of_failure, outcome_of_step
from escalate.collect.piece import Abandoned, Unavailable
from escalate.collect.staging import Staged, Stager
from escalate.model.outcome import Failed, Gap, Outcome, Timeout


class _Kept:
    """Keeps what a block raised, for another thread to raise again."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        return True


class Worker:
    """One running step. A read that hangs in the kernel cannot be ended, only left behind: hence a daemon thread."""

    def __init__(self, gather: Gather, context: Context, stager: Stager) -> None:
        self._gather = gather
        self._context = context
        self._stager = stager
        self._lock = threading.Lock()
        self._closed = False
        self._staged: list[Staged] = []
        self._gaps: list[Gap] = []
        self._kept = _Kept()
        self._thread = threading.Thread(target=self._work, name=context.step, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, after waiting so long."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def give_up(self, reason: str) -> None:
        """End it: what is whole by now counts, nothing later does."""
        with self._lock:
            self._closed = True
            self._gaps.append(Timeout(reason=reason, hint=self._context.obtain))
        self._context.watch.give_up()

    def result(self) -> tuple[list[Staged], Outcome]:
        """What it brought, and how it ended; an error that has no name here is raised again."""
        if self._kept.error is not None and not self._closed:
            raise self._kept.error
        return self._staged, outcome_of_step(len(self._staged), self._gaps, self._context.obtain)

    def _work(self) -> None:
        with self._kept:
            try:
                for item in self._gather(self._context):
                    staged, gap = (None, item) if isinstance(item, Gap) else self._stager.take(item)
                    self._context.watch.alive()
                    self._add(staged, gap)
            except Unavailable as error:
                self._add(None, error.outcome)
            except Abandoned:
                return
            except AzureFailure as failure:
                self._add(None, outcome_of_failure(failure, self._context.obtain))
            except OSError as error:
                self._add(None, outcome_of_error(error, self._context.entry.title, self._context.obtain))
            except ValueError as error:  # a source that does not look as documented
                self._add(None, Failed(reason=f"{self._context.entry.title}: {error}", hint=self._context.obtain))

    def _add(self, staged: Staged | None, gap: Gap | None) -> None:
        with self._lock:
            if self._closed:
                return
            if staged:
                self._staged.append(staged)
            if gap:
                self._gaps.append(gap)
