"""Long-running operations: 202 until they are done."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal
from escalate.lab.state import now


@dataclass
class _Operation:
    result: Callable[[], Response]
    polls: int


@dataclass
class Operations:
    """Those of one lab; thread safe."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _known: dict[str, _Operation] = field(default_factory=dict)
    _claimed: dict[str, datetime] = field(default_factory=dict)

    def begin(self, result: Callable[[], Response], polls: int) -> str:
        """Its id; `result` is asked for when the polls are used up."""
        name = str(uuid.uuid4())
        with self._lock:
            self._known[name] = _Operation(result, polls)
        return name

    def poll(self, name: str) -> Response | None:
        """The result; None: not yet.

        Raises:
            Refusal: there is no such operation.
        """
        with self._lock:
            operation = self._known.get(name)
            if operation is None:
                raise Refusal(404, "NotFound", f"Cannot find operation with name {name}.")
            operation.polls -= 1
            if operation.polls >= 0:
                return None
        return operation.result()

    def claim(self, what: str, until: datetime) -> bool:
        """Whether something of which there may be one at a time could be taken, until then at most."""
        with self._lock:
            if self._claimed.get(what, now()) > now():
                return False
            self._claimed[what] = until
            return True

    def release(self, what: str) -> bool:
        """Whether it was taken."""
        with self._lock:
            return self._claimed.pop(what, now()) > now()
