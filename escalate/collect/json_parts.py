"""Takes parts out of JSON that others wrote: what is not there, or is of another type, is empty."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def mapping(value: object) -> Json:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[Json]:
    """The objects of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """A string, or an empty one."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> list[str]:
    """The strings of a list."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def number(value: object) -> float:
    """A number, or 0."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def properties(resource: object) -> Json:
    """`properties` of an ARM resource."""
    return mapping(mapping(resource).get("properties"))
