"""Thread dumps of a JVM: what jstack, `jcmd Thread.print` and `kill -3` write, several in a row too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.lines import iter_lines
from escalate.formats.names import instance_of, pid_of
from escalate.formats.record import MAX_TEXT, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import Stamp, of_path
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_START = re.compile(r"^Full thread dump ")
_ATTRIBUTES = re.compile(r"\b(?:tid|prio|nid)=")
_NID = re.compile(r"\bnid=(0x[0-9a-fA-F]+|\d+)")
_STATE = re.compile(r"^\s+java\.lang\.Thread\.State: ([A-Z_]+)")
_FRAME = re.compile(r"^\s+at (\S.*)$")
_LOCK = re.compile(r"^\s+- (?:(?P<what>[a-z][a-z -]*[a-z]) +)?<(?P<id>0x[0-9a-fA-F]+)>(?: \(a (?P<type>[^)]*)\))?")
_WAITS_ON_UNKNOWN = re.compile(r"^\s+- waiting on <no object reference available>")
_DEADLOCK = re.compile(r"^Found (?:one|a) (?:Java-level )?(?:total )?deadlock", re.IGNORECASE)
_REPEATED = re.compile(r"^Java stack information for the threads listed above")
_DEADLOCK_END = re.compile(r"^Found \d+ deadlocks?\.")
_DEADLOCKED = re.compile(r'^"(?P<name>.*)":$')
_PID_LINE = re.compile(r"^(\d{1,10}):$")

_MAX_FRAMES = 1024
"""HotSpot's own limit (MaxJavaStackTraceDepth)."""
_MAX_THREADS_IN_DEADLOCK = 1000


@dataclass
class _Thread:
    line: int
    header: str
    name: str
    nid: str | None
    state: str | None = None
    frames: list[str] = field(default_factory=list)
    wants: list[str] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    waits_on: set[str] = field(default_factory=set)
    waits_on_next: bool = False
    """Compiled code hides what it waits on; the next lock down the stack is the one it had to hold to wait."""

    def take(self, text: str) -> None:
        frame = _FRAME.match(text)
        if frame:
            if len(self.frames) < _MAX_FRAMES:
                self.frames.append(frame[1])
            return
        state = _STATE.match(text)
        if state:
            self.state = state[1]
            return
        if _WAITS_ON_UNKNOWN.match(text):
            self.waits_on_next = True
            return
        lock = _LOCK.match(text)
        if lock and len(self.wants) + len(self.holds) < _MAX_FRAMES:
            self._lock(lock["what"] or "", lock["id"], lock["type"] or "")

    def _lock(self, what: str, lock: str, type_: str) -> None:
        wants_monitor = what in ("waiting to lock", "waiting to re-lock in wait")
        wants_synchronizer = what == "parking to wait for" and "Sync" in type_ and "Condition" not in type_
        if wants_monitor or wants_synchronizer:
            self.wants.append(lock)
        elif what == "waiting on":
            self.waits_on.add(lock)
        elif what == "locked" and self.waits_on_next:
            self.waits_on_next = False
            self.waits_on.add(lock)
        elif what in ("locked", ""):
            self.holds.append(lock)


class _Reader:
    """What stands between two blank lines belongs to one thread; a deadlock ends where its stacks are repeated."""

    def __init__(self, path: PurePosixPath) -> None:
        self.instance, self.pid, self.stamp = instance_of(path), pid_of(path), of_path(path)
        self.thread: _Thread | None = None
        self.deadlock: tuple[int, str, list[str]] | None = None
        self.deadlocks = 0
        self.is_repeating = False

    def take(self, number: int, text: str) -> Iterator[Record]:
        header = _header(text)
        if _START.match(text):
            yield from self.finish()
            self.deadlocks, self.is_repeating = 0, False
            yield self._record(number, text)
        elif _DEADLOCK.match(text):
            yield from self.finish()
            self.deadlock, self.is_repeating = (number, text, []), False
        elif _REPEATED.match(text) or _DEADLOCK_END.match(text):
            yield from self.finish()
            self.is_repeating = text.startswith("Java")
        elif self.deadlock:
            name = _DEADLOCKED.match(text)
            if name and len(self.deadlock[2]) < _MAX_THREADS_IN_DEADLOCK:
                self.deadlock[2].append(name["name"])
        elif header and not self.is_repeating:
            yield from self.finish()
            self.thread = _Thread(number, text, *header)
        elif self.thread and (not text or text[0].isspace()):
            self.thread.take(text)
        elif text and not self.is_repeating:
            yield from self.finish()
            self.pid = int(text[:-1]) if _PID_LINE.match(text) else self.pid
            yield self._record(number, text)

    def finish(self) -> Iterator[Record]:
        if self.thread:
            thread, self.thread = self.thread, None
            holds = [lock for lock in thread.holds if lock not in thread.waits_on]
            yield self._record(
                thread.line,
                thread.header,
                thread=thread.name,
                state=thread.state,
                nid=thread.nid,
                top=thread.frames[0] if thread.frames else None,
                frames="\n".join(thread.frames)[:MAX_TEXT],
                waiting_to_lock=" ".join(dict.fromkeys(thread.wants)),
                locked=" ".join(dict.fromkeys(holds)),
            )
        if self.deadlock:
            (line, text, names), self.deadlock = self.deadlock, None
            self.deadlocks += 1
            yield self._record(line, text, deadlock=self.deadlocks, threads=", ".join(names))

    def _record(self, line: int, text: str, **fields: str | int | None) -> Record:
        stamp: Stamp | None = self.stamp
        return Record(
            line=line,
            text=text,
            ts=stamp.ts if stamp else None,
            precision=stamp.precision if stamp else Precision.UNKNOWN,
            instance=self.instance,
            pid=self.pid,
            fields=fields,
        )


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a thread, one a deadlock, and one without fields for each line that belongs to neither.

    The time is the UTC stamp in the path: the one in the dump is local to the JVM's unknown time zone. A lock that a
    thread gave up in `Object.wait()` does not count as locked, though the dump says `locked` beside it.
    """
    reader = _Reader(path)
    for line in iter_lines(stream):
        yield from reader.take(line.number, line.text)
    yield from reader.finish()


def _header(text: str) -> tuple[str, str | None] | None:
    """Name and native id of the thread whose block this line begins."""
    end = text.rfind('" ') if text.startswith('"') else -1
    if end < 1 or not _ATTRIBUTES.search(text, end):
        return None
    nid = _NID.search(text, end)
    return text[1:end], nid[1] if nid else None


def _recognises(head: Head) -> bool:
    if any(_START.match(line) for line in head.lines[:40]):
        return True
    return sum(_header(line) is not None for line in head.lines) >= 2 and any(_STATE.match(line) for line in head.lines)


FORMATS = (Format(Kind.THREAD_DUMP, "text/plain", _recognises, rank=32, read=read),)
