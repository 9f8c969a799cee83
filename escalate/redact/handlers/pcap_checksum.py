"""Internet checksums (RFC 1071): what is right stays right, what is wrong stays wrong, whatever was cut off.

The checksum of a packet whose payload was cut off would still tell the sum of the payload, which for a short one is
the payload itself. So the new one is that of the kept bytes with zeros up to the original length.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

_MARKS = (0x0100, 0x0300)
"""What a wrong checksum differs by from the right one; the second, where the first would give zero."""


def ones(data: bytes) -> int:
    """Sum of the 16-bit words modulo 65,535: 2**16 is 1 there, so the remainder of the whole number is the sum."""
    number = int.from_bytes(data)
    return (number << 8 if len(data) & 1 else number) % 65_535


class Covered(NamedTuple):
    """What a checksum covers, before and after; sums modulo 65,535."""

    field: int
    """The checksum as it was captured."""
    before: int
    """Sum of all that was captured, with the field and the pseudo header."""
    after: int
    """Sum of what is kept, without the field."""
    whole: bool
    """Whether everything it covers was captured."""
    pseudo: tuple[int, ...] = ()
    """Sums of the pseudo header before; a card that was left to finish it has one of them in the field."""
    new_pseudo: int = 0
    zero: int = 0
    """What stands for zero: 0xFFFF with UDP, where zero says that there is none."""


def renewed(covered: Covered, counts: Counter[str]) -> int:
    """The checksum to write, and what the old one was: counted as good, bad, offloaded or unknown."""
    right = -covered.after % 65_535 or covered.zero
    if covered.before == 0:
        counts["pcap-checksum-good" if covered.whole else "pcap-checksum-unknown"] += 1
        return right
    if covered.pseudo and covered.field % 65_535 in covered.pseudo:
        counts["pcap-checksum-offloaded"] += 1
        return covered.new_pseudo
    if covered.whole or _marked(covered):
        counts["pcap-checksum-bad"] += 1
        return right ^ _MARKS[0] or right ^ _MARKS[1]
    counts["pcap-checksum-unknown"] += 1
    return right


def _marked(covered: Covered) -> bool:
    """Whether we have written it as wrong in an earlier run."""
    rest = covered.before - covered.field
    return any((rest + (covered.field ^ mark)) % 65_535 == 0 for mark in _MARKS)
