"""What the trackers of a capture hand out, and the bounds they keep to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from escalate.formats.pcap_frames import SECOND
from escalate.formats.record import FieldValue

SAME = SECOND * 3 // 1000
"""Nanoseconds within which an equal packet is the same one, captured on two interfaces; nobody sends again so soon."""
SAMPLES = 256
"""Durations kept of a peer, for its median."""


class Fact(NamedTuple):
    """One fact, at the packet that shows it first."""

    name: str
    number: int
    at: int
    text: str
    fields: dict[str, FieldValue]


def median_ms(samples: Sequence[int]) -> float:
    """The median of durations in nanoseconds, in ms; of none 0."""
    ordered = sorted(samples)
    return round(ordered[len(ordered) // 2] / 1e6, 3) if ordered else 0.0


def seconds(duration: int) -> float:
    """Nanoseconds as seconds, to the tenth."""
    return round(duration / SECOND, 1)
