"""Prefix-preserving pseudonyms of IP addresses: two clients of one network stay clients of one network.

The construction is that of Crypto-PAn (Xu, Fan, Ammar, Moon 2002) with HMAC-SHA256 in the place of AES, so that it
needs nothing but the standard library: bit i of the result is bit i of the address, flipped by a keyed function of
the bits before it. One digest over the whole bytes before a byte gives the flips of all prefixes inside of that byte.
The results stand in ranges where no client lives (240.0.0.0/4 and 2001:db8::/32): a pseudonym is recognised as one,
and redacting twice changes nothing. For that the highest 4 (IPv6: 32) bits are folded into the key of the rest:
addresses with a longer prefix in common keep exactly that prefix length in common, others look alike only by chance.
"""

from __future__ import annotations

import functools
import hmac
import ipaddress

_V4 = (32, 4, 0xF0000000)
_V6 = (128, 32, 0x20010DB8 << 96)
_NETWORKS = 65_536
"""Networks whose pseudonym is remembered: clients come from few."""


def address_pseudonym(key: bytes, text: str) -> str:
    """The pseudonym of an address; it follows from key and address alone.

    Raises:
        ValueError: not an IP address.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return f"::ffff:{address_pseudonym(key, str(address.ipv4_mapped))}"
        return str(ipaddress.IPv6Address(_permute(key, int(address), *_V6)))
    return str(ipaddress.IPv4Address(_permute(key, int(address), *_V4)))


def _permute(key: bytes, number: int, bits: int, folded: int, base: int) -> int:
    return base | _byte(key, number, bits, folded, bits)


@functools.lru_cache(maxsize=_NETWORKS)
def _network(key: bytes, prefix: int, bits: int, folded: int, length: int) -> int:
    """The first `length` bits of the pseudonym of every address of a network, without those that are folded."""
    return _byte(key, prefix, bits, folded, length) if length > folded else 0


def _byte(key: bytes, prefix: int, bits: int, folded: int, length: int) -> int:
    place = length - 8
    byte, above = prefix & 0xFF, prefix >> 8
    flips = int.from_bytes(hmac.digest(key, b"address\0%d\0%d\0%d" % (bits, place, above), "sha256"), "little")
    result = _network(key, above, bits, folded, place)
    for depth in range(8):
        bit = 0
        if place + depth >= folded:
            node = 1 << depth | byte >> (8 - depth)  # the prefix inside of the byte, with a leading one
            bit = (byte >> (7 - depth) ^ flips >> node) & 1
        result = result << 1 | bit
    return result
