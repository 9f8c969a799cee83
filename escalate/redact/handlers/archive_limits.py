"""How much of an archive is unpacked, which may be a bomb."""

from __future__ import annotations

from dataclasses import dataclass, field

from escalate.redact.handlers.registry import CannotRedact


class TooMuch(CannotRedact):
    """The whole file is refused, whatever else is in it: someone built it to fill a disk."""


@dataclass(frozen=True)
class Limits:
    """All in bytes but `depth`, `ratio` and `members`; no looser than what a finished bundle is verified with."""

    depth: int = 5
    """Archives in archives; a compressed file counts as one."""
    ratio: int = 250
    """Unpacked to packed size, beyond `free`; logs reach 40, sparse memory 100."""
    free: int = 256 << 20
    """Unpacked size below which the ratio does not matter."""
    total: int = 32 << 30
    """All that is unpacked of one file, archives inside of archives included."""
    members: int = 100_000
    """At all depths together; their names are held in memory."""
    directory: int = 32 << 20
    """Size of a list of members, which is read whole."""
    memory: int = 256 << 20
    """What a decompressor may ask for."""


@dataclass
class Total:
    """What came out of one file so far, at all depths."""

    limits: Limits
    unpacked: int = 0
    members: int = 0


@dataclass
class Meter:
    """Counts what comes out of one archive against what went in."""

    total: Total
    packed: int
    unpacked: int = field(default=0, init=False)

    def member(self) -> None:
        """One more member.

        Raises:
            TooMuch: there are too many.
        """
        self.total.members += 1
        if self.total.members > self.total.limits.members:
            raise TooMuch(f"it has more than {self.total.limits.members:,} members")

    def more(self, size: int) -> None:
        """So many more bytes came out.

        Raises:
            TooMuch: more than anyone should unpack.
        """
        limits = self.total.limits
        self.unpacked += size
        self.total.unpacked += size
        if self.unpacked > limits.free and self.unpacked > limits.ratio * max(1, self.packed):
            raise TooMuch(f"it unpacks to more than {limits.ratio} times its size")
        if self.total.unpacked > limits.total:
            raise TooMuch(f"it unpacks to more than {limits.total:,} bytes")
