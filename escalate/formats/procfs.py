"""Snapshots of /proc and /sys: files below a folder that is named after the UTC time of the sample."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.lines import Line, iter_lines
from escalate.formats.names import instance_of, pid_of
from escalate.formats.plain import looks_like_text
from escalate.formats.record import FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import of_path
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_Fields = dict[str, FieldValue]

_KEY_VALUE = re.compile(r"^([A-Za-z_][\w().:/-]*?)(?::\s*|\s+)(-?\d{1,20})(?: (kB))?$")
_STATUS = re.compile(r"^([A-Za-z_]\w*):\s*(.*)$")
_SIZE = re.compile(r"(\d{1,18}) kB")
_PRESSURE = re.compile(
    r"^(some|full) avg10=(\d+\.\d+) avg60=(\d+\.\d+) avg300=(\d+\.\d+) total=(\d{1,20})$", re.MULTILINE
)
_RESOURCE = re.compile(r"cpu|memory|io|irq")
_CPU_TICKS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
_LOADAVG = re.compile(r"^(\d+\.\d\d) (\d+\.\d\d) (\d+\.\d\d) \d+/\d+ \d+$")
_FOLDERS = frozenset({"proc", "procfs", "process", "sys", "sysfs", "cgroup"})
_NAME = re.compile(
    r"^(?:io|smaps(?:_rollup)?|maps|wchan|stack|syscall|limits|cgroup|mountinfo|mounts|fd|fdinfo|sockets?|sched|"
    r"schedstat|statm?|status|oom_\w+|numa_maps|cmdline|comm|environ\w*|version|uptime|cpuinfo|diskstats|buddyinfo|"
    r"slabinfo|zoneinfo|interrupts|softirqs|swaps|partitions|pagetypeinfo|meminfo|vmstat|loadavg|os-release|"
    r"(?:net|pressure|task|sys|memory|cpu|pids|io|cpuset)[_.].*)$"
)
"""Names of files in /proc, /proc/<pid>, /proc/net (`net_...`) and a cgroup's folder."""


def _reader(parse: Callable[[Line, PurePosixPath], _Fields]) -> Callable[[BinaryIO, PurePosixPath], Iterator[Record]]:
    def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
        lines = iter_lines(stream)
        start = list(itertools.islice(lines, 64))
        stamp, instance = of_path(path), instance_of(path)
        pid = pid_of(path) or _pid_in(start)
        for line in itertools.chain(start, lines):
            yield Record(
                line=line.number,
                text=line.text,
                ts=stamp.ts if stamp else None,
                precision=stamp.precision if stamp else Precision.UNKNOWN,
                instance=instance,
                pid=pid,
                fields=parse(line, path),
            )

    return read


def _pid_in(start: list[Line]) -> int | None:
    for line in start:
        if line.text.startswith("Pid:\t") and line.text[5:].isdigit() and len(line.text) < 16:
            return int(line.text[5:])
    return None


def _key_value(line: Line, path: PurePosixPath) -> _Fields:
    if path.name.removesuffix(".txt") == "wchan":
        return {"name": "wchan", "value": line.text.strip()}
    match = _KEY_VALUE.match(line.text.rstrip())
    return {"name": match[1], "value": int(match[2]) * (1024 if match[3] else 1)} if match else {}


def _status(line: Line, path: PurePosixPath) -> _Fields:
    match = _STATUS.match(line.text)
    if match is None:
        return {}
    value = match[2].strip()
    size = _SIZE.fullmatch(value)
    if size:
        return {"name": match[1], "value": int(size[1]) * 1024}
    is_count = value.isascii() and value.isdigit() and len(value) <= 18 and not value.startswith("0" * 8)
    return {"name": match[1], "value": int(value) if is_count else value}


def _pressure(line: Line, path: PurePosixPath) -> _Fields:
    match = _PRESSURE.match(line.text)
    if match is None:
        return {}
    resource = _RESOURCE.search(path.name)
    return {
        "resource": resource[0] if resource else None,
        "share": match[1],
        "avg10": float(match[2]),
        "avg60": float(match[3]),
        "avg300": float(match[4]),
        "total_us": int(match[5]),
    }


def _stat(line: Line, path: PurePosixPath) -> _Fields:
    name, *rest = line.text.split(maxsplit=11) or [""]
    if not name:
        return {}
    values = [int(word) for word in rest[:10] if word.isascii() and word.isdigit() and len(word) <= 20]
    fields: _Fields = {"name": name}
    if name.startswith("cpu"):
        return fields | dict(zip(_CPU_TICKS, values, strict=False))
    return fields | ({"value": values[0]} if values else {})


def _loadavg(line: Line, path: PurePosixPath) -> _Fields:
    match = _LOADAVG.match(line.text)
    return {"load1": float(match[1]), "load5": float(match[2]), "load15": float(match[3])} if match else {}


def _first(head: Head) -> str:
    return head.lines[0] if head.lines else ""


def _is_stat(head: Head) -> bool:
    return bool(re.match(r"cpu  \d+ \d+ \d+ \d+ ", _first(head)))


def _is_vmstat(head: Head) -> bool:
    # nr_periods begins the cpu.stat of a cgroup (version 1)
    return bool(re.match(r"nr_(?!periods )\w+ \d+$", _first(head))) and any(
        line.startswith("nr_") for line in head.lines[1:]
    )


def _is_status(head: Head) -> bool:
    return _first(head).startswith("Name:\t") and any(re.match(r"(?:Tgid|Pid|VmRSS):\t", line) for line in head.lines)


def _is_other(head: Head) -> bool:
    folders = {part.lower() for part in head.name.parent.parts}
    if not looks_like_text(head.data):
        return False
    name = head.name.name.removesuffix(".txt")
    is_known = bool(_NAME.match(name))
    if not folders & _FOLDERS:
        return is_known and "." not in name and of_path(head.name.parent) is not None
    return is_known or (of_path(head.name) is not None and "." not in name and "process" not in folders)


FORMATS = (
    Format(
        Kind.PROC_MEMINFO,
        "text/plain",
        lambda head: bool(re.match(r"MemTotal: +\d+ kB$", _first(head))),
        rank=40,
        read=_reader(_key_value),
    ),
    Format(
        Kind.PROC_PRESSURE,
        "text/plain",
        lambda head: bool(_PRESSURE.match(_first(head))),
        rank=40,
        read=_reader(_pressure),
    ),
    Format(Kind.PROC_STAT, "text/plain", _is_stat, rank=40, read=_reader(_stat)),
    Format(Kind.PROC_VMSTAT, "text/plain", _is_vmstat, rank=40, read=_reader(_key_value)),
    Format(
        Kind.PROC_LOADAVG,
        "text/plain",
        lambda head: len(head.lines) == 1 and bool(_LOADAVG.match(_first(head))),
        rank=40,
        read=_reader(_loadavg),
    ),
    Format(Kind.PROC_STATUS, "text/plain", _is_status, rank=40, read=_reader(_status)),
    Format(Kind.PROC_OTHER, "text/plain", _is_other, rank=60, read=_reader(_key_value)),
)
