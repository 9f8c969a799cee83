"""What fills a Java heap: classes by instances and shallow bytes, the largest arrays and who holds them, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from escalate.formats.dump_reach import Reach
from escalate.formats.hprof_heap import Heap, HeapReader, LargeArray
from escalate.formats.hprof_layout import ELEMENTS, HEADER, MAGIC
from escalate.formats.hprof_owners import Owners, Step
from escalate.formats.hprof_records import Outline, find_failure, read_outline, text_ids, texts
from escalate.formats.record import FieldValue

ROWS = 30
"""Classes that are listed."""
_ROOTS: Mapping[int, str] = {
    1: "a JNI global reference",
    2: "a JNI local reference",
    3: "a local variable of a thread",
    4: "a native stack",
}
_KINDS: Mapping[str, str] = {
    "Z": "boolean",
    "C": "char",
    "F": "float",
    "D": "double",
    "B": "byte",
    "S": "short",
    "I": "int",
    "J": "long",
}
Row = tuple[str, dict[str, FieldValue]]
"""A sentence and the fields of its record."""


def heap_rows(raw: BinaryIO) -> Iterator[Row]:
    """Classes, arrays and the stack of an OutOfMemoryError; nothing where the dump is damaged at its beginning."""
    reach = Reach(raw)
    head = reach.at(0, HEADER)
    id_size = int.from_bytes(head[19:23], "big")
    if len(head) < HEADER or not MAGIC.match(head) or id_size not in (4, 8):
        return
    outline = read_outline(raw, id_size, reach.size)
    reader = HeapReader(raw, id_size)
    for segment in outline.segments:
        reader.segment(*segment)
    heap = reader.finish()
    if heap.broken_at is not None:
        yield (
            f"The heap is readable up to byte {heap.broken_at} only; what follows is not counted.",
            {"what": "heap-cut", "at": heap.broken_at},
        )
    arrays = sorted(heap.largest, reverse=True)
    weak = frozenset(text_ids(raw, id_size, reach.size, "referent"))
    paths = Owners(raw, heap, outline.segments, weak).search([one.id for one in arrays])
    for error in text_ids(raw, id_size, reach.size, "java/lang/OutOfMemoryError"):
        find_failure(outline, error)
    words = _Words(raw, reach.size, outline, heap, paths)
    yield from _classes(heap, words)
    yield from _arrays(arrays, heap, paths, words)
    yield from _failure(outline, words)


class _Words:
    """The names of all that is told."""

    def __init__(
        self, raw: BinaryIO, size: int, outline: Outline, heap: Heap, paths: Mapping[int, tuple[Step, ...]]
    ) -> None:
        self._classes = outline.class_names
        top = [klass for klass, _ in heap.n_bytes.most_common(ROWS)] + [one.klass for one in heap.largest]
        steps = [step for path in paths.values() for step in path]
        failed = outline.frames()
        wanted = {self._classes.get(klass, 0) for klass in (*top, *(s.klass for s in steps), *(k for k, _ in failed))}
        wanted |= {step.name for step in steps} | {name for _, name in failed}
        self._texts = texts(raw, outline.id_size, size, wanted - {0})

    def klass(self, klass: int) -> str:
        """As class histograms name it: `java.util.HashMap$Node[]`, `byte[]`."""
        if klass < 0:
            return f"{ELEMENTS.get(-klass, '?')}[]"
        name = self._texts.get(self._classes.get(klass, 0), "?")
        depth = len(name) - len(name.lstrip("["))
        if depth:
            inner = name[depth:]
            name = inner[1:].removesuffix(";") if inner.startswith("L") else _KINDS.get(inner, inner)
        return name.replace("/", ".") + "[]" * depth

    def text(self, name: int) -> str:
        """Of a field or method."""
        return self._texts.get(name, "?")


def _classes(heap: Heap, words: _Words) -> Iterator[Row]:
    total = heap.n_bytes.total()
    for rank, (klass, n_bytes) in enumerate(heap.n_bytes.most_common(ROWS), start=1):
        name, instances = words.klass(klass), heap.instances[klass]
        yield (
            f"{rank}. {name}: {instances:,} instances, {n_bytes:,} bytes (shallow)",
            {
                "what": "class",
                "rank": rank,
                "instances": instances,
                "bytes": n_bytes,
                "share": n_bytes / total if total else 0.0,
                "class": name,
            },
        )


def _arrays(
    arrays: Sequence[LargeArray], heap: Heap, paths: Mapping[int, tuple[Step, ...]], words: _Words
) -> Iterator[Row]:
    total = heap.n_bytes.total()
    for one in arrays:
        name, path = words.klass(one.klass), paths.get(one.id, ())
        told = " <- ".join(_step(step, words) for step in path)
        held = f", held by {told}" if told else ", and what holds it was not found"
        what = "references" if one.klass > 0 else "elements"
        yield (
            f"One {name} of {one.count:,} {what}, {one.n_bytes:,} bytes (shallow){held}",
            {
                "what": "array",
                "class": name,
                "count": one.count,
                "bytes": one.n_bytes,
                "share": one.n_bytes / total if total else 0.0,
                "references": one.klass > 0,
                "holder": _step(path[-1], words) if path else None,
                "path": told or None,
            },
        )


def _step(step: Step, words: _Words) -> str:
    if step.root:
        return _ROOTS.get(step.root, "a root")
    if not step.name:
        return f"an element of {words.klass(step.klass)}"
    return f"{'static ' if step.is_static else ''}{words.klass(step.klass)}.{words.text(step.name)}"


def _failure(outline: Outline, words: _Words) -> Iterator[Row]:
    frames = [f"{words.klass(klass)}.{words.text(name)}" for klass, name in outline.frames()]
    if frames:
        yield (
            f"The dump was written when a thread ran out of memory in {frames[0]}.",
            {"what": "out-of-memory", "top": frames[0], "frames": "\n".join(frames)},
        )
