"""Metrics of a site and its plan, one value a minute for two hours, out of the traffic and a world's own curves."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from escalate.lab.world import LabWorker, Series
from escalate.lab.worlds.parts.noise import Noise
from escalate.lab.worlds.parts.traffic import Request

MINUTES = 120

Curve = tuple[float, ...]
Own = Mapping[tuple[str, str], Curve]
"""(metric, machine) to what a world says of it instead of the usual."""

_MIB = 1024.0 * 1024.0

_SITE: tuple[tuple[str, str, float], ...] = (
    ("CpuTime", "Seconds", 4.2),
    ("MemoryWorkingSet", "Bytes", 310 * _MIB),
    ("AverageMemoryWorkingSet", "Bytes", 305 * _MIB),
    ("PrivateBytes", "Bytes", 360 * _MIB),
    ("Handles", "Count", 910),
    ("Threads", "Count", 42),
    ("RequestsInApplicationQueue", "Count", 0),
    ("HealthCheckStatus", "Count", 100),
    ("IoReadBytesPerSecond", "BytesPerSecond", 90_000),
    ("IoWriteBytesPerSecond", "BytesPerSecond", 41_000),
    ("IoOtherBytesPerSecond", "BytesPerSecond", 7_000),
    ("BytesReceived", "Bytes", 22_000),
    ("BytesSent", "Bytes", 400_000),
)
_WINDOWS_ONLY: tuple[tuple[str, str, float], ...] = (("AppConnections", "Count", 34),)
"""Not given for Linux web apps."""
_PLAN: tuple[tuple[str, str, float], ...] = (
    ("CpuPercentage", "Percent", 19),
    ("MemoryPercentage", "Percent", 58),
    ("DiskQueueLength", "Count", 0.2),
    ("HttpQueueLength", "Count", 0),
    ("TcpEstablished", "Count", 61),
    ("TcpSynSent", "Count", 0.4),
    ("TcpTimeWait", "Count", 25),
)
COUNTED = ("Requests", "Http2xx", "Http3xx", "Http4xx", "Http5xx", "HttpResponseTime")
"""What front ends count: they know of requests whose worker is gone."""
_OF_PLAN = frozenset(name for name, _, _ in _PLAN)
_STEADY = frozenset({"HealthCheckStatus", "RequestsInApplicationQueue", "HttpQueueLength"})


def flat(noise: Noise, level: float, spread: float = 0.08) -> Curve:
    """About the same all the time."""
    return tuple(round(noise.around(level, spread), 2) for _ in range(MINUTES))


def rising(noise: Noise, low: float, high: float, since: int = MINUTES) -> Curve:
    """About `low`, then from `since` minutes before now steadily up to `high`."""
    values = []
    for minute in range(MINUTES):
        share = max(0.0, (minute - (MINUTES - since)) / since)
        values.append(round((low + (high - low) * share) * noise.between(0.985, 1.015), 2))
    return tuple(values)


def step(noise: Noise, before: float, after: float, since: int, until: int = 0) -> Curve:
    """One level, and another from `since` to `until` minutes before now."""
    return tuple(
        round(noise.around(after if MINUTES - since <= minute < MINUTES - until else before, 0.06), 2)
        for minute in range(MINUTES)
    )


def only(curve: Curve, *, since: int = MINUTES, until: int = 0) -> Curve:
    """The same between two times, in minutes before now; nothing was measured (not a number) before and after."""
    return tuple(
        value if MINUTES - since <= minute < MINUTES - until else math.nan for minute, value in enumerate(curve)
    )


def metrics(
    noise: Noise,
    workers: Sequence[LabWorker],
    requests: Sequence[Request],
    start: datetime,
    *,
    windows: bool,
    own: Own | None = None,
) -> tuple[Series, ...]:
    """All metrics of all workers: those of requests are counted, the others are usual unless a world has its own."""
    own = own or {}
    found: list[Series] = []
    for worker in workers:
        for name, unit, level in (*_SITE, *(_WINDOWS_ONLY if windows else ()), *_PLAN):
            curve = own.get((name, worker.machine)) or _usual(noise, name, level)
            found.append(Series(name, worker.machine, curve, of_plan=name in _OF_PLAN, unit=unit))
        found += _counted(worker, requests, start)
    return tuple(found)


def _usual(noise: Noise, name: str, level: float) -> Curve:
    return (level,) * MINUTES if name in _STEADY else flat(noise, level)


def _counted(worker: LabWorker, requests: Sequence[Request], start: datetime) -> list[Series]:
    first = start.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES)
    counts: dict[str, list[float]] = defaultdict(lambda: [0.0] * MINUTES)
    taken: list[list[float]] = [[] for _ in range(MINUTES)]
    for request in requests:
        minute = int((request.at - first).total_seconds() // 60)
        if request.worker is not worker or not 0 <= minute < MINUTES:
            continue
        counts["Requests"][minute] += 1
        counts[f"Http{request.status // 100}xx"][minute] += 1
        taken[minute].append(request.ms / 1000)
    found = [Series(name, worker.machine, tuple(counts[name])) for name in COUNTED[:-1]]
    average = tuple(round(sum(values) / len(values), 4) if values else 0.0 for values in taken)
    return [*found, Series(COUNTED[-1], worker.machine, average, unit="Seconds")]
