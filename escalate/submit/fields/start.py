"""When the problem began."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from escalate.submit.fields.problem import Problem

AHEAD = timedelta(minutes=5)
"""Clocks differ."""
LONGEST_AGO = timedelta(days=548)
"""18 months: as long as tickets can be read."""


def problems(start: datetime | None, now: datetime) -> Iterator[Problem]:
    """`now` is aware."""
    if start is None:
        yield Problem("problem_start", "nobody said when it began", "give --since, or [window] in incident.toml")
    elif start.tzinfo is None:
        yield Problem("problem_start", "the time has no zone", "end it with Z for UTC")
    elif start > now + AHEAD:
        yield Problem(
            "problem_start",
            f"{start.astimezone(UTC):%Y-%m-%d %H:%M} UTC is in the future",
            "times are UTC: was local time written with a Z?",
        )
    elif start < now - LONGEST_AGO:
        yield Problem(
            "problem_start",
            f"{start.astimezone(UTC):%Y-%m-%d %H:%M} UTC is more than 18 months ago",
            "check the year",
        )
