"""Times as the logs and answers of App Service write them; all are UTC."""

from __future__ import annotations

from datetime import datetime, timedelta


def seconds(moment: datetime) -> str:
    """As in `2026-11-23T16:05:00Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def millis(moment: datetime) -> str:
    """`2023-03-15T21:46:22.281Z`, of platform logs."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def ticks(moment: datetime) -> str:
    """`2026-04-04T05:46:15.5480209Z`, of .NET; the seventh digit is made up of the others."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}{moment.microsecond % 7}Z"


def nanos(moment: datetime) -> str:
    """`2024-07-17T19:08:26.844374292Z`, the receive time of container output; the last three digits are made up."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}{(moment.microsecond * 37) % 1000:03d}Z"


def spoken(moment: datetime) -> str:
    """`04/04/2026 05:46:15`, of platform messages."""
    return f"{moment:%m/%d/%Y %H:%M:%S}"


def ago(start: datetime, minutes: float) -> datetime:
    """A moment before the lab's start."""
    return start - timedelta(minutes=minutes)
