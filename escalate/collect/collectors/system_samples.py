"""Pressure, memory, CPU and sockets of the whole machine, in several samples."""

from __future__ import annotations

import collections
import contextlib
import ipaddress
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from escalate.collect.collector import collector
from escalate.collect.context import STAMP, Context
from escalate.collect.piece import Piece
from escalate.collect.samples import piece_of, rounds, sample_files
from escalate.model.outcome import Gap
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

FILES = {
    "meminfo": "/proc/meminfo",
    "vmstat": "/proc/vmstat",
    "stat": "/proc/stat",
    "loadavg": "/proc/loadavg",
    "pressure_cpu": "/proc/pressure/cpu",
    "pressure_memory": "/proc/pressure/memory",
    "pressure_io": "/proc/pressure/io",
    "sockstat": "/proc/net/sockstat",
    "sockstat6": "/proc/net/sockstat6",
    "snmp": "/proc/net/snmp",
    "netstat": "/proc/net/netstat",
}

STATES = {
    "01": "ESTAB",
    "02": "SYN-SENT",
    "03": "SYN-RECV",
    "04": "FIN-WAIT-1",
    "05": "FIN-WAIT-2",
    "06": "TIME-WAIT",
    "07": "CLOSE",
    "08": "CLOSE-WAIT",
    "09": "LAST-ACK",
    "0A": "LISTEN",
    "0B": "CLOSING",
    "0C": "NEW-SYN-RECV",
}
"""include/net/tcp_states.h, with the names that ss prints."""

PEERS = 20


@collector(
    CatalogueEntry(
        id="system.samples",
        title="Memory, CPU, pressure and sockets of the machine, sampled",
        why="Whether the machine was short of memory, CPU or I/O, and whose doing it was.",
        scope="system",
        volatility=1,
        consent=Consent.ALWAYS,
        effects="reads /proc",
        seconds=16,
        timeout_s=120,
        stall_s=30,
        max_bytes=64_000_000,
        sensitivity=Sensitivity.NUMBERS,
        obtain="for i in 1 2 3; do date -u; cat /proc/meminfo /proc/vmstat /proc/stat /proc/pressure/*; sleep 5; done",
        source="proc(5); Documentation/accounting/psi.rst",
    )
)
def system_samples(context: Context) -> Iterator[Piece | Gap]:
    """The files by their names below `proc/<stamp>/`, and a summary of TCP sockets by state and peer."""
    given_up: set[str] = set()
    for at in rounds(context):
        yield from sample_files(context, ("proc",), FILES, at, given_up)
        summary = tcp_summary(context)
        if summary:
            yield piece_of(
                context,
                ("proc", at.strftime(STAMP), "net_tcp_summary.txt"),
                [summary.encode()],
                "/proc/net/tcp, /proc/net/tcp6",
                at,
            )


def tcp_summary(context: Context) -> str:
    """How many TCP sockets are in which state, and with which peers most; empty when the tables cannot be read."""
    states: collections.Counter[str] = collections.Counter()
    peers: collections.Counter[tuple[str, str]] = collections.Counter()
    found = False
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for remote, state in _rows(context.place(f"/proc/net/{name}")):
                context.watch.alive()
                states[state] += 1
                if state != "LISTEN":
                    peers[(remote, state)] += 1
            found = True
    if not found:
        return ""
    lines = [f"{'State':<12}Count", *(f"{state:<12}{count}" for state, count in sorted(states.items()))]
    lines += ["", f"{'Peer':<48}{'State':<12}Count"]
    ranked = sorted(peers.items(), key=lambda item: (-item[1], item[0]))[:PEERS]
    lines += [f"{remote:<48}{state:<12}{count}" for (remote, state), count in ranked]
    return "\n".join(lines) + "\n"


def _rows(place: Path) -> Iterator[tuple[str, str]]:
    with place.open("r", encoding="utf-8", errors="replace") as lines:
        next(lines, None)
        for line in lines:
            cells = line.split()
            if len(cells) > 3:
                yield peer(cells[2]), STATES.get(cells[3], cells[3])


def peer(cell: str) -> str:
    """`0100007F:1F90` is 127.0.0.1:8080: words in the byte order of the machine, the port in network order."""
    words, _, port = cell.partition(":")
    raw = bytes.fromhex(words)
    if sys.byteorder == "little":
        raw = b"".join(struct.pack("<I", word) for (word,) in struct.iter_unpack(">I", raw))
    return f"{ipaddress.ip_address(raw)}:{int(port, 16)}"
