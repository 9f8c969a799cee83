"""Files of configuration as settings with values, so that two of them can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

MASK = re.compile(r"\[R:([A-Z0-9_-]{1,24}):[0-9A-F]{6}\]")
"""What redaction puts in the place of a secret; the digits depend on the key of the case."""

_ASSIGNMENT = re.compile(r"\s*(?:export )?([A-Za-z_][A-Za-z0-9_.:-]*)\s*=\s*(.*)")
_NAMES = ("name", "Name", "key", "Key")
_VALUES = ("value", "Value")
_MOST = 20_000
"""Settings of one file; more are no configuration."""
_LONGEST = 200


def settings_of(data: bytes) -> dict[str, str]:
    """Setting to value; of what is neither JSON nor assignments, each line is a setting without a value."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        found = _members(json.loads(text), "")
    except (ValueError, RecursionError):
        found = _lines(text)
    settings: dict[str, str] = {}
    for name, value in found:
        if len(settings) >= _MOST:
            break
        settings.setdefault(name[:_LONGEST], value[:_LONGEST])
    return settings


def _members(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        name = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), None)
        held = next((key for key in _VALUES if key in value), None)
        if name is not None and held is not None:
            yield from _members(value[held], f"{place}/{name}")
            value = {key: each for key, each in value.items() if key not in (*_NAMES, held)}
            place = f"{place}/{name}"
        for key, each in value.items():
            yield from _members(each, f"{place}/{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            named = isinstance(each, dict) and any(isinstance(each.get(key), str) for key in _NAMES)
            yield from _members(each, place if named else f"{place}/{number}")
    else:
        yield place or "/", json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        match = _ASSIGNMENT.fullmatch(line)
        if match:
            yield match[1], match[2]
        elif line.strip():
            yield line.strip(), ""
