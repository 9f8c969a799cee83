"""Who holds the largest arrays of a heap: owners are searched backwards, level by level, up to a static field or root.

One scan of the file for each level finds every place where the wanted ids stand; only the records there are read.
So memory stays bounded, where the whole graph of objects would not fit.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import hyperscan

from escalate.formats.hprof_heap import WINDOW, ClassShape, Heap, class_at
from escalate.formats.hprof_layout import (
    CLASS_DUMP,
    INSTANCE_DUMP,
    OBJECT,
    OBJECT_ARRAY,
    PRIMITIVE_ARRAY,
    SIZES,
    roots,
)

LEVELS = 12
"""Owners in a row; a field of a map of lists has about six."""
_SCANNED = 64 << 30
"""Bytes that all scans together may read: of a heap beyond that size fewer levels are searched."""
_CHUNK = 4 << 20
_MOST_OPEN = 24
"""Ids that are searched for at once."""
_MOST_PLACES = 4096
"""Places of one level that are looked at."""
_LONGEST_CLASS = 1 << 20
_HEAD = 1 << 16
"""Bytes of a record that are read at first; most are far shorter."""
_HOLDING = frozenset({0x01, 0x02, 0x03, 0x04})
"""Tags of roots that say who holds an object: JNI global and local, local variable of a frame, native stack."""
_COUNT = struct.Struct(">I")
_ARRAY = struct.Struct(">IB")


@dataclass(frozen=True)
class Step:
    """One owner."""

    klass: int
    """Class of the owner; of a static field the class that has it."""
    name: int
    """Id of the name of the field; 0: an element of an array."""
    is_static: bool = False
    root: int = 0
    """Tag of the root that holds the object: 3 is a local variable of a thread; 0: an object or class holds it."""


@dataclass
class _Open:
    """An object whose owner is looked for, and the way from it down to the array."""

    id: int
    array: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class _Owner:
    id: int
    target: int
    step: Step


@dataclass
class Owners:
    """The ways that were found, by array."""

    raw: BinaryIO
    heap: Heap
    segments: Sequence[tuple[int, int]]
    weak: frozenset[int]
    """Names of fields that keep nothing alive: `referent` of weak and soft references."""
    paths: dict[int, tuple[Step, ...]] = field(default_factory=dict)
    """Array to its owners, the nearest first; the last is static, or a root, where that was reached."""

    def __post_init__(self) -> None:
        self._ids = self.heap.id_size
        self._word = struct.Struct(">I" if self._ids == 4 else ">Q")
        self._roots = {tag: 1 + size for tag, size in roots(self._ids).items()}
        self._shapes: dict[int, ClassShape | None] = {}
        self._slots: dict[int, Mapping[int, int]] = {}

    def search(self, arrays: Iterable[int]) -> Mapping[int, tuple[Step, ...]]:
        """Find the ways to these arrays; one that ends in a static field goes before one that ends in a root."""
        openings = [_Open(array, array, ()) for array in arrays]
        seen = {one.id for one in openings}
        size = sum(end - start for start, end in self.segments)
        rooted: dict[int, tuple[Step, ...]] = {}
        for _ in range(max(1, min(LEVELS, _SCANNED // max(1, size)))):
            by_id = {one.id: one for one in openings if not self._is_done(one.array)}
            openings = []
            for owner in self._owners(list(by_id)[:_MOST_OPEN]):
                one = by_id[owner.target]
                steps = (*one.steps, owner.step)
                if owner.step.root:
                    rooted.setdefault(one.array, steps)
                elif not self._is_done(one.array) and (owner.step.is_static or owner.id not in seen):
                    seen.add(owner.id)
                    if owner.step.is_static or len(steps) > len(self.paths.get(one.array, ())):
                        self.paths[one.array] = steps
                    openings.append(_Open(owner.id, one.array, steps))
        self.paths |= {array: steps for array, steps in rooted.items() if not self._is_done(array)}
        return self.paths

    def _is_done(self, array: int) -> bool:
        path = self.paths.get(array, ())
        return bool(path) and path[-1].is_static

    def _owners(self, ids: Sequence[int]) -> list[_Owner]:
        """All that refer to these ids: static fields first, then objects, then arrays."""
        wanted = {self._word.pack(each): each for each in ids}
        found: list[_Owner] = []
        for place, data in self._places(list(wanted)):
            owner = self._owner(place, wanted[data])
            if owner is not None:
                found.append(owner)
        return sorted(found, key=lambda one: (not one.step.is_static, not one.step.name))

    def _places(self, patterns: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
        """Where one of these stands in the heap."""
        if not patterns:
            return
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        expressions = [b"".join(b"\\x%02x" % byte for byte in pattern) for pattern in patterns]
        count = len(patterns)
        database.compile(expressions=expressions, ids=list(range(count)), elements=count, flags=[0] * count)
        told, width = 0, self._ids
        for start, end in self.segments:
            at, carry = start, b""
            self.raw.seek(at)
            while at < end:
                data = self.raw.read(min(_CHUNK, end - at))
                if not data:
                    break
                block, base = carry + data, at - len(carry)
                hits: list[tuple[int, int]] = []
                database.scan(block, match_event_handler=_collect, context=hits)
                at += len(data)
                carry = block[-(width - 1) :]
                for stop, number in hits:
                    told += 1
                    if told > _MOST_PLACES:
                        return
                    yield base + stop - width, patterns[number]
                self.raw.seek(at)

    def _owner(self, place: int, target: int) -> _Owner | None:
        """The record that holds a place, if a reference stands exactly there."""
        index = bisect_right(self.heap.starts, place) - 1
        if index < 0:
            return None
        base = self.heap.starts[index]
        self.raw.seek(base)
        data = self.raw.read(min(WINDOW, place - base + _HEAD))
        at = 0
        while at < len(data):
            size = self._size(data, at)
            if size is None:
                return None
            if base + at + size > place:
                return self._refers(data, at, base, place, target)
            at += size
        return None

    def _size(self, data: bytes, at: int) -> int | None:
        ids, tag = self._ids, data[at]
        try:
            if tag == INSTANCE_DUMP:
                return int(9 + 2 * ids + _COUNT.unpack_from(data, at + 5 + 2 * ids)[0])
            if tag == OBJECT_ARRAY:
                return int(9 + 2 * ids + ids * _COUNT.unpack_from(data, at + 5 + ids)[0])
            if tag == PRIMITIVE_ARRAY:
                count, kind = _ARRAY.unpack_from(data, at + 5 + ids)
                return int(10 + ids + count * SIZES.get(kind, 0))
        except struct.error:
            return None
        if tag == CLASS_DUMP:
            shape = class_at(data, at, ids)
            return shape.size if shape else None
        return self._roots.get(tag)

    def _refers(self, data: bytes, at: int, base: int, place: int, target: int) -> _Owner | None:
        ids, tag, offset = self._ids, data[at], place - base - at
        owner = int.from_bytes(data[at + 1 : at + 1 + ids], "big")
        if tag == OBJECT_ARRAY:
            first = 9 + 2 * ids
            klass = int.from_bytes(data[at + 9 + ids : at + 9 + 2 * ids], "big")
            return _Owner(owner, target, Step(klass, 0)) if offset >= first and (offset - first) % ids == 0 else None
        if tag == INSTANCE_DUMP:
            klass = int.from_bytes(data[at + 5 + ids : at + 5 + 2 * ids], "big")
            name = self._fields(klass).get(offset - 9 - 2 * ids)
            return _Owner(owner, target, Step(klass, name)) if name and name not in self.weak else None
        if tag == CLASS_DUMP:
            shape = class_at(data, at, ids)
            names = dict(shape.statics) if shape else {}
            return _Owner(owner, target, Step(owner, names[offset], True)) if offset in names else None
        return _Owner(owner, target, Step(0, 0, root=tag)) if tag in _HOLDING and offset == 1 else None

    def _fields(self, klass: int) -> Mapping[int, int]:
        """Offset to name of the references of an instance: its own fields first, then those of its parents."""
        if klass not in self._slots:
            found: dict[int, int] = {}
            at, one, known = 0, klass, set[int]()
            while one and one not in known and (shape := self._shape(one)) is not None:
                known.add(one)
                for name, kind in shape.fields:
                    if kind == OBJECT:
                        found[at] = name
                    at += self._ids if kind == OBJECT else SIZES[kind]
                one = shape.parent
            self._slots[klass] = found
        return self._slots[klass]

    def _shape(self, klass: int) -> ClassShape | None:
        if klass not in self._shapes:
            place = self.heap.class_places.get(klass)
            if place is None:
                self._shapes[klass] = None
            else:
                self.raw.seek(place)
                self._shapes[klass] = class_at(self.raw.read(_LONGEST_CLASS), 0, self._ids)
        return self._shapes[klass]


def _collect(number: int, _start: int, stop: int, _flags: int, context: object) -> None:
    """What hyperscan calls for each match."""
    if isinstance(context, list):
        context.append((stop, number))
