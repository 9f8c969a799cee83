"""Addresses of packets: public IP addresses and MAC addresses become pseudonyms; those of the platform stay."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable

from escalate.redact.keep import is_platform_address
from escalate.redact.names import NameBook

MAC_PREFIX = b"\x02\xe5"
"""Begins every MAC pseudonym: locally administered, so no vendor's, and recognised when it is met again."""

_REMEMBERED = 1 << 17
_SOLICITED = bytes.fromhex("ff0200000000000000000001ff")
_LINK_LOCAL = bytes.fromhex("fe80000000000000")


class Remembered(dict[bytes, bytes]):
    """A function of bytes whose answers are remembered; `d[key]` asks. Memory is bounded."""

    def __init__(self, ask: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, key: bytes) -> bytes:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[key] = answer = self._ask(key)
        return answer


class Addresses:
    """The mapping of one case; each of its answers is its own answer, too."""

    def __init__(self, key: bytes, names: NameBook) -> None:
        self.ip4 = Remembered(self._ip4)
        """4 bytes to 4 bytes."""
        self.ip6 = Remembered(self._ip6)
        """16 bytes to 16 bytes."""
        self.mac = Remembered(self._mac)
        """6 bytes to 6 bytes."""
        self.changed = 0
        """IP addresses that were replaced, each counted once (more often in captures with very many)."""
        self.macs_changed = 0
        self._key = key
        self._names = names

    def _ip4(self, raw: bytes) -> bytes:
        text = str(ipaddress.IPv4Address(raw))
        if is_platform_address(text):
            return raw
        self.changed += 1
        return ipaddress.IPv4Address(self._names.address(text)).packed

    def _ip6(self, raw: bytes) -> bytes:
        if raw.startswith(_SOLICITED):
            return _SOLICITED + bytes(3)  # the rest is the end of somebody's address
        if raw.startswith(_LINK_LOCAL) and raw[11:13] == b"\xff\xfe":
            mac = self.mac[bytes([raw[8] ^ 2]) + raw[9:11] + raw[13:]]
            return _LINK_LOCAL + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
        text = str(ipaddress.IPv6Address(raw))
        if is_platform_address(text):
            return raw
        self.changed += 1
        return ipaddress.IPv6Address(self._names.address(text)).packed

    def _mac(self, raw: bytes) -> bytes:
        if raw.startswith(b"\x33\x33\xff"):
            return raw[:3] + bytes(3)
        if raw[0] & 1 or raw.startswith(MAC_PREFIX) or not any(raw):
            return raw
        self.macs_changed += 1
        return MAC_PREFIX + hmac.digest(self._key, b"mac\0" + raw, "sha256")[:4]
