"""The faults that can be switched on in a running lab."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from escalate.errors import UsageError

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "cold-scm": "the first answer of an SCM site takes some seconds",
        "html-401": "the SCM site answers 401 with an IIS HTML page: bearer tokens are not taken",
        "scm-private": "the SCM site answers 403 with a block page, as behind a private endpoint",
        "extensions-blocked": "ARM's extensions path answers 403 as well",
        "forbidden": "ARM answers 403 AuthorizationFailed to everything but GET of the site, plan and instances",
        "throttled": "every other ARM request is answered 429 with Retry-After",
        "bad-gateway": "every third SCM answer is a 502 with an HTML page",
        "cut-502": "big SCM downloads stop in the middle, once, with the connection closed",
        "reset": "big SCM downloads are reset in the middle, once each",
        "slow-drip": "SCM downloads come in small pieces with pauses",
        "truncated-zip": "zips end before their central directory",
        "dump-12kb": "minidumps have 12 KB, as a 32-bit Kudu makes of a 64-bit process",
        "growing-log": "log files grow while they are read",
        "locked-file": "the newest log file cannot be opened: 404 by VFS, left out of zips",
        "wrong-host-href": "hrefs and nextLinks lead to another host",
        "clock-skew": "`Date` headers are seven minutes ahead",
        "token-expiry": "tokens live for a few requests only",
        "worker-replaced": "the sick worker has left the plan: its cookie leads to another one",
        "old-stamp": "endpoints of 2026 answer 404 or 400: exec, startuplogs, networkcapture, siteStatus, troubleshoot",
    }
)


class Faults:
    """Which faults are on; thread safe."""

    def __init__(self, on: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._on = set(map(_known, on))
        self._counts: dict[str, int] = {}

    def on(self, name: str) -> bool:
        """Whether that fault is on."""
        _known(name)
        with self._lock:
            return name in self._on

    def switch(self, name: str, *, on: bool) -> None:
        """Switch one.

        Raises:
            UsageError: there is no such fault.
        """
        with self._lock:
            (self._on.add if on else self._on.discard)(_known(name))

    def count(self, key: str) -> int:
        """How often this was called with the key before, from 0: for every-other and only-once faults."""
        with self._lock:
            seen = self._counts.get(key, 0)
            self._counts[key] = seen + 1
            return seen


def _known(name: str) -> str:
    if name not in FAULTS:
        raise UsageError(f"there is no fault {name!r}", hint=f"one of: {', '.join(FAULTS)}")
    return name
