"""The heap of a Java heap dump in one pass: instances and bytes by class, and the largest arrays.

Memory is bounded by the number of classes, not by that of objects: the graph is not kept, so sizes are shallow.
"""

from __future__ import annotations

import heapq
import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import BinaryIO

from escalate.formats.hprof_layout import (
    CLASS_DUMP,
    INSTANCE_DUMP,
    OBJECT,
    OBJECT_ARRAY,
    PRIMITIVE_ARRAY,
    SIZES,
    roots,
)

WINDOW = 1 << 20
"""Bytes that are read at once; the longest class is far shorter."""
OBJECT_HEADER = 16
"""Bytes that a JVM of 64 bit puts before the fields of an object, about."""
LARGEST = 8
"""Arrays that are kept."""
SMALLEST = 1 << 20
"""Bytes of elements from which an array may be one of them."""
_ARRAY = struct.Struct(">IB")
_COUNT = struct.Struct(">I")


@dataclass(frozen=True, slots=True, order=True)
class LargeArray:
    """One array: of references (`klass` is its class) or of primitives (`klass` is minus the element type)."""

    n_bytes: int
    count: int
    id: int
    klass: int


@dataclass(frozen=True, slots=True)
class ClassShape:
    """One CLASS_DUMP: where references stand in it and in its instances."""

    id: int
    parent: int
    size: int
    """Bytes of the sub-record, with its tag."""
    statics: tuple[tuple[int, int], ...]
    """(offset of the value from the tag, id of the field's name) of static references."""
    fields: tuple[tuple[int, int], ...]
    """(name, type) of the fields that it declares, in the order of their values."""


@dataclass
class Heap:
    """What was counted."""

    id_size: int
    instances: Counter[int] = field(default_factory=Counter)
    n_bytes: Counter[int] = field(default_factory=Counter)
    """Shallow, as the dump lays objects out: references take the size of an id. Keys as in LargeArray."""
    class_places: dict[int, int] = field(default_factory=dict)
    """Class to the place of its CLASS_DUMP."""
    starts: list[int] = field(default_factory=list)
    """Places of sub-records, about one for each window: from them any place can be walked to."""
    largest: list[LargeArray] = field(default_factory=list)
    broken_at: int | None = None
    """Where a sub-record stands that heap dumps do not have, or that is cut off."""


class HeapReader:
    """Walks the heap segments of one dump."""

    def __init__(self, raw: BinaryIO, id_size: int) -> None:
        self._raw = raw
        self._id = id_size
        self._word = struct.Struct(">I" if id_size == 4 else ">Q")
        self._roots = {tag: 1 + size for tag, size in roots(id_size).items()}
        self.heap = Heap(id_size)
        self._tallies: dict[int, list[int]] = {}
        """Class to (instances, bytes of the sub-record of one): all instances of a class are of one size."""
        self._floor = SMALLEST
        """Bytes of elements that an array must have more of to be kept."""

    def segment(self, start: int, end: int) -> None:
        """Count one segment; ends early at what is broken."""
        at = start
        while at < end and self.heap.broken_at is None:
            self.heap.starts.append(at)
            at = self._window(at, end)

    def finish(self) -> Heap:
        """What was counted in all segments."""
        head = 9 + 2 * self._id
        for klass, (count, size) in self._tallies.items():
            self.heap.instances[klass] = count
            self.heap.n_bytes[klass] = count * (size - head + OBJECT_HEADER)
        return self.heap

    def _window(self, base: int, limit: int) -> int:
        """Count the sub-records that begin in one window; where the next begins."""
        self._raw.seek(base)
        data = self._raw.read(min(WINDOW, limit - base))
        end, at, ids = len(data), 0, self._id
        tallies, instances, n_bytes = self._tallies, self.heap.instances, self.heap.n_bytes
        word, count_of, array_of = self._word.unpack_from, _COUNT.unpack_from, _ARRAY.unpack_from
        head, behind = 9 + 2 * ids, 5 + ids
        while at < end:
            tag = data[at]
            if tag == INSTANCE_DUMP:
                if at + head > end:
                    break
                klass = word(data, at + behind)[0]
                tally = tallies.get(klass)
                if tally is None:
                    tallies[klass] = tally = [0, head + count_of(data, at + behind + ids)[0]]
                tally[0] += 1
                at += tally[1]
            elif tag == OBJECT_ARRAY:
                if at + head > end:
                    break
                count, klass = count_of(data, at + behind)[0], word(data, at + behind + 4)[0]
                size = count * ids
                instances[klass] += 1
                n_bytes[klass] += size + OBJECT_HEADER
                if size > self._floor:
                    self._keep(LargeArray(size + OBJECT_HEADER, count, word(data, at + 1)[0], klass))
                at += head + size
            elif tag == PRIMITIVE_ARRAY:
                if at + behind + 5 > end:
                    break
                count, kind = array_of(data, at + behind)
                if kind not in SIZES:
                    self.heap.broken_at = base + at
                    return limit
                size = count * SIZES[kind]
                instances[-kind] += 1
                n_bytes[-kind] += size + OBJECT_HEADER
                if size > self._floor:
                    self._keep(LargeArray(size + OBJECT_HEADER, count, word(data, at + 1)[0], -kind))
                at += behind + 5 + size
            elif tag == CLASS_DUMP:
                shape = class_at(data, at, ids)
                if shape is None:
                    break
                self.heap.class_places[shape.id] = base + at
                at += shape.size
            else:
                size = self._roots.get(tag, 0)
                if not size:
                    self.heap.broken_at = base + at
                    return limit
                at += size
        if not at:  # a sub-record whose head does not fit into what is left: the dump is cut off here
            self.heap.broken_at = base
            return limit
        return base + at

    def _keep(self, array: LargeArray) -> None:
        """One of the largest so far."""
        heapq.heappush(self.heap.largest, array)
        if len(self.heap.largest) > LARGEST:
            heapq.heappop(self.heap.largest)
            self._floor = self.heap.largest[0].n_bytes - OBJECT_HEADER


def class_at(data: bytes, at: int, ids: int) -> ClassShape | None:
    """The CLASS_DUMP whose tag stands at `at`; None when it is not whole there, or not as HPROF has it."""
    sizes = {**SIZES, OBJECT: ids}
    place, end = at + 1 + 7 * ids + 8, len(data)
    statics: list[tuple[int, int]] = []
    if place + 2 > end:
        return None
    constants, place = int.from_bytes(data[place : place + 2], "big"), place + 2
    for _ in range(constants):
        if place + 3 > end or data[place + 2] not in sizes:
            return None
        place += 3 + sizes[data[place + 2]]
    if place + 2 > end:
        return None
    count, place = int.from_bytes(data[place : place + 2], "big"), place + 2
    for _ in range(count):
        if place + ids + 1 > end or data[place + ids] not in sizes:
            return None
        if data[place + ids] == OBJECT:
            statics.append((place + ids + 1 - at, int.from_bytes(data[place : place + ids], "big")))
        place += ids + 1 + sizes[data[place + ids]]
    if place + 2 > end:
        return None
    count, place = int.from_bytes(data[place : place + 2], "big"), place + 2
    if place + count * (ids + 1) > end:
        return None
    fields: list[tuple[int, int]] = []
    for _ in range(count):
        fields.append((int.from_bytes(data[place : place + ids], "big"), data[place + ids]))
        place += ids + 1
    if any(kind not in sizes for _, kind in fields):
        return None
    return ClassShape(
        id=int.from_bytes(data[at + 1 : at + 1 + ids], "big"),
        parent=int.from_bytes(data[at + 5 + ids : at + 5 + 2 * ids], "big"),
        size=place - at,
        statics=tuple(statics),
        fields=tuple(fields),
    )
