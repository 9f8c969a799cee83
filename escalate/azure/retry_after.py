"""How long a server asks to be left alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds, not negative; from `Retry-After` (seconds or a date) or its millisecond forms; None: nothing usable."""
    named = {name.lower(): value.strip() for name, value in headers.items()}
    seconds = _number(named.get("retry-after"))
    if seconds is None and "retry-after" in named:
        seconds = _until(named["retry-after"], named.get("date"))
    for name in _MILLISECONDS:
        if seconds is None and (value := _number(named.get(name))) is not None:
            seconds = value / 1000
    return seconds


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None


def _until(date: str, server_now: str | None) -> float | None:
    """Counted from the server's own `Date`, where it gives one: its clock need not be ours."""
    then = _moment(date)
    if then is None:
        return None
    return max(0.0, (then - (_moment(server_now or "") or datetime.now(UTC))).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
