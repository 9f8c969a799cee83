"""One thing that doctor looked at, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "missing", "refused", "no-access", "no-target"]
"""`note`: worth knowing, no evidence goes missing. `missing`, `refused`: some will be missing; the last two: all."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    detail: str
    hint: str = ""
    """What to do about it; empty when it is well."""
