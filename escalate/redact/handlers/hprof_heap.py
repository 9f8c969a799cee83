"""Blanks the heap of a dump while it streams by: elements of primitive arrays, primitive fields and statics."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from escalate.formats.hprof_layout import CLASS_DUMP, INSTANCE_DUMP, OBJECT, OBJECT_ARRAY, PRIMITIVE_ARRAY, SIZES, roots
from escalate.redact.handlers.hprof_layout import ClassReader, is_kept, is_kept_static
from escalate.redact.handlers.hprof_names import Names
from escalate.redact.handlers.registry import CannotRedact

WINDOW = 8 * 1024 * 1024
"""Bytes held at once; only arrays may be bigger."""

Read = Callable[[int], bytes]
Write = Callable[[bytes], object]


@dataclass(frozen=True)
class _Layout:
    """Instances of one class: bytes of the values, and the ranges to blank with the zeros for them."""

    size: int
    blanks: tuple[tuple[int, int, bytes], ...]


class HeapBlanker:
    """The heap of one dump, segment by segment."""

    def __init__(self, id_size: int, names: Names) -> None:
        self.arrays = 0
        """Primitive arrays that were blanked."""
        self.objects = 0
        """Instances and classes with values that were blanked."""
        self._id = id_size
        self._names = names
        self._reader = ClassReader(id_size)
        self._roots = {tag: 1 + size for tag, size in roots(id_size).items()}
        self._instance = struct.Struct(">II" if id_size == 4 else ">QI")
        self._word = struct.Struct(">I" if id_size == 4 else ">Q")
        self._array = struct.Struct(">IB")
        self._class_names: dict[int, int] = {}
        self._classes: dict[int, tuple[int, tuple[tuple[int, int], ...]]] = {}
        self._layouts: dict[int, _Layout] = {}

    def loaded(self, klass: int, name: int) -> None:
        """A class and the id of its name."""
        self._class_names[klass] = name

    def segment(self, read: Read, write: Write, length: int) -> None:
        """Blank one heap dump record of that length.

        Raises:
            CannotRedact: it is cut off, or not as HPROF has it.
        """
        left, window = length, bytearray()
        while left or window:
            while left and len(window) < WINDOW:
                data = read(min(left, WINDOW - len(window)))
                if not data:
                    raise CannotRedact("the heap dump is cut off")
                window += data
                left -= len(data)
            done = self._blank(window, len(window))
            write(bytes(window[:done]))
            del window[:done]
            if done == 0:
                left = self._big(window, left, read, write)

    def _blank(self, data: bytearray, end: int) -> int:
        """Blank the records that are whole; how many bytes they have."""
        head, instance, layouts = self._id, self._instance.unpack_from, self._layouts
        at, values, array = 0, 9 + 2 * self._id, self._array.unpack_from
        arrays = objects = 0
        while at < end:
            tag = data[at]
            if tag == INSTANCE_DUMP:
                first = at + values
                if first > end:
                    break
                klass, size = instance(data, at + 5 + head)
                stop = first + size
                if stop > end:
                    break
                layout = layouts.get(klass) or self._layout(klass)
                if layout.size != size:
                    raise CannotRedact("an object is not as long as its class says")
                for low, high, zeros in layout.blanks:
                    data[first + low : first + high] = zeros
                    objects += 1
                at = stop
            elif tag == PRIMITIVE_ARRAY:
                first = at + 10 + head
                if first > end:
                    break
                count, kind = array(data, at + 5 + head)
                size = count * _size_of(kind)
                if first + size > end:
                    break
                data[first : first + size] = bytes(size)
                arrays += 1
                at = first + size
            elif tag == OBJECT_ARRAY:
                if at + values > end:
                    break
                stop = at + values + head * int.from_bytes(data[at + 5 + head : at + 9 + head])
                if stop > end:
                    break
                at = stop
            elif tag == CLASS_DUMP:
                size = self._class(data, at, end)
                if not size:
                    break
                at += size
            else:
                size = self._roots.get(tag, 0)
                if not size:
                    raise CannotRedact(f"the heap has a record of the unknown type 0x{tag:02x}")
                if at + size > end:
                    break
                at += size
        self.arrays += arrays
        self.objects += objects
        return at

    def _big(self, window: bytearray, left: int, read: Read, write: Write) -> int:
        """An array that does not fit into the window; what is left of the segment behind it."""
        tag = window[0]
        head = {PRIMITIVE_ARRAY: 10 + self._id, OBJECT_ARRAY: 9 + 2 * self._id}.get(tag, 0)
        if not left or not head or len(window) < head:
            raise CannotRedact("a record of the heap is cut off")
        count = int.from_bytes(window[5 + self._id : 9 + self._id])
        blank = tag == PRIMITIVE_ARRAY
        size = count * (_size_of(window[head - 1]) if blank else self._id)
        here = len(window) - head
        if size > here + left:
            raise CannotRedact("an array is longer than the record it stands in")
        write(bytes(window[:head]))
        write(bytes(here) if blank else bytes(window[head:]))
        window.clear()
        behind = left - (size - here)
        while left > behind:
            data = read(min(left - behind, WINDOW))
            if not data:
                raise CannotRedact("the heap dump is cut off")
            write(bytes(len(data)) if blank else data)
            left -= len(data)
        self.arrays += blank
        return left

    def _class(self, data: bytearray, at: int, end: int) -> int:
        """Take note of a class and blank its statics; its length, 0 when it is not whole."""
        found = self._reader.read(data, at, end)
        if found is None or at + found.size > end:
            return 0
        owner = self._names.known(self._class_names.get(found.id, 0))
        for offset, size, name in found.blanks:
            low, high = at + offset, at + offset + size
            if owner and is_kept_static(owner, self._names.known(name), int.from_bytes(data[low:high])):
                continue
            data[low:high] = bytes(size)
            self.objects += 1
        self._names.refer(*found.names)
        self._classes[found.id] = (found.parent, found.fields)
        return found.size

    def _layout(self, klass: int) -> _Layout:
        """Own fields first, then those of each parent."""
        place, ranges, chain = 0, list[tuple[int, int]](), set[int]()
        current = klass
        while current:
            if current in chain or current not in self._classes:
                raise CannotRedact("an object stands before its class, or has none")
            chain.add(current)
            parent, fields = self._classes[current]
            owner = self._names.known(self._class_names.get(current, 0))
            for name, kind in fields:
                size = self._id if kind == OBJECT else SIZES[kind]
                if kind != OBJECT and not (owner and is_kept(owner, self._names.known(name))):
                    if ranges and ranges[-1][1] == place:
                        ranges[-1] = (ranges[-1][0], place + size)
                    else:
                        ranges.append((place, place + size))
                place += size
            current = parent
        layout = _Layout(size=place, blanks=tuple((low, high, bytes(high - low)) for low, high in ranges))
        self._layouts[klass] = layout
        return layout


def _size_of(kind: int) -> int:
    size = SIZES.get(kind)
    if size is None:
        raise CannotRedact("an array has elements of a type that HPROF does not know")
    return size
