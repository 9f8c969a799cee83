"""The few bytes of memory by which a debugger learns which libraries are loaded (System V ABI, glibc `link.h`)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from escalate.redact.cover import Range
from escalate.redact.handlers.slim_core_memory import Mapped, Memory, program_table
from escalate.redact.handlers.slim_words import Modules

_PT_DYNAMIC, _PT_NOTE, _PT_PHDR = 2, 4, 6
_DT_DEBUG = 21
_MOST_ENTRIES = 1024
"""Of a dynamic section."""
_MOST_LIBRARIES = 20_000
_LONGEST_PATH = 4096
_LONGEST_HEAD = 4096
"""Bytes from the beginning of a module that hold its headers and its build id."""
_PATH = re.compile(rb"(?:(?:/[\w.+@~:-]+)+|linux-(?:vdso|gate)\.so\.1)?\0")
_PROGRAM = {8: struct.Struct("<IIQQQQQQ"), 4: struct.Struct("<IIIIIIII")}
_TABLE = {8: (32, 54), 4: (28, 42)}
"""Where a file header has `e_phoff`, and `e_phentsize` with `e_phnum`."""


def heads(memory: Memory, files: tuple[Mapped, ...]) -> Iterator[Range]:
    """The headers of modules with their build ids, by which a debugger finds the right files."""
    for one in files:
        if one.first and (size := _head(memory.read(one.start, _LONGEST_HEAD), memory.word)):
            yield (one.start, one.start + size)


def _head(data: bytes, word: int) -> int:
    """Bytes from the magic to the end of the last note that is near."""
    offset, counts = _TABLE[word]
    if data[:4] != b"\x7fELF" or len(data) < counts + 4:
        return 0
    table = int.from_bytes(data[offset : offset + word], "little")
    width, count = struct.unpack_from("<HH", data, counts)
    end: int = table + width * count
    if width != _PROGRAM[word].size or end > len(data):
        return 0
    for kind, place, _, size in _headers(data[table:end], word):
        if kind == _PT_NOTE and place + size <= len(data):
            end = max(end, place + size)
    return end


def _headers(table: bytes, word: int) -> Iterator[tuple[int, int, int, int]]:
    """Type, offset, address and size of each program header."""
    for fields in _PROGRAM[word].iter_unpack(table):
        kind, offset, address, size = (fields[0], *fields[2:4], fields[5]) if word == 8 else (*fields[:3], fields[4])
        yield kind, offset, address, size


def libraries(memory: Memory, vector: dict[int, int], code: Modules) -> Iterator[Range]:
    """Program headers and dynamic section of the main program, `r_debug`, and the chain of `link_map` with its names.

    An entry counts only as long as it names a dynamic section inside of a module: a damaged pointer leads nowhere.
    """
    table, width, count = program_table(memory, vector)
    data = memory.read(table, width * count)
    if width != _PROGRAM[memory.word].size or len(data) != width * count or not code.holds(table):
        return
    yield (table, table + len(data))
    headers = {kind: address for kind, _, address, _ in _headers(data, memory.word)}
    if _PT_DYNAMIC not in headers or _PT_PHDR not in headers:
        return
    section = table - headers[_PT_PHDR] + headers[_PT_DYNAMIC]
    if not code.holds(section):
        return
    debug, size = _debug(memory, section)
    yield (section, section + size)
    yield from _chain(memory, debug, code)


def _debug(memory: Memory, section: int) -> tuple[int, int]:
    """Where `r_debug` is, and how long the dynamic section."""
    debug = 0
    for number in range(_MOST_ENTRIES):
        pair = memory.words(section + 2 * memory.word * number, 2)
        if not pair or pair[0] == 0:
            return debug, 2 * memory.word * (number + len(pair) // 2)
        if pair[0] == _DT_DEBUG:
            debug = pair[1]
    return debug, 2 * memory.word * _MOST_ENTRIES


def _chain(memory: Memory, debug: int, code: Modules) -> Iterator[Range]:
    """`r_debug`: version, first entry, a function, state, base of the loader. An entry: bias, name, section, next."""
    found = memory.words(debug, 5)
    if not found or not code.holds(found[2]):
        return
    yield (debug, debug + 5 * memory.word)
    entry, seen = found[1], set[int]()
    while entry and entry not in seen and len(seen) < _MOST_LIBRARIES:
        seen.add(entry)
        words = memory.words(entry, 5)
        if not words or not code.holds(words[2]):
            return
        yield (entry, entry + 5 * memory.word)
        name = _PATH.match(memory.read(words[1], _LONGEST_PATH))
        if name:
            yield (words[1], words[1] + name.end())
        entry = words[3]
