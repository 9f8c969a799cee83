"""What is wrong with a field of a ticket."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about one field; the sentence never repeats what was written there when that is personal."""

    field: str
    """Dotted, as in incident.toml: `contact.phone`."""
    sentence: str
    hint: str
    blocks: bool = True
    """False: worth knowing, but it may be sent."""
