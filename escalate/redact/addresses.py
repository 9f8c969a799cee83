"""Prefix-preserving pseudonyms of IP addresses: two clients of one network stay clients of one network.

The construction is that of Crypto-PAn (Xu, Fan, Ammar, Moon 2002) with HMAC-SHA256 in the place of AES, so that it
needs nothing but the standard library: bit i of the result is bit i of the address, flipped by a keyed function of
the bits before it. One digest over the whole bytes before a byte gives the flips for all prefixes inside of that byte. The results stand in ranges where no client lives (240.0.0.0/4 and 2001:db8::/32): a pseudonym is
recognised as one, and redacting twice changes nothing. For that the highest 4 (IPv6: 32) bits are folded into the
key of the rest: addresses with a longer prefix in common keep exactly that prefix length in common, others look alike
only by chance.
"""

from __future__ import annotations

import functools
import hmac
import ipaddress

_V4 = (32, 4, 0xF0000000)
_V6 = (128, 32, 0x20010DB8 << 96)
_DIGESTS = 65_536
"""Digests that are remembered: clients come from few networks."""


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
    result = base
    for place in range(folded // 8 * 8, bits, 8):
        byte = number >> (bits - 8 - place) & 0xFF
        flips = _flips(key, bits, place, number >> (bits - place))
        for depth in range(folded % 8 if place < folded else 0, 8):
            node = 1 << depth | byte >> (8 - depth)  # the prefix inside of the byte, with a leading one
            flipped = (byte >> (7 - depth) ^ flips[node >> 3] >> (node & 7)) & 1
            result |= flipped << (bits - 1 - place - depth)
    return result


@functools.lru_cache(maxsize=_DIGESTS)
def _flips(key: bytes, bits: int, place: int, prefix: int) -> bytes:
    """256 keyed bits, one for each prefix that ends inside of the byte at `place`."""
    return hmac.digest(key, b"address\0%d\0%d\0%d" % (bits, place, prefix), "sha256")
