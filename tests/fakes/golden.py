"""Compares what was made with a file that a person looked at; ESCALATE_GOLDEN=write takes the new one over."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "golden"


def same_as_golden(name: str, made: str) -> bool:
    """Whether `made` is, byte for byte, tests/golden/`name`."""
    place = FOLDER / name
    if os.environ.get("ESCALATE_GOLDEN") == "write":
        place.write_text(made, encoding="utf-8")
    return place.read_bytes() == made.encode()
