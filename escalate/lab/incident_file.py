"""Writes the incident of a world as the incident.toml that a user of the app would have written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from escalate.model.incident import Incident


def as_toml(incident: Incident) -> str:
    """The file's text; what is unset is left out, and the target as well: it is read from Azure."""
    data = incident.model_dump(mode="json", exclude_defaults=True, exclude={"target"})
    return "\n".join(_lines(data)) + "\n"


def _lines(data: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name} = {_value(name, value)}" for name, value in data.items() if not isinstance(value, dict))
    for name, value in data.items():
        if isinstance(value, dict):
            yield f"[{name}]"
            yield from (f"{key} = {_value(key, inner)}" for key, inner in value.items())


def _value(name: str, value: Any) -> str:
    """JSON's strings, numbers and lists of them are TOML's; times stand bare."""
    return str(value) if name in ("start", "end") else json.dumps(value, ensure_ascii=False)
