"""Stacks of other runtimes: py-spy, Python's faulthandler, gdb, pstack, dotnet-stack, SOS, cdb, php-fpm's slow log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.lines import iter_lines
from escalate.formats.names import instance_of, pid_of
from escalate.formats.plain import line_records
from escalate.formats.record import MAX_TEXT, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import of_path
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_HEADERS = (
    re.compile(
        r'^Thread (?P<nid>\d+|0x[0-9A-Fa-f]+) \((?P<state>active(?:\+gil)?|idle)\)(?:: "(?P<name>.*)")?$'
    ),  # py-spy
    re.compile(
        r"^(?:Current thread|Thread) (?P<nid>0x[0-9a-f]+)(?: \[(?P<name>[^\]]+)\])? \(most recent call first\):"
    ),
    re.compile(r'^Thread (?P<name>\d+) \(.*?(?:LWP (?P<nid>\d+))\)?(?: "[^"]*")?\)?:'),  # gdb, pstack
    re.compile(r"^Thread \((?P<nid>0x[0-9A-Fa-f]+)\):$"),  # dotnet-stack
    re.compile(r"^TID (?P<nid>\d+):$"),  # eu-stack
    re.compile(r"^OS Thread Id: (?P<nid>0x[0-9A-Fa-f]+)(?: \((?P<name>\d+)\))?"),  # clrstack of SOS
    re.compile(
        r"^[.# ] *(?P<name>\d+) {1,2}Id: [0-9a-fA-F]+\.(?P<nid>[0-9a-fA-F]+) Suspend: \d+ Teb: "
    ),  # cdb and WinDbg, ~*k
    re.compile(r"^\[\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d\] +\[pool (?P<name>[^\]]+)\] pid (?P<nid>\d+)$"),  # php-fpm
)
_FRAME = re.compile(
    r"^(?:#\d+ +|\[0x[0-9a-f]+\] | +(?=\S)|(?:[0-9a-f]{2} )?[0-9a-fA-F`]{8,17} [0-9a-fA-F`]{8,17} +)(.+)$"
)
"""The last: stack pointer and return address or instruction, as SOS and cdb print them."""
_COLUMNS = re.compile(r"^(?:#? ?Child[- ]SP|Child-SP|ChildEBP|\s*# Child)", re.IGNORECASE)
_PROCESS = re.compile(r"^Process (\d{1,10}): ")
_MAX_FRAMES = 1024


@dataclass
class _Stack:
    line: int
    header: str
    name: str | None
    nid: str | None
    state: str | None
    frames: list[str] = field(default_factory=list)


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a thread; what stands before the first thread gives one record a line."""
    stack: _Stack | None = None
    pid = pid_of(path)
    for line in iter_lines(stream):
        text = line.text
        found = _header(text)
        if found:
            if stack:
                yield _record(stack, path, pid)
            part = found.groupdict()
            stack = _Stack(line.number, text, part.get("name"), part.get("nid"), part.get("state"))
        elif stack is None:
            process = _PROCESS.match(text)
            pid = int(process[1]) if process else pid
            yield from line_records([line], path)
        elif len(stack.frames) < _MAX_FRAMES:
            frame = None if _COLUMNS.match(text.strip()) else _FRAME.match(text)
            stack.frames += [frame[1].strip()] if frame else []
    if stack:
        yield _record(stack, path, pid)


def _record(stack: _Stack, path: PurePosixPath, pid: int | None) -> Record:
    stamp = of_path(path)
    return Record(
        line=stack.line,
        text=stack.header,
        ts=stamp.ts if stamp else None,
        precision=stamp.precision if stamp else Precision.UNKNOWN,
        instance=instance_of(path),
        pid=pid,
        fields={
            "thread": stack.name or stack.nid,
            "state": stack.state,
            "nid": stack.nid,
            "top": stack.frames[0] if stack.frames else None,
            "frames": "\n".join(stack.frames)[:MAX_TEXT],
        },
    )


def _header(text: str) -> re.Match[str] | None:
    if not text.startswith(("Thread ", "Current thread ", "TID ", "[", "OS Thread Id: ")) and " Id: " not in text:
        return None
    return next((match for match in (pattern.match(text) for pattern in _HEADERS) if match), None)


def _recognises(head: Head) -> bool:
    return any(_header(line) for line in head.lines)


FORMATS = (Format(Kind.STACKS, "text/plain", _recognises, rank=36, read=read),)
