"""The records of a heap dump around the heap: classes and their names, stacks of threads, where the heap stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from escalate.formats.hprof_layout import (
    FRAME,
    HEADER,
    HEAP_DUMP,
    HEAP_DUMP_END,
    HEAP_DUMP_SEGMENT,
    LOAD_CLASS,
    PLAIN,
    RECORD,
    TRACE,
    UTF8,
)

_MOST_CLASSES = 2_000_000
_MOST_FRAMES = 2_000_000
_LONGEST = 1 << 20
"""Bytes of the longest record around the heap that is read."""
_LONGEST_NAME = 512
_MOST_SHOWN = 12
"""Frames of a stack that are kept."""


@dataclass
class Outline:
    """What stands around the heap."""

    id_size: int
    segments: list[tuple[int, int]] = field(default_factory=list)
    """(start, end) in the file, as far as the file goes."""
    class_names: dict[int, int] = field(default_factory=dict)
    """Class to the id of its name."""
    failed_frames: tuple[int, ...] = ()
    """Frames of the thread that was making an OutOfMemoryError, the last call first."""
    failed_thread: int = 0
    """Its serial number."""
    _serials: dict[int, int] = field(default_factory=dict)
    _frames: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Frame to (id of the method's name, serial number of the class)."""
    _traces: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    def frames(self) -> list[tuple[int, int]]:
        """(class, id of the method's name) of the failed stack."""
        known = (self._frames[each] for each in self.failed_frames if each in self._frames)
        return [(self._serials.get(serial, 0), name) for name, serial in known]


def read_outline(raw: BinaryIO, id_size: int, size: int) -> Outline:
    """Walk all records and step over the heap; what is cut off or unknown ends the walk."""
    outline = Outline(id_size)
    at = HEADER
    while at < size:
        raw.seek(at)
        head = raw.read(RECORD.size)
        if len(head) < RECORD.size:
            break
        tag, _, length = RECORD.unpack(head)
        body, at = at + RECORD.size, at + RECORD.size + length
        if tag in (HEAP_DUMP, HEAP_DUMP_SEGMENT):
            outline.segments.append((body, min(at, size)))
        elif tag == HEAP_DUMP_END or tag not in PLAIN:
            break
        elif tag in (LOAD_CLASS, FRAME, TRACE) and length <= _LONGEST:
            _keep(outline, tag, raw.read(length))
    return outline


def _keep(outline: Outline, tag: int, body: bytes) -> None:
    ids = outline.id_size
    if tag == LOAD_CLASS and len(body) == 8 + 2 * ids and len(outline.class_names) < _MOST_CLASSES:
        klass, name = _number(body, 4, ids), _number(body, 8 + ids, ids)
        outline.class_names[klass] = name
        outline._serials[_number(body, 0, 4)] = klass
    elif tag == FRAME and len(body) == 8 + 4 * ids and len(outline._frames) < _MOST_FRAMES:
        outline._frames[_number(body, 0, ids)] = (_number(body, ids, ids), _number(body, 4 * ids, 4))
    elif tag == TRACE and len(body) >= 12 and not outline.failed_frames:
        frames = tuple(_number(body, 12 + ids * each, ids) for each in range((len(body) - 12) // ids))
        outline._traces.append((_number(body, 4, 4), frames))


def find_failure(outline: Outline, error: int) -> None:
    """Note the stack that was making an OutOfMemoryError; `error` is the id of the name of that class."""
    serials = {serial for serial, klass in outline._serials.items() if outline.class_names.get(klass) == error}
    for thread, frames in outline._traces:
        made = [place for place, each in enumerate(frames) if outline._frames.get(each, (0, -1))[1] in serials]
        if made:
            outline.failed_thread = thread
            outline.failed_frames = frames[made[-1] + 1 : made[-1] + 1 + _MOST_SHOWN]
            return


def texts(raw: BinaryIO, id_size: int, size: int, wanted: Iterable[int]) -> dict[int, str]:
    """The texts with these ids, each cut at 512 bytes."""
    left, found, at = set(wanted), dict[int, str](), HEADER
    while at < size and left:
        raw.seek(at)
        head = raw.read(RECORD.size + id_size)
        if len(head) < RECORD.size:
            break
        tag, _, length = RECORD.unpack_from(head)
        if tag not in PLAIN and tag not in (HEAP_DUMP, HEAP_DUMP_SEGMENT):
            break
        name = _number(head, RECORD.size, id_size)
        if tag == UTF8 and name in left:
            found[name] = raw.read(min(max(length - id_size, 0), _LONGEST_NAME)).decode("utf-8", "replace")
            left.discard(name)
        at += RECORD.size + length
    return found


def text_ids(raw: BinaryIO, id_size: int, size: int, wanted: str) -> list[int]:
    """Ids of the texts that read so."""
    found, at, data = list[int](), HEADER, wanted.encode()
    while at < size:
        raw.seek(at)
        head = raw.read(RECORD.size)
        if len(head) < RECORD.size:
            break
        tag, _, length = RECORD.unpack(head)
        if tag not in PLAIN:
            break
        if tag == UTF8 and length == id_size + len(data):
            body = raw.read(length)
            if body[id_size:] == data:
                found.append(_number(body, 0, id_size))
        at += RECORD.size + length
    return found


def _number(body: bytes, at: int, size: int) -> int:
    return int.from_bytes(body[at : at + size], "big")
