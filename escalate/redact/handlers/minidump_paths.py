"""Whose profile a module, a symbol file or a mapped file came from: the name in the path goes, the path stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from escalate.redact.cover import Patch
from escalate.redact.handlers.elf_core_layout import read_at
from escalate.redact.handlers.minidump_layout import TEXTS, Dump
from escalate.redact.names import COMMON

_PROFILE = re.compile(
    rb"(?i)(?:[\\/](?:users|home|documents and settings)[\\/]|\b[a-z]:[\\/]documents and settings[\\/])"
    rb"(?P<name>[^\\/\r\n\x00:;\"'?<>| ][^\\/\r\n\x00:;\"'?<>|]{0,63})(?=[\\/\x00\r\n:;\"'|]|$)"
)
_LONGEST = 1 << 20
"""Bytes of a text that is looked at; no path is longer, and /proc/self/maps rarely is."""


def profile_names(raw: BinaryIO, dump: Dump) -> Iterator[Patch]:
    """What to write over the names of users in paths; names that many machines share stay."""
    for low, high in dump.strings:
        data = read_at(raw, low, min(high - low, _LONGEST))
        for start, name in _names(_units(data)):
            yield low + 2 * start, b"*\0" * len(name)
    for low, high in [*dump.symbols, *((one.start, one.end) for one in dump.streams if one.type in TEXTS)]:
        for start, name in _names(read_at(raw, low, min(high - low, _LONGEST))):
            yield low + start, b"*" * len(name)


def _units(data: bytes) -> bytes:
    """A byte for each unit of UTF-16 text; 0x80 for letters beyond Latin-1, which are part of a name like any."""
    return bytes(0x80 if high else low for low, high in zip(data[::2], data[1::2], strict=False))


def _names(text: bytes) -> Iterator[tuple[int, bytes]]:
    for match in _PROFILE.finditer(text):
        name = match["name"]
        if name.strip(b"*") and name.decode("latin-1").casefold() not in COMMON:
            yield match.start("name"), name
