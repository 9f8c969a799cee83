"""How much a verifier reads of an archive that may be hostile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """All in bytes but `depth`, `ratio` and `members`."""

    depth: int = 5
    """Archives in archives."""
    ratio: int = 250
    """Unpacked to packed size, beyond `free`; logs reach 40, sparse memory 100."""
    free: int = 256 << 20
    """Unpacked size below which the ratio does not matter."""
    whole: int = 64 << 30
    """All members of the bundle itself, below which their ratio does not matter: dumps can be zeros to the end, and
    deflate alone makes at most 1032 bytes of one."""
    nested: int = 32 << 30
    """All that is unpacked from archives inside of one bundle."""
    members: int = 500_000
    directory: int = 128 << 20
    """Size of a central directory, which is read whole."""
    document: int = 128 << 20
    """Size of a JSON document, which is read whole."""


class BombError(Exception):
    """An archive unpacks to more than anyone should read; becomes a problem of the verification."""
