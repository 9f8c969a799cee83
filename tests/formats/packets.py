"""Makes captures of TCP and DNS conversations, packet by packet."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from tests.redact.captures import ethernet, ip4, ip6, udp

SYN, RST, ACK, DATA = 0x02, 0x04, 0x10, 0x18
WORKER, WORKER6 = "10.30.4.11", "2001:db8::11"
START = 1_755_147_840
"""2025-08-14 05:04:00 UTC."""


@dataclass
class Capture:
    """A classic capture that grows."""

    link: int = 1
    out: list[bytes] = field(default_factory=list)

    def add(self, at: float, packet: bytes, cut_to: int = 1 << 18) -> None:
        """One IP packet, that many seconds after the start."""
        whole = ethernet(packet) if self.link == 1 else packet
        when = int(START * 1_000_000 + round(at * 1_000_000))
        kept = whole[:cut_to]
        self.out.append(struct.pack("<IIII", *divmod(when, 1_000_000), len(kept), len(whole)) + kept)

    def tcp(self, at: float, ends: str, flags: int, seq: int = 1, ack: int = 0, size: int = 0) -> None:
        """A segment; `ends` is `source:port>target:port`, where the worker is called `me`."""
        source, target = (end.rpartition(":") for end in ends.split(">"))
        ports = int(source[2]), int(target[2])
        head = struct.pack(">HHIIBBHHH", *ports, seq, ack, 5 << 4, flags, 501, 0, 0) + b"\x16" * size
        first, second = (WORKER if name[0] == "me" else name[0] for name in (source, target))
        self.add(at, ip4(first, second, 6, head) if ":" not in first else ip6(first, second, 6, head))

    def dns(self, at: float, server: str, number: int, name: str = "api.payments.example", rcode: int | None = None):
        """A query, or with an rcode the answer to it; port and id are made of the number."""
        flags = 0x0100 if rcode is None else 0x8180 | rcode
        labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
        message = struct.pack(">HHHHHH", number, flags, 1, 0, 0, 0) + labels + b"\0\1\0\1"
        if rcode is None:
            self.add(at, ip4(WORKER, server, 17, udp(WORKER, server, (40_000 + number, 53), message)))
        else:
            self.add(at, ip4(server, WORKER, 17, udp(server, WORKER, (53, 40_000 + number), message)))

    @property
    def data(self) -> bytes:
        """The file."""
        return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, self.link) + b"".join(self.out)


def opened(capture: Capture, peer: str, port: int = 50_000, at: float = 0.0) -> None:
    """A handshake that takes 4 ms."""
    capture.tcp(at, f"me:{port}>{peer}", SYN, seq=100)
    capture.tcp(at + 0.004, f"{peer}>me:{port}", SYN | ACK, seq=900, ack=101)
    capture.tcp(at + 0.005, f"me:{port}>{peer}", ACK, seq=101, ack=901)


def silent(capture: Capture, peer: str, port: int = 50_100, at: float = 0.0) -> None:
    """A call that nobody answers: SYN after 0, 1, 3 and 7 s."""
    for later in (0, 1, 3, 7):
        capture.tcp(at + later, f"me:{port}>{peer}", SYN, seq=100)
