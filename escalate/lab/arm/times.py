"""Times and spans as they stand in requests to Azure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from escalate.lab.arm.answer import Refusal
from escalate.lab.state import now

_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?", re.IGNORECASE
)


def moment(text: str) -> datetime:
    """An ISO 8601 time; one without a zone is UTC.

    Raises:
        Refusal: it is none.
    """
    plain = re.sub(r" (?=\d\d:\d\d$)", "+", text.strip())  # a `+` that was not encoded arrives as a blank
    cut = re.sub(r"(\.\d{6})\d+", r"\1", plain)  # .NET writes seven digits, Python reads six
    try:
        found = datetime.fromisoformat(cut)
    except ValueError as error:
        raise Refusal(400, "BadRequest", f"'{text}' is not a valid time.") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def duration(text: str) -> timedelta:
    """An ISO 8601 duration of days, hours, minutes and seconds.

    Raises:
        Refusal: it is none.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groupdict().values()):
        raise Refusal(400, "BadRequest", f"'{text}' is not a valid duration.")
    return timedelta(**{unit: int(value) for unit, value in found.groupdict().items() if value})


def timespan(text: str) -> tuple[datetime, datetime]:
    """`start/end`, `start/duration`, `duration/end`, or a duration that ends now.

    Raises:
        Refusal: it is none of these.
    """
    first, slash, second = text.partition("/")
    if not slash:
        end = now()
        return end - duration(first), end
    if second.strip().upper().startswith("P"):
        return moment(first), moment(first) + duration(second)
    if first.strip().upper().startswith("P"):
        return moment(second) - duration(first), moment(second)
    return _ordered(moment(first), moment(second))


def window(start: str | None, end: str | None, usual: timedelta) -> tuple[datetime, datetime]:
    """From two parameters; what is missing is filled in from the usual length.

    Raises:
        Refusal: not times, or in the wrong order.
    """
    last = moment(end) if end else (moment(start) + usual if start else now())
    return _ordered(moment(start) if start else last - usual, last)


def stamp(at: datetime) -> str:
    """As `2026-11-23T16:05:00Z`."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _ordered(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    if end < start:
        raise Refusal(400, "BadRequest", f"The start time {stamp(start)} is after the end time {stamp(end)}.")
    return start, end
