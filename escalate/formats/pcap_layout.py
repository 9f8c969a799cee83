"""How capture files and packets are laid out: magic numbers, link types, protocols; for reading and for redaction."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CLASSIC: Mapping[bytes, tuple[str, int]] = MappingProxyType(
    {
        b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
        b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
        b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000),
        b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
    }
)
"""Magic of a classic capture: byte order, and parts of a second that its times count."""
CLASSIC_HEADER = 24
CLASSIC_RECORD = 16
LINK_BITS = 0xFFFF
"""Bits of the link type; the others say how long a frame check sequence is."""

NG_MAGIC = b"\x0a\x0d\x0d\x0a"
NG_ORDERS: Mapping[bytes, str] = MappingProxyType({b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"})
SECTION, INTERFACE, OLD_PACKET, SIMPLE, NAMES, STATISTICS, PACKET = 0x0A0D0D0A, 1, 2, 3, 4, 5, 6
"""Block types of pcapng."""
BLOCK_LEAST = 12
MOST_INTERFACES = 4096

NULL, ETHERNET, LOOP, COOKED, COOKED2 = 0, 1, 108, 113, 276
"""LINKTYPE_NULL, ETHERNET, LOOP, LINUX_SLL, LINUX_SLL2."""
RAW = frozenset((12, 14, 101, 228, 229))
"""LINKTYPE_RAW, as some systems number it, IPV4 and IPV6: an IP packet and nothing before it."""
VLANS = frozenset((0x8100, 0x88A8, 0x9100))
MOST_VLANS = 4
HARDWARE = frozenset((1, 512, 768, 772, 65534))
"""ARPHRD_ETHER, PPP, TUNNEL, LOOPBACK, NONE: what follows a cooked header is of the Ethernet protocol it names."""
FAMILY4 = 2
FAMILY6 = frozenset((10, 24, 28, 30))
"""AF_INET6 of Linux, NetBSD, FreeBSD, Darwin."""

IP4, IP6, ARP = 0x0800, 0x86DD, 0x0806
HEAD4, HEAD6 = 20, 40
HOP_BY_HOP, ROUTE, FRAGMENT, DESTINATION = 0, 43, 44, 60
EXTENSIONS = frozenset((HOP_BY_HOP, ROUTE, FRAGMENT, DESTINATION))
"""IPv6 headers behind which another follows."""
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
TCP_HEAD, UDP_HEAD = 20, 8
DNS_PORT = 53
DNS_HEAD = 12
