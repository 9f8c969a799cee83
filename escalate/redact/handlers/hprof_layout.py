"""What of a class in a heap dump must be blanked: where its primitive fields and statics lie, and which may stay."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from escalate.formats.hprof_layout import OBJECT, SIZES
from escalate.redact.handlers.registry import CannotRedact

KEPT_FIELDS: Mapping[bytes, frozenset[bytes]] = MappingProxyType(
    {
        b"java/lang/String": frozenset({b"coder"}),
        b"java/util/": frozenset({b"size", b"elementCount", b"threshold", b"modCount", b"sizeCtl", b"baseCount"}),
    }
)
"""Numbers of the JDK's own classes (by the beginning of the name) that say how full a collection is, nothing else."""

KEPT_STATICS: Mapping[bytes, frozenset[bytes]] = MappingProxyType(
    {
        b"java/lang/Class$Atomic": frozenset(
            {b"annotationDataOffset", b"annotationTypeOffset", b"reflectionDataOffset"}
        ),
        b"java/util/concurrent/FutureTask": frozenset({b"runnerOffset", b"stateOffset", b"waitersOffset"}),
    }
)
"""Where fields lie in objects, as classes of the JDK found it out: VisualVM computes the sizes of objects from them."""
_FARTHEST = 4096
"""Bytes; what is more is no such place."""


@dataclass(frozen=True)
class ClassDump:
    """One CLASS_DUMP: what must be blanked in it, and how its instances are laid out."""

    id: int
    parent: int
    size: int
    """Bytes of the sub-record, with its tag."""
    blanks: tuple[tuple[int, int, int], ...]
    """(offset, length, name) of the values of primitive statics, from the tag; constants have the name 0."""
    fields: tuple[tuple[int, int], ...]
    """(name, type) of the fields that this class itself declares, in the order of their values."""
    names: tuple[int, ...]
    """Ids of all names it refers to."""


class ClassReader:
    """Reads CLASS_DUMP records of one dump."""

    def __init__(self, id_size: int) -> None:
        self._id = id_size
        self._word = struct.Struct(">I" if id_size == 4 else ">Q")
        self._head = 1 + 7 * id_size + 8

    def read(self, data: bytearray, at: int, end: int) -> ClassDump | None:
        """The record whose tag stands at `at`; None when it does not end before `end`.

        Raises:
            CannotRedact: it has a type that HPROF does not know.
        """
        place = at + self._head
        blanks: list[tuple[int, int, int]] = []
        fields: list[tuple[int, int]] = []
        names: list[int] = []
        if place + 2 > end:
            return None
        count, place = int.from_bytes(data[place : place + 2]), place + 2
        for _ in range(count):
            if place + 3 > end:
                return None
            place = self._value(data, place + 2, at, 0, blanks)
        if place + 2 > end:
            return None
        count, place = int.from_bytes(data[place : place + 2]), place + 2
        for _ in range(count):
            if place + self._id + 1 > end:
                return None
            names.append(self._word.unpack_from(data, place)[0])
            place = self._value(data, place + self._id, at, names[-1], blanks)
        if place + 2 > end:
            return None
        count, place = int.from_bytes(data[place : place + 2]), place + 2
        if place + count * (self._id + 1) > end:
            return None
        for _ in range(count):
            names.append(self._word.unpack_from(data, place)[0])
            fields.append((names[-1], data[place + self._id]))
            place += self._id + 1
        if any(kind != OBJECT and kind not in SIZES for _, kind in fields):
            raise CannotRedact("a class has a field of a type that HPROF does not know")
        return ClassDump(
            id=self._word.unpack_from(data, at + 1)[0],
            parent=self._word.unpack_from(data, at + 1 + self._id + 4)[0],
            size=place - at,
            blanks=tuple(blanks),
            fields=tuple(fields),
            names=tuple(names),
        )

    def _value(self, data: bytearray, place: int, base: int, name: int, blanks: list[tuple[int, int, int]]) -> int:
        """Behind a type and its value."""
        kind = data[place]
        if kind == OBJECT:
            return place + 1 + self._id
        if kind not in SIZES:
            raise CannotRedact("a class has a value of a type that HPROF does not know")
        blanks.append((place + 1 - base, SIZES[kind], name))
        return place + 1 + SIZES[kind]


def is_kept(owner: bytes, field: bytes) -> bool:
    """Whether a number of the JDK's own classes may stay."""
    return any(owner.startswith(begin) and field in names for begin, names in KEPT_FIELDS.items())


def is_kept_static(owner: bytes, field: bytes, value: int) -> bool:
    """The same for a static field; no field lies far into an object."""
    return value <= _FARTHEST and field in KEPT_STATICS.get(owner, ())
