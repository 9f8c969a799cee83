"""Where a heap dump holds content: bodies of texts and elements of primitive arrays, found by walking the records.

Ranges are asked for in the order of the file. Segments that end before the next question are skipped, and records that
nobody asks about are only stepped over: a dump has tens of millions of them, and nearly none holds a secret.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from escalate.formats.hprof_layout import (
    CLASS_DUMP,
    FRAME,
    HEADER,
    HEAP_DUMP,
    HEAP_DUMP_END,
    HEAP_DUMP_SEGMENT,
    INSTANCE_DUMP,
    LOAD_CLASS,
    OBJECT_ARRAY,
    PRIMITIVE_ARRAY,
    SIZES,
    TRACE,
    UNLOAD_CLASS,
    UTF8,
    roots,
)
from escalate.redact.cover import Range
from escalate.redact.handlers.hprof_layout import ClassReader
from escalate.redact.handlers.registry import CannotRedact

WINDOW = 1 << 20
"""Bytes that are read at once; the longest class is far shorter."""
_RECORD = struct.Struct(">BII")
_PLAIN = frozenset((LOAD_CLASS, UNLOAD_CLASS, FRAME, TRACE, HEAP_DUMP_END))
_ARRAY = struct.Struct(">IB")
_COUNT = struct.Struct(">I")


class Payload:
    """The content of one dump."""

    def __init__(self, raw: BinaryIO, id_size: int) -> None:
        self._raw = raw
        self._size = raw.seek(0, 2)
        self._id = id_size
        self._roots = {tag: 1 + size for tag, size in roots(id_size).items()}
        self._classes = ClassReader(id_size)
        self._at = HEADER
        self._segment = HEADER
        """Where the segment ends that the walk is in."""
        self._near: list[Range] = []

    def touching(self, low: int, high: int) -> list[Range]:
        """The ranges that have bytes between two places; `low` never goes back.

        Raises:
            CannotRedact: the dump is cut off, or not as HPROF has it.
        """
        self._near = [one for one in self._near if one[1] > low]
        while self._at < min(high, self._size):
            if self._at < self._segment:
                self._walk(low, high)
            else:
                self._record(low)
        return [one for one in self._near if one[0] < high]

    def finish(self) -> None:
        """Step over the records that are left.

        Raises:
            CannotRedact: as `touching`.
        """
        self._at = max(self._at, self._segment)
        while self._at < self._size:
            self._record(self._size)
            self._at = max(self._at, self._segment)

    def _record(self, low: int) -> None:
        self._raw.seek(self._at)
        head = self._raw.read(_RECORD.size)
        if len(head) < _RECORD.size:
            raise CannotRedact("it is cut off in the middle of a record")
        tag, _, length = _RECORD.unpack(head)
        body = self._at + _RECORD.size
        end = body + length
        if end > self._size:
            raise CannotRedact("it is cut off in the middle of a record")
        self._at = end
        if tag in (HEAP_DUMP, HEAP_DUMP_SEGMENT):
            if end > low:
                self._at, self._segment = body, end
        elif tag == UTF8 and length >= self._id:
            if end > low:
                self._near.append((body + self._id, end))
        elif tag not in _PLAIN:
            raise CannotRedact(f"it has a record of the type 0x{tag:02x} that is not known")

    def _walk(self, low: int, high: int) -> None:
        """Step over the records of the heap that lie in one window."""
        base = self._at
        self._raw.seek(base)
        data = bytearray(self._raw.read(min(WINDOW, self._segment - base)))
        end = len(data)
        at, stop, ids = 0, min(end, high - base), self._id
        behind_ids, unpack_array, unpack_count = 5 + ids, _ARRAY.unpack_from, _COUNT.unpack_from
        values, wanted = 9 + 2 * ids, low - base
        while at < stop:
            tag = data[at]
            if tag == INSTANCE_DUMP:
                if at + values > end:
                    break
                at += values + unpack_count(data, at + behind_ids + ids)[0]
            elif tag == PRIMITIVE_ARRAY:
                first = at + behind_ids + 5
                if first > end:
                    break
                count, kind = unpack_array(data, at + behind_ids)
                if kind not in SIZES:
                    raise CannotRedact("an array has elements of a type that HPROF does not know")
                at = first + count * SIZES[kind]
                if at > wanted:
                    self._near.append((base + first, base + at))
            elif tag == OBJECT_ARRAY:
                if at + values > end:
                    break
                at += values + ids * unpack_count(data, at + behind_ids)[0]
            elif tag == CLASS_DUMP:
                found = self._classes.read(data, at, end)
                if found is None:
                    break
                at += found.size
            else:
                size = self._roots.get(tag, 0)
                if not size:
                    raise CannotRedact(f"the heap has a record of the unknown type 0x{tag:02x}")
                at += size
        if not at or base + at > self._segment:
            raise CannotRedact("a record of the heap is cut off")
        self._at = base + at
