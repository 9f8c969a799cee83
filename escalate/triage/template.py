"""Patterns and sentences with `{name}` in them: joined with a match's groups, never with invented values."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"\{(?P<name>[a-z][a-z0-9_]*)\}")
_SHAPES = {"pid": r"\d+"}
_WORD = r"\S+"

FLAGS = re.ASCII | re.MULTILINE
"""ASCII classes and line anchors: what the prefilter engine understands in the same way."""


def as_pattern(template: str) -> str:
    """`(pid {pid})` with every `{name}` turned into a named group."""

    def group(match: re.Match[str]) -> str:
        name = match["name"]
        return f"(?P<{name}>{_SHAPES.get(name, _WORD)})"

    return _NAME.sub(group, template)


def names_in(template: str) -> frozenset[str]:
    """The `{name}` words of a template."""
    return frozenset(match["name"] for match in _NAME.finditer(template))


def fill(template: str, values: Mapping[str, str], *, unknown: Mapping[str, str] | None = None) -> str:
    """A sentence with the known values put in; what is not known is said in words."""

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        known = values.get(name)
        if known:
            return known
        return (unknown or {}).get(name) or f"({name.replace('_', ' ')} not in the evidence)"

    return _NAME.sub(value, template)


def with_remark(template: str, values: Mapping[str, str]) -> str:
    """`Deadlock ({threads})` with its remark when all of it is known, and without it when not."""
    return fill(template, values) if names_in(template) <= set(values) else template.split(" (")[0]
