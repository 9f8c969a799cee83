"""Java heap dumps: whether all records are there, how many threads, when; the heap itself is stepped over."""

from __future__ import annotations

import io
from typing import BinaryIO

from escalate.formats.dump_reach import Reach, from_epoch
from escalate.formats.dump_words import counted, sentence
from escalate.formats.hprof_layout import (
    HEADER,
    HEAP_DUMP,
    HEAP_DUMP_END,
    HEAP_DUMP_SEGMENT,
    MAGIC,
    PLAIN,
    RECORD,
    TRACE,
)
from escalate.model.dump import DumpCheck


def check_hprof(raw: BinaryIO) -> DumpCheck:
    """What a heap dump says of itself. Never raises on content."""
    reach = Reach(raw)
    head = reach.at(0, HEADER)
    id_size = int.from_bytes(head[19:23], "big")
    if len(head) < HEADER or not MAGIC.match(head) or id_size not in (4, 8):
        why = "it has no whole header of a heap dump of version 1.0.1 or 1.0.2"
        return DumpCheck(
            format="hprof", state="damaged", summary=f"Java heap dump, damaged: {why}.", problems=(sentence(why),)
        )
    threads, segments, ended, broken = _walk(raw, reach)
    problems = []
    if broken is not None:
        problems.append(f"At byte {broken} stands a record of a kind that heap dumps do not have.")
    elif not reach.missing and not ended:
        problems.append("It ends without the record that ends a heap dump: writing it was broken off.")
    if not segments:
        problems.append("It holds no heap.")
    whole = not reach.missing and ended and broken is None
    captured = from_epoch(int.from_bytes(head[23:31], "big") // 1000)
    state = "damaged" if broken is not None else "complete" if whole else "truncated"
    missing = f": {reach.missing:,} bytes are missing" if reach.missing else ""
    return DumpCheck.model_validate(
        {
            "format": "hprof",
            "state": state,
            "missing": reach.missing,
            "threads": threads or None,
            "captured_at": captured,
            "summary": f"Java heap dump, {state}{missing}, {reach.size:,} bytes"
            + (f", {counted(threads, 'thread')}" if threads else "")
            + ".",
            "problems": tuple(problems),
        }
    )


def _walk(raw: BinaryIO, reach: Reach) -> tuple[int, int, bool, int | None]:
    """(threads, heap segments, whether the end was reached, place of a record of no known kind)."""
    threads, segments, at, tag = 0, 0, HEADER, 0
    raw.seek(at)
    while at < reach.size:
        head = raw.read(RECORD.size)
        if len(head) < RECORD.size:
            reach.claim(at, RECORD.size)
            return threads, segments, False, None
        tag, _, length = RECORD.unpack(head)
        if tag not in PLAIN and tag not in (HEAP_DUMP, HEAP_DUMP_SEGMENT):
            return threads, segments, False, at
        reach.claim(at, RECORD.size + length)
        if tag == HEAP_DUMP_END:
            return threads, segments, True, None
        segments += tag in (HEAP_DUMP, HEAP_DUMP_SEGMENT)
        # The trace of no thread comes first: serial number 1 of thread 0.
        if tag == TRACE and length >= 12:
            threads += int.from_bytes(raw.read(12)[4:8], "big") != 0
            length -= 12
            at += 12
        raw.seek(length, io.SEEK_CUR)
        at += RECORD.size + length
    # Dumps of version 1.0.1 in one piece have no record that ends them.
    return threads, segments, segments == 1 and tag == HEAP_DUMP, None
