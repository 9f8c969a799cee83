"""The log of a Linux system (`dmesg`, `journalctl -k`, `vmcore-dmesg.txt`, serial console) and what it says of faults.

App Service shows it to nobody: such a file is of a machine of one's own, or of a node.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import BinaryIO

from escalate.formats.lines import iter_lines, strip_ansi
from escalate.formats.names import instance_of
from escalate.formats.record import FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.model.kind import Kind

_STAMPED = re.compile(
    r"^(?:<\d{1,3}>)?(?:\S+ +\d+ [\d:]{8} \S+ kernel: |\d{4}-\d\d-\d\dT\S+ \S+ kernel: )?"
    r"\[(?: *\d{1,9}\.\d{6}|[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:]{8} \d{4})\](?:\[ *[TC]\d+\])? "
)
"""Seconds since the start, or with `dmesg -T` a local time; syslog puts its own stamp and `kernel:` before."""
_LEAST = 3

_EVENTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "panic": re.compile(r"Kernel panic - not syncing: (?P<reason>.{1,200})"),
        "oops": re.compile(
            r"BUG: (?:kernel NULL pointer dereference|unable to handle (?:kernel |page )?\S.{0,60}?)"
            r"(?:, | at |: )(?:address: |virtual address )?(?P<address>[0-9a-f]{8,16})"
            r"|Oops: [0-9a-f]{4} \[#\d+\]|general protection fault.{0,80}: [0-9a-f]{4} \[#\d+\]"
        ),
        "where": re.compile(
            r"\bRIP: [0-9a-f]{4}:(?P<function>[\w.]+)\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[(?P<module>\w+)\])?"
        ),
        "soft_lockup": re.compile(
            r"soft lockup - CPU#(?P<cpu>\d+) stuck for (?P<seconds>\d{1,6})s!"
            r"(?: \[(?P<task>[^\]]{1,32}?):(?P<pid>\d{1,9})\])?"
        ),
        "hard_lockup": re.compile(r"Watchdog detected hard LOCKUP on cpu (?P<cpu>\d+)"),
        "hung_task": re.compile(
            r"INFO: task (?P<task>\S{1,32}?):(?P<pid>\d{1,9}) blocked for more than (?P<seconds>\d{1,6}) seconds"
        ),
        "rcu_stall": re.compile(r"\brcu: INFO: \S+ (?:self-)?detected (?:expedited )?stalls?\b"),
        "machine_check": re.compile(r"mce: \[Hardware Error\]: (?P<reason>.{1,200})"),
        "oom_kill": re.compile(
            r"oom-kill:constraint=(?P<constraint>CONSTRAINT_\w+),.*?(?:oom_memcg=(?P<memcg>[^,]{1,300}),)?"
            r"(?:task_memcg=[^,]{1,300},)?task=(?P<task>[^,]{1,32}),pid=(?P<pid>\d{1,9})"
        ),
        "oom_killed": re.compile(
            r"(?P<scope>Memory cgroup out of memory|Out of memory(?: \([^)]*\))?): Kill(?:ed)? process "
            r"(?P<pid>\d{1,9}) \((?P<task>[^)]{1,32})\)(?:.*?anon-rss:(?P<rss_kb>\d{1,15})kB)?"
        ),
    }
)
EVENTS = frozenset(_EVENTS)
"""Names of the events."""
_NUMBERS = frozenset({"cpu", "seconds", "pid", "rss_kb"})


def event_of(text: str) -> dict[str, FieldValue]:
    """What a line tells of a fault, with `name`; empty: nothing."""
    for name, pattern in _EVENTS.items():
        found = pattern.search(text)
        if found:
            told = {key: value for key, value in found.groupdict().items() if value is not None}
            return {"name": name, **{key: int(value) if key in _NUMBERS else value for key, value in told.items()}}
    return {}


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a line, without times: those of a machine of one's own are not on the axis of the incident."""
    instance = instance_of(path)
    for line in iter_lines(stream):
        text = strip_ansi(line.text)
        fields = event_of(text)
        pid = fields.get("pid")
        yield Record(
            line=line.number,
            text=text,
            instance=instance,
            pid=pid if isinstance(pid, int) else None,
            fields=fields,
        )


def _recognises(head: Head) -> bool:
    lines = [strip_ansi(line) for line in head.lines]
    stamped = sum(bool(_STAMPED.match(line)) for line in lines)
    return stamped >= _LEAST and 2 * stamped > len(lines)


FORMATS = (Format(Kind.KERNEL_LOG, "text/plain", _recognises, rank=33, read=read),)
