"""Writes a small network trace: what a worker's connections to its dependencies look like on the wire."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from datetime import datetime, timedelta

from escalate.lab.world import Probe

_MAGIC, _ETHERNET, _SNAPLEN = 0xA1B2C3D4, 1, 262_144
_SYN, _ACK, _RST = 0x02, 0x10, 0x04
WORKER = bytes((10, 30, 4, 17))
RETRANSMITS = 3


def trace(start: datetime, probes: Iterable[tuple[str, Probe]]) -> bytes:
    """A pcap file (libpcap 2.4): for each `host:port` the packets of one attempt to connect, headers only."""
    out = [struct.pack("<IHHiIII", _MAGIC, 2, 4, 0, 0, _SNAPLEN, _ETHERNET)]
    at = start
    for number, (target, outcome) in enumerate(probes):
        for wait, packet in _attempt(target, outcome, 49_152 + number):
            at += timedelta(seconds=wait)
            out.append(struct.pack("<IIII", int(at.timestamp()), at.microsecond, len(packet), len(packet)) + packet)
    return b"".join(out)


def _attempt(target: str, outcome: Probe, port: int) -> Iterable[tuple[float, bytes]]:
    host, _, text = target.rpartition(":")
    there = bytes((52, *hashlib.sha256(host.encode()).digest()[:3]))
    other = int(text) if text.isascii() and text.isdigit() else 443
    syn = _packet(WORKER, there, port, other, _SYN, 1000)
    if outcome in ("no-such-host", "forbidden"):
        return  # nothing reaches the wire
    yield 0.01, syn
    if outcome == "timeout":
        for again in range(RETRANSMITS):
            yield float(2**again), syn
    elif outcome == "refused":
        yield 0.02, _packet(there, WORKER, other, port, _RST | _ACK, 0, 1001)
    else:
        yield 0.02, _packet(there, WORKER, other, port, _SYN | _ACK, 5000, 1001)
        yield 0.001, _packet(WORKER, there, port, other, _ACK, 1001, 5001)


def _packet(source: bytes, target: bytes, from_: int, to: int, flags: int, seq: int, ack: int = 0) -> bytes:
    """Ethernet, IPv4 and TCP headers with right checksums."""
    tcp = struct.pack(">HHIIBBHHH", from_, to, seq, ack, 5 << 4, flags, 64_240, 0, 0)
    pseudo = source + target + struct.pack(">BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack(">H", _checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, source, target)
    ip = ip[:10] + struct.pack(">H", _checksum(ip)) + ip[12:]
    return bytes(12) + b"\x08\x00" + ip + tcp


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
