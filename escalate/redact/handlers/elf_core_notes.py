"""What of the notes of a core is text of the process: its command line, and the paths of mapped files."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from escalate.formats.elf_layout import ARGUMENTS, FILE_ENTRY, NAME, NT_FILE, NT_PRPSINFO, PROCESS_PID
from escalate.redact.cover import Patch, Range
from escalate.redact.engine import Engine
from escalate.redact.handlers.elf_core_layout import Core, read_at
from escalate.redact.handlers.registry import CannotRedact

_LONGEST_FILES = 64 * 1024 * 1024
_LEAST = 4
"""Characters of the beginning of a known value that give it away."""


@dataclass(frozen=True)
class FileMap:
    """NT_FILE: which addresses hold files, and where the paths stand."""

    mapped: tuple[Range, ...]
    """Sorted addresses."""
    paths: tuple[Range, ...]
    """In the core."""

    def holds(self, address: int) -> bool:
        """Whether a file is mapped there."""
        place = bisect_right(self.mapped, address, key=lambda one: one[0]) - 1
        return place >= 0 and address < self.mapped[place][1]


def file_map(raw: BinaryIO, core: Core) -> FileMap:
    """What NT_FILE says.

    Raises:
        CannotRedact: it is not as Linux writes it.
    """
    mapped, paths = list[Range](), list[Range]()
    word = FILE_ENTRY[core.wide]
    for note in core.found(NT_FILE):
        head = 2 * (word.size // 3)
        if note.size < head or note.size > _LONGEST_FILES:
            raise CannotRedact("its list of mapped files is not as Linux writes it")
        data = read_at(raw, note.start, note.size)
        count = int.from_bytes(data[: head // 2], "little")
        if head + count * word.size > len(data):
            raise CannotRedact("its list of mapped files is cut off")
        table = data[head : head + count * word.size]
        mapped += [(start, end) for start, end, _ in word.iter_unpack(table)]
        paths.append((note.start + head + len(table), note.start + note.size))
    return FileMap(tuple(sorted(mapped)), tuple(paths))


def command_lines(core: Core) -> tuple[Range, ...]:
    """Name and arguments of the process in NT_PRPSINFO.

    Raises:
        CannotRedact: the note is of an unknown size.
    """
    found: list[Range] = []
    for note in core.found(NT_PRPSINFO):
        if note.size not in PROCESS_PID:
            raise CannotRedact("its note on the process is of an unknown size")
        end = note.start + note.size
        found.append((end - NAME - ARGUMENTS, end))
    return tuple(found)


def cut_arguments(raw: BinaryIO, ranges: Sequence[Range], engine: Engine) -> Iterator[Patch]:
    """Linux keeps the first 79 bytes of a command line: the secret that was cut there has lost its end."""
    for _, end in ranges:
        text = read_at(raw, end - ARGUMENTS, ARGUMENTS).split(b"\0")[0]
        start = _cut(text, engine) if len(text) >= ARGUMENTS - 1 else len(text)
        if text[start:].strip(b"*"):
            yield end - ARGUMENTS + start, b"*" * (len(text) - start)


def _cut(text: bytes, engine: Engine) -> int:
    """Where the part begins that must go; the end: nothing must."""
    plain = text.decode("latin-1")
    left = engine.redact_cut(plain)
    start = len(text)
    if left != plain:
        start = next((place for place, (one, other) in enumerate(zip(plain, left, strict=False)) if one != other), 0)
    for value in engine.inputs.known_values:
        known = value.encode("utf-8", "surrogatepass")
        for size in range(min(len(known), len(text)), _LEAST - 1, -1):
            if text.endswith(known[:size]):
                start = min(start, len(text) - size)
                break
    return start
