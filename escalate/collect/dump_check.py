"""Proves that a file which a service sent is the dump that was asked for: of that kind, whole, and not too small."""

from __future__ import annotations

from pathlib import Path

from escalate.azure.call import looks_like_html
from escalate.formats import minidump

SHARE_OF_PRIVATE = 0.4
"""A full dump is at least so big, of the private memory."""
BITNESS_BYTES = 16 * 1024
"""A dump of 12 KB is what a 32-bit Kudu makes of a 64-bit process (projectkudu/kudu#3427)."""
MINIDUMP = b"MDMP"
_HEAD = 512


class NotADumpError(Exception):
    """Why a file is not taken for a dump; the text is for people."""


class BitnessError(NotADumpError):
    """A dump of a few KB: whoever made it could not see into the process."""


def check_minidump(place: Path, *, full_of: int | None = None) -> None:
    """Check a Windows dump; `full_of`: it holds the whole memory, of a process with so many private bytes.

    Raises:
        NotADumpError: it is none, it is cut off, or it is too small.
    """
    size = place.stat().st_size
    with place.open("rb") as handle:
        head = handle.read(_HEAD)
        if looks_like_html(head):
            raise NotADumpError("an HTML page, not a dump")
        if not head.startswith(MINIDUMP):
            raise NotADumpError(f"{size} bytes that begin with {head[:4].hex(' ') or 'nothing'}, not with MDMP")
        found = minidump.check_minidump(handle)
    if found.state == "damaged":
        raise NotADumpError(found.summary)
    if found.state == "truncated":
        raise NotADumpError(f"cut off: {size} bytes, and {found.missing} bytes more should follow")
    if size <= BITNESS_BYTES:
        raise BitnessError(f"a dump of {size} bytes: 32-bit Kudu cannot see into a 64-bit process")
    if full_of is not None and size < SHARE_OF_PRIVATE * full_of:
        raise NotADumpError(f"{size} bytes, of a process with {full_of} private bytes: that is no full dump")
