"""Numbers of a world as they are at one sample: some grow each time they are asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from escalate.lab.world import Json

_OMITTED = (None, False, 0, "")


def at_sample(value: Any, sample: int) -> Any:
    """`[first, step]` becomes the number at that sample, in whatever it stands."""
    if isinstance(value, list | tuple):
        if len(value) == 2 and all(isinstance(each, int | float) and not isinstance(each, bool) for each in value):
            return value[0] + value[1] * sample
        return [at_sample(each, sample) for each in value]
    if isinstance(value, dict):
        return {name: at_sample(each, sample) for name, each in value.items()}
    return value


def as_kudu(fields: Json) -> Json:
    """Times as `hh:mm:ss.fffffff`, sizes as whole numbers, and nothing that has its default value."""
    written = {name: _written(name, value) for name, value in fields.items() if not name.startswith("_")}
    return {name: value for name, value in written.items() if isinstance(value, list | dict) or value not in _OMITTED}


def time_span(seconds: float) -> str:
    """As .NET writes a TimeSpan; a day more is `1.02:03:04.0000000`."""
    span = timedelta(seconds=abs(seconds))
    hours, rest = divmod(span.seconds, 3600)
    text = f"{hours:02}:{rest // 60:02}:{rest % 60:02}.{span.microseconds * 10:07}"
    return f"{'-' if seconds < 0 else ''}{f'{span.days}.' if span.days else ''}{text}"


def _written(name: str, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if name.endswith("_time"):
        return time_span(value)
    return value if name == "iis_profile_timeout_in_seconds" else round(value)
