"""A second, plain reader of HPROF: what a tool for heap dumps sees, to compare before and after."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field

SIZES = {2: 0, 4: 1, 5: 2, 6: 4, 7: 8, 8: 1, 9: 2, 10: 4, 11: 8}
ROOTS = {0xFF: (1, 0), 1: (2, 0), 2: (1, 8), 3: (1, 8), 4: (1, 4), 5: (1, 0), 6: (1, 4), 7: (1, 0), 8: (1, 8)}
"""Ids and other bytes of each kind of root."""


@dataclass
class Heap:
    """One dump."""

    texts: dict[int, bytes] = field(default_factory=dict)
    class_names: dict[int, int] = field(default_factory=dict)
    records: list[tuple[int, int, int]] = field(default_factory=list)
    """(tag, offset, size) of every record and sub-record."""
    instances: Counter[int] = field(default_factory=Counter)
    references: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    """(array, elements) of every array of objects."""
    arrays: list[tuple[int, bytes]] = field(default_factory=list)
    """(element type, elements) of every primitive array."""

    def histogram(self) -> dict[bytes, int]:
        """Instances by the name of their class."""
        return {self.texts[self.class_names[each]]: count for each, count in self.instances.items()}


def read_heap(data: bytes) -> Heap:
    """All of it; raises what `struct` and `dict` raise when it is not a whole dump."""
    heap, at = Heap(), data.index(b"\0") + 1
    (size,) = struct.unpack_from(">I", data, at)
    at += 12
    word = ">I" if size == 4 else ">Q"

    def ident(place: int) -> int:
        return int(struct.unpack_from(word, data, place)[0])

    def sub(place: int) -> int:
        tag = data[place]
        if tag in ROOTS:
            ids, more = ROOTS[tag]
            return place + 1 + ids * size + more
        if tag == 0x21:
            klass, length = ident(place + 5 + size), struct.unpack_from(">I", data, place + 5 + 2 * size)[0]
            heap.instances[klass] += 1
            return int(place + 9 + 2 * size + length)
        if tag == 0x22:
            (count,) = struct.unpack_from(">I", data, place + 5 + size)
            first = place + 9 + 2 * size
            if count < 1000:
                heap.references.append((ident(place + 1), tuple(ident(first + each * size) for each in range(count))))
            return int(first + count * size)
        if tag == 0x23:
            count, kind = struct.unpack_from(">IB", data, place + 5 + size)
            first = place + 10 + size
            heap.arrays.append((kind, data[first : first + count * SIZES[kind]]))
            return int(first + count * SIZES[kind])
        assert tag == 0x20, hex(tag)
        place += 1 + 7 * size + 8
        (count,) = struct.unpack_from(">H", data, place)
        place += 2
        for _ in range(count):
            place += 3 + (SIZES[data[place + 2]] or size)
        (count,) = struct.unpack_from(">H", data, place)
        place += 2
        for _ in range(count):
            place += size + 1 + (SIZES[data[place + size]] or size)
        (count,) = struct.unpack_from(">H", data, place)
        return int(place + 2 + count * (size + 1))

    while at < len(data):
        tag, _, length = struct.unpack_from(">BII", data, at)
        body = at + 9
        heap.records.append((tag, at, length))
        if tag == 1:
            heap.texts[ident(body)] = data[body + size : body + length]
        elif tag == 2:
            heap.class_names[ident(body + 4)] = ident(body + 8 + size)
        elif tag in (0x0C, 0x1C):
            place = body
            while place < body + length:
                after = sub(place)
                heap.records.append((data[place], place, after - place))
                place = after
            assert place == body + length
        at = body + length
    assert at == len(data)
    return heap
