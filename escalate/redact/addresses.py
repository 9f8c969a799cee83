"""Prefix-preserving pseudonyms of IP addresses: two clients of one network stay clients of one network.

The construction is that of Crypto-PAn (Xu, Fan, Ammar, Moon 2002) with HMAC-SHA256 in the place of AES, so that it
needs nothing but the standard library: bit i of the result is bit i of the address, flipped by a keyed function of
the bits before it. The results stand in ranges where no client lives (240.0.0.0/4 and 2001:db8::/32): a pseudonym is
recognised as one, and redacting twice changes nothing. For that the highest 4 (IPv6: 32) bits are folded into the
key of the rest: addresses with a longer prefix in common keep exactly that prefix length in common, others look alike
only by chance.
"""

from __future__ import annotations

import hmac
import ipaddress

_V4 = (32, 4, 0xF0000000)
_V6 = (128, 32, 0x20010DB8 << 96)


def address_pseudonym(key: bytes, text: str, attempt: int = 0) -> str:
    """The pseudonym of an address; another `attempt` gives another host of the same network.

    Raises:
        ValueError: not an IP address.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return f"::ffff:{address_pseudonym(key, str(address.ipv4_mapped), attempt)}"
        return str(ipaddress.IPv6Address(_permute(key, int(address), *_V6) ^ attempt))
    return str(ipaddress.IPv4Address(_permute(key, int(address), *_V4) ^ attempt))


def _permute(key: bytes, number: int, bits: int, folded: int, base: int) -> int:
    result = base
    for place in range(folded, bits):
        left = bits - place
        prefix = number >> left
        flip = hmac.digest(key, b"address\0%d\0%d\0%d" % (bits, place, prefix), "sha256")[0] & 1
        result |= ((number >> (left - 1) & 1) ^ flip) << (left - 1)
    return result
