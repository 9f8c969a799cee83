"""What one look found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "stop", "unknown"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `stop` means that filing would fail, or should not be done."""

    name: str
    state: State
    text: str
    hint: str = ""
    code: str = ""
    """Of a stop, for the program: `not-registered`, `no-role`, `name-taken`, `duplicate`."""
    ticket: str = ""
    """Resource name of the ticket it speaks of."""
