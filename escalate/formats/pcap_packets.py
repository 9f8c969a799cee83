"""The packets of a capture with their times in seconds, however the file keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from escalate.formats.pcap_frames import SECOND, Frames


class Packet(NamedTuple):
    """One captured packet."""

    number: int
    """From 1, as tcpdump and Wireshark count."""
    link: int
    time: float | None
    """Seconds since 1970, UTC; None where the file has no time."""
    data: bytes


def packets(stream: BinaryIO, notes: list[str]) -> Iterator[Packet]:
    """All packets up to the end or to what is broken, which is told in `notes`; never raises on content."""
    frames = Frames(stream)
    for frame in frames:
        yield Packet(frame.number, frame.link, frame.at / SECOND if frame.at else None, frame.data)
    notes += frames.notes
