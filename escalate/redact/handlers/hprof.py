"""Java heap dumps: who holds whom stays; content goes: primitive arrays and fields, and texts that are no names."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from escalate.formats.hprof_layout import (
    FRAME,
    HEADER,
    HEAP_DUMP,
    HEAP_DUMP_END,
    HEAP_DUMP_SEGMENT,
    LOAD_CLASS,
    MAGIC,
    TRACE,
    UNLOAD_CLASS,
    UTF8,
)
from escalate.model.kind import Kind
from escalate.model.redaction import Ledger
from escalate.redact.engine import Engine
from escalate.redact.handlers.encoding import Told
from escalate.redact.handlers.hprof_heap import HeapBlanker
from escalate.redact.handlers.hprof_names import MASK, Names
from escalate.redact.handlers.hprof_values import redact_values
from escalate.redact.handlers.registry import CannotRedact

_RECORD = struct.Struct(">BII")
_LONGEST = 1 << 20
"""Bytes of the longest record that is no heap; a name of the class file format has at most 65,535."""
_CHUNK = 1 << 20


class HprofHandler:
    """Same records, same sizes, same graph: class histograms, retained sizes and paths to roots stay true.

    Texts are the constants of all classes, so a text stays only where a class, method, field or source file is called
    so, and nothing is found in it. Identity: ids are addresses, which say nothing outside of the process.
    A person may ask for the values to stay: then only what is found in them is masked, see `hprof_values`.
    """

    name = "hprof"
    kinds = frozenset({Kind.HPROF})

    def redact(self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `Handler.redact`."""
        with source.open("rb") as raw:
            id_size = _id_size(raw.read(HEADER))
            if engine.inputs.heap_values:
                return Ledger(handler=self.name, counts=redact_values(source, sink, engine, id_size, advance))
            raw.seek(0)
            told = Told(raw, advance)
            sink.write(_exactly(told, HEADER))
            names = Names()
            heap = HeapBlanker(id_size, names)
            records = _Records(told, sink, id_size, names, heap)
            while records.next():
                pass
            found = names.restore(raw, sink, engine)
            size = raw.seek(0, 2)
        sink.flush()
        if sink.seek(0, 2) != size:
            raise CannotRedact("its size would change")
        sink.seek(0)
        left, _ = engine.findings(Told(sink, advance))
        if left:
            raise CannotRedact(f"after blanking this was still found: {', '.join(sorted(left))}")
        blanked = {"heap-array": heap.arrays, "heap-field": heap.objects, "heap-text": names.masked}
        return Ledger(handler=self.name, counts={**found, **blanked})


class _Records:
    """Copies record by record."""

    def __init__(self, source: Told, sink: BinaryIO, id_size: int, names: Names, heap: HeapBlanker) -> None:
        self._source = source
        self._sink = sink
        self._id = id_size
        self._names = names
        self._heap = heap
        self._at = HEADER

    def next(self) -> bool:
        """Copy one record; False at the end of the file."""
        head = self._source.read(_RECORD.size)
        if not head:
            return False
        if len(head) < _RECORD.size:
            head += _exactly(self._source, _RECORD.size - len(head))
        tag, _, length = _RECORD.unpack(head)
        self._sink.write(head)
        if tag in (HEAP_DUMP, HEAP_DUMP_SEGMENT):
            self._heap.segment(self._source.read, self._sink.write, length)
        else:
            if length > _LONGEST:
                raise CannotRedact(f"a record of the type 0x{tag:02x} is too long")
            self._sink.write(self._plain(tag, _exactly(self._source, length)))
        self._at += _RECORD.size + length
        return True

    def _plain(self, tag: int, body: bytes) -> bytes:
        """The record as it may leave."""
        ids = self._id
        if tag == UTF8 and len(body) >= ids:
            self._names.add(int.from_bytes(body[:ids]), self._at + _RECORD.size + ids, body[ids:])
            return body[:ids] + MASK * (len(body) - ids)
        if tag == LOAD_CLASS and len(body) == 8 + 2 * ids:
            name = int.from_bytes(body[8 + ids :])
            self._names.refer(name)
            self._heap.loaded(int.from_bytes(body[4 : 4 + ids]), name)
        elif tag == FRAME and len(body) == 8 + 4 * ids:
            self._names.refer(*(int.from_bytes(body[ids * place : ids * (place + 1)]) for place in (1, 2, 3)))
        elif not (
            (tag == TRACE and len(body) >= 12 and len(body) == 12 + ids * int.from_bytes(body[8:12]))
            or (tag == UNLOAD_CLASS and len(body) == 4)
            or (tag == HEAP_DUMP_END and not body)
        ):
            raise CannotRedact(f"it has a record of the type 0x{tag:02x} that is not known")
        return body


def _id_size(head: bytes) -> int:
    if len(head) < HEADER or not MAGIC.match(head):
        raise CannotRedact("it is no heap dump of version 1.0.1 or 1.0.2")
    size = int.from_bytes(head[HEADER - 12 : HEADER - 8])
    if size not in (4, 8):
        raise CannotRedact(f"its ids have {size} bytes")
    return size


def _exactly(source: Told, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        data = source.read(min(size, _CHUNK))
        if not data:
            raise CannotRedact("it is cut off in the middle of a record")
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


HANDLER = HprofHandler()
