"""Recordings, by their magic bytes: packet captures, .NET event pipe traces and heap graphs, Java flight recordings."""

from __future__ import annotations

from escalate.formats.registry import Format, Head
from escalate.model.kind import Kind

_PCAP = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x0a\x0d\x0d\x0a")
"""pcap in both byte orders with micro- and nanoseconds, and pcapng."""

_FAST_SERIALIZATION = b"!FastSerialization.1"
"""A nettrace has it after its own magic, a gcdump after a length."""


def _is_gcdump(head: Head) -> bool:
    return head.data[4:24] == _FAST_SERIALIZATION


FORMATS = (
    Format(Kind.PCAP, "application/vnd.tcpdump.pcap", lambda head: head.data.startswith(_PCAP), rank=10),
    Format(Kind.NETTRACE, "application/x-nettrace", lambda head: head.data.startswith(b"Nettrace"), rank=10),
    Format(Kind.GCDUMP, "application/x-gcdump", _is_gcdump, rank=10),
    Format(Kind.JFR, "application/x-jfr", lambda head: head.data.startswith(b"FLR\x00"), rank=10),
)
