"""Makes packets and captures, byte by byte, and reads captures again in its own way."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

LINUX_MAC = bytes.fromhex("001dd8b71c01")
OTHER_MAC = bytes.fromhex("7c1e52aabbcc")


def checksum(data: bytes) -> int:
    """RFC 1071, word by word."""
    total = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address: str) -> bytes:
    """An address as packets have it."""
    return ipaddress.ip_address(address).packed


def pseudo(source: str, target: str, protocol: int, length: int) -> bytes:
    """The pseudo header of a transport checksum."""
    if ":" in source:
        return packed(source) + packed(target) + struct.pack(">IxxxB", length, protocol)
    return packed(source) + packed(target) + struct.pack(">BBH", 0, protocol, length)


def tcp(
    source: str, target: str, ports: tuple[int, int], payload: bytes = b"", options: bytes = b"", flags: int = 0x18
) -> bytes:
    """A segment with a right checksum."""
    options += b"\0" * (-len(options) % 4)
    head = struct.pack(">HHIIBBHHH", *ports, 1111, 2222, (5 + len(options) // 4) << 4, flags, 501, 0, 0) + options
    value = checksum(pseudo(source, target, 6, len(head + payload)) + head + payload)
    return head[:16] + struct.pack(">H", value) + head[18:] + payload


def udp(source: str, target: str, ports: tuple[int, int], payload: bytes = b"") -> bytes:
    """A datagram with a right checksum."""
    head = struct.pack(">HHHH", *ports, 8 + len(payload), 0)
    value = checksum(pseudo(source, target, 17, len(head + payload)) + head + payload)
    return head[:6] + struct.pack(">H", value or 0xFFFF) + payload


def icmp(kind: int, code: int, rest: bytes, payload: bytes, before: bytes = b"") -> bytes:
    """A message with a right checksum; `before`: the pseudo header of ICMPv6."""
    value = checksum(before + bytes([kind, code, 0, 0]) + rest + payload)
    return struct.pack(">BBH", kind, code, value) + rest + payload


def ip4(source: str, target: str, protocol: int, payload: bytes, fragment: int = 0x4000, options: bytes = b"") -> bytes:
    """A packet with a right header checksum."""
    words = 5 + len(options) // 4
    total = 4 * words + len(payload)
    head = struct.pack(
        ">BBHHHBBH4s4s", 0x40 | words, 0, total, 7, fragment, 64, protocol, 0, packed(source), packed(target)
    )
    head += options
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ip6(source: str, target: str, following: int, payload: bytes) -> bytes:
    """A packet; extension headers stand in `payload`."""
    return struct.pack(">IHBB", 6 << 28, len(payload), following, 64) + packed(source) + packed(target) + payload


def ethernet(packet: bytes, protocol: int | None = None, vlans: bytes = b"") -> bytes:
    """A frame."""
    number = protocol or (0x0800 if packet[0] >> 4 == 4 else 0x86DD)
    return OTHER_MAC + LINUX_MAC + vlans + struct.pack(">H", number) + packet


def pcap(*packets: bytes, link: int = 1, order: str = "<", magic: int = 0xA1B2C3D4, cut_to: int = 1 << 18) -> bytes:
    """A classic capture; `cut_to` is its snapshot length."""
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262_144, link)
    for number, packet in enumerate(packets):
        kept = packet[:cut_to]
        out += struct.pack(order + "IIII", 1_790_000_000 + number, 10 * number, len(kept), len(packet)) + kept
    return out


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """One option of a pcapng block."""
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """One pcapng block."""
    body += b"\0" * (-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def section(options: bytes = b"", order: str = "<") -> bytes:
    """The block that begins a pcapng section."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + options, order)


def interface(link: int = 1, options: bytes = b"", order: str = "<", longest: int = 0) -> bytes:
    """The block of an interface."""
    return block(1, struct.pack(order + "HHI", link, 0, longest) + options, order)


def enhanced(packet: bytes, options: bytes = b"", order: str = "<") -> bytes:
    """A packet of the first interface."""
    head = struct.pack(order + "IIIII", 0, 1, 2, len(packet), len(packet))
    return block(6, head + packet + b"\0" * (-len(packet) % 4) + options, order)


@dataclass(frozen=True)
class Seen:
    """A packet of a classic capture."""

    stamp: tuple[int, int]
    size: int
    data: bytes


def read_pcap(data: bytes) -> list[Seen]:
    """All packets of a classic capture in either byte order."""
    order = "<" if data[0] in (0xD4, 0x4D) else ">"
    out, at = [], 24
    while at < len(data):
        seconds, part, length, size = struct.unpack_from(order + "IIII", data, at)
        at += 16
        assert at + length <= len(data)
        out.append(Seen((seconds, part), size, data[at : at + length]))
        at += length
    return out


def read_blocks(data: bytes, order: str = "<") -> list[tuple[int, bytes]]:
    """Kind and body of all blocks of a pcapng."""
    out, at = [], 0
    while at < len(data):
        kind, length = struct.unpack_from(order + "II", data, at)
        assert data[at + length - 4 : at + length] == data[at + 4 : at + 8]
        out.append((kind, data[at + 8 : at + length - 4]))
        at += length
    return out


def dns_name(name: str) -> bytes:
    """A name without compression."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def dns(name: str, *records: bytes, flags: int = 0x8180, kind: int = 1) -> bytes:
    """A message with one question."""
    return (
        struct.pack(">HHHHHH", 77, flags, 1, len(records), 0, 0)
        + dns_name(name)
        + struct.pack(">HH", kind, 1)
        + b"".join(records)
    )


def dns_record(kind: int, content: bytes, name: bytes = b"\xc0\x0c", ttl: int = 300) -> bytes:
    """One record; its name points to the question."""
    return name + struct.pack(">HHIH", kind, 1, ttl, len(content)) + content
