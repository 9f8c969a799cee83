"""What may go wrong with one call of the support service: throttling, errors, cut lines, before or after it acted."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from escalate.errors import UsageError

Operation = Literal[
    "*",
    "services.list",
    "services.get",
    "classifications.list",
    "classifications.get",
    "names.check",
    "tickets.list",
    "tickets.get",
    "tickets.create",
    "tickets.update",
    "communications.check",
    "communications.list",
    "communications.get",
    "communications.create",
    "transcripts.list",
    "workspaces.get",
    "workspaces.create",
    "files.list",
    "files.get",
    "files.create",
    "files.upload",
    "operations.status",
    "operations.result",
    "provider.get",
    "provider.register",
]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
"""`*` is every one."""

Kind = Literal[
    "throttled", "error", "forbidden", "quota", "reset", "silent", "slow", "error-after", "lost", "silent-after"
]
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "throttled": "429 with Retry-After; nothing was done",
        "error": "500; nothing was done",
        "forbidden": "403 AuthorizationFailed",
        "quota": "400 QuotaExceeded: too many open tickets",
        "reset": "the connection is reset; nothing was done",
        "silent": "nothing is done and nothing is answered",
        "slow": "the answer takes its time",
        "error-after": "500, though it was done",
        "lost": "it was done, then the connection is reset: the answer is lost",
        "silent-after": "it was done, and nothing is answered",
    }
)
DEFAULT_S: Mapping[str, float] = MappingProxyType({"throttled": 1, "silent": 600, "silent-after": 600, "slow": 3})
"""`Retry-After`, or how long it takes until the connection is closed or the answer comes."""

_FORM = re.compile(r"(?P<operation>[a-z.*]+)(#(?P<nth>[1-9]\d*))?=(?P<kind>[a-z-]+)(:(?P<seconds>\d+(\.\d+)?))?")


@dataclass(frozen=True)
class Mishap:
    """What happens to the nth call (from 1, counted from when it was added) of an operation; None: to every call."""

    operation: Operation
    kind: Kind
    nth: int | None = None
    seconds: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Mishap:
        """Of `OPERATION[#N]=KIND[:SECONDS]`: `tickets.create#1=lost`, `*=slow:0.5`.

        Raises:
            UsageError: there is no such operation or kind, or the text has another form.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise UsageError(
                f"{text!r} is no mishap", hint="OPERATION[#N]=KIND[:SECONDS], such as tickets.create#1=lost"
            )
        kind, seconds, nth = found["kind"], found["seconds"], found["nth"]
        if kind not in KINDS:
            raise UsageError(f"there is no mishap of kind {kind!r}", hint=f"one of: {', '.join(KINDS)}")
        operation = next((each for each in OPERATIONS if each == found["operation"]), None)
        if operation is None:
            raise UsageError(
                f"the support service has no operation {found['operation']!r}",
                hint=f"one of: {', '.join(OPERATIONS)}",
            )
        return cls(
            operation=operation,
            kind=next(each for each in get_args(Kind) if each == kind),
            nth=int(nth) if nth else None,
            seconds=float(seconds) if seconds else DEFAULT_S.get(kind, 0.0),
        )


@dataclass(frozen=True)
class Watch:
    """A test's own doing at the nth call of an operation: to end a client between two steps, for instance."""

    operation: Operation
    do: Callable[[], None]
    when: Literal["before", "after"] = "after"
    """Before or after the service has acted; the answer is sent afterwards in both cases."""
    nth: int | None = None


@dataclass(frozen=True)
class Due:
    """What falls on one call."""

    mishaps: tuple[Mishap, ...]
    watches: tuple[Watch, ...]


class Mishaps:
    """Those that are switched on; thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on: list[tuple[Mishap | Watch, list[int]]] = []

    def add(self, *mishaps: Mishap | Watch | str) -> None:
        """Switch some on; a text is read by `Mishap.parse`.

        Raises:
            UsageError: a text is no mishap.
        """
        read = [Mishap.parse(each) if isinstance(each, str) else each for each in mishaps]
        with self._lock:
            self._on += [(each, [0]) for each in read]

    def clear(self) -> None:
        """Switch all off."""
        with self._lock:
            self._on.clear()

    def due(self, operation: Operation) -> Due:
        """What falls on this call, which is counted."""
        found: list[Mishap | Watch] = []
        with self._lock:
            for each, calls in self._on:
                if each.operation not in ("*", operation):
                    continue
                calls[0] += 1
                if each.nth in (None, calls[0]):
                    found.append(each)
        return Due(
            mishaps=tuple(each for each in found if isinstance(each, Mishap)),
            watches=tuple(each for each in found if isinstance(each, Watch)),
        )
