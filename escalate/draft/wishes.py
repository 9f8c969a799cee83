"""What a user may want otherwise in a draft: which packets, whose templates, how long the ticket's fields may be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TITLE = 250
"""Characters of the title; our cap, the ticket API states none."""
DESCRIPTION = 8000
"""Characters of the description; our cap as well."""


@dataclass(frozen=True, slots=True)
class DraftWishes:
    """The defaults are what `escalate build` drafts."""

    packets: tuple[str, ...] = ()
    """Names of handoff packets; empty: all that need no further word."""
    dependency: str | None = None
    """The host whose vendor gets a packet, as the sealed evidence names it."""
    templates: Path | None = None
    """A folder whose templates stand in for ours of the same name."""
    title_limit: int = TITLE
    description_limit: int = DESCRIPTION


USUAL = DraftWishes()
