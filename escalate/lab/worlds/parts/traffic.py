"""Requests to an app, made once for a world: HTTP logs, tables and metrics all tell of the same ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from escalate.lab.world import LabWorker
from escalate.lab.worlds.parts.noise import PROBE, Noise


@dataclass(frozen=True)
class Route:
    """One address of the app."""

    method: str
    path: str
    ms: float
    """Usual duration."""
    bytes_out: int
    status: int = 200
    weight: int = 1


@dataclass(frozen=True)
class Request:
    """One request; `at` is when its row was written, at its end."""

    at: datetime
    worker: LabWorker
    method: str
    path: str
    query: str
    status: int
    ms: int
    ip: str
    agent: str
    bytes_out: int
    bytes_in: int
    log_id: str
    """X-ARR-LOG-ID, the front end's own id of it."""
    sub: int = 0
    win32: int = 0

    def ended(self, status: int, ms: float, *, sub: int = 0, win32: int = 0, bytes_out: int = 0) -> Request:
        """The same request with another end."""
        return replace(self, status=status, ms=int(ms), sub=sub, win32=win32, bytes_out=bytes_out)


Fate = Callable[[Request], Request]

SHOP = (
    Route("GET", "/", 38, 14_211, weight=4),
    Route("GET", "/products", 84, 32_904, weight=6),
    Route("GET", "/products/4711", 51, 9_120, weight=6),
    Route("GET", "/static/app.8c1f.js", 7, 184_002, weight=5),
    Route("GET", "/static/app.8c1f.css", 5, 40_117, weight=3),
    Route("GET", "/api/cart", 33, 812, weight=5),
    Route("POST", "/api/cart/items", 61, 233, weight=3),
    Route("POST", "/api/orders", 190, 402, status=201, weight=2),
    Route("GET", "/api/orders/1042", 72, 1_998, weight=2),
    Route("GET", "/favicon.ico", 3, 1_150, weight=1),
    Route("GET", "/wp-login.php", 4, 1_245, status=404, weight=1),
)
"""A web shop, and somebody who looks for WordPress in it."""

HEALTH = Route("GET", "/health", 9, 15)


def traffic(
    noise: Noise,
    workers: Sequence[LabWorker],
    end: datetime,
    *,
    minutes: int = 120,
    per_minute: int = 18,
    routes: Sequence[Route] = SHOP,
    fate: Fate | None = None,
) -> list[Request]:
    """Requests of the minutes before `end`, evenly over the workers, each with a health probe a minute; by time."""
    choices = [route for route in routes for _ in range(route.weight)]
    found: list[Request] = []
    for minute in range(minutes):
        base = end - timedelta(minutes=minutes - minute)
        for worker in workers:
            picked = [noise.one_of(choices) for _ in range(round(noise.around(per_minute, 0.15)))]
            for route in (*picked, HEALTH):
                request = _request(noise, worker, base + timedelta(seconds=noise.between(0, 59.9)), route)
                found.append(fate(request) if fate else request)
    return sorted(found, key=lambda request: request.at)


def _request(noise: Noise, worker: LabWorker, at: datetime, route: Route) -> Request:
    probe = route is HEALTH
    return Request(
        at=at,
        worker=worker,
        method=route.method,
        path=route.path,
        query="",
        status=304 if route.bytes_out > 30_000 and noise.chance(0.3) else route.status,
        ms=max(1, int(noise.around(route.ms, 0.4))),
        ip="169.254.130.1" if probe else noise.address(),
        agent=PROBE if probe else noise.agent(),
        bytes_out=route.bytes_out + noise.whole(0, 40),
        bytes_in=noise.whole(410, 1_900),
        log_id=noise.guid(),
    )
