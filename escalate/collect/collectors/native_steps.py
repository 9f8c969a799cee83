"""A packet capture, which runs for a time, and a core by the .NET runtime's own tool, which must be found first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from escalate.collect.collector import collector
from escalate.collect.command import Command, find_tool
from escalate.collect.context import STAMP, Context, now
from escalate.collect.local_request import gap_of_command, run_command
from escalate.collect.piece import CutShortError, Piece, Unavailable
from escalate.model.outcome import Gap, Missing
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

SNAP = 128
"""Bytes of each packet: headers, and of TLS at most a piece of the hello."""

_CORECLR = re.compile(r"(?P<folder>/\S.*)/libcoreclr\.so$", re.MULTILINE)


@collector(
    CatalogueEntry(
        id="network.capture",
        title="Packet headers for 30 seconds",
        why="Retransmits, resets and refused connections, seen from this end.",
        scope="system",
        volatility=1,
        consent=Consent.ASK,
        include="network",
        effects="copies the first 128 bytes of every packet of this machine: a few percent of CPU under load",
        seconds=32,
        timeout_s=150,
        stall_s=120,
        max_bytes=500_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="tcpdump -i any -nn -s 128 -G 30 -W 1 -w /tmp/headers.pcap",
        source="tcpdump(8); needs CAP_NET_RAW",
    )
)
def capture(context: Context) -> Iterator[Piece | Gap]:
    """Streamed from standard output, so that nothing is lost when it is stopped."""
    tool = find_tool("tcpdump")
    if tool is None:
        raise Unavailable(Missing(reason="tcpdump is not on this machine", hint=context.obtain))
    command = Command([tool, "-i", "any", "-nn", "-s", str(SNAP), "-U", "-w", "-"], context.watch)
    at = now()
    stream = command.stdout(stop_after=context.pace.capture)
    first = next(stream, b"")
    if not first:
        gap = gap_of_command(context, command)
        yield from [gap] if gap else []
        return

    def content() -> Iterator[bytes]:
        yield first
        yield from stream
        if (gap := gap_of_command(context, command)) is not None:
            raise CutShortError(gap.reason)

    yield Piece(
        path=context.below_host(f"{at.strftime(STAMP)}-headers.pcap"),
        content=content(),
        origin=" ".join(command.argv),
        captured_at=at,
    )


@collector(
    CatalogueEntry(
        id="dotnet.createdump",
        title="Core by the .NET runtime's own tool",
        why="Everything about the process, when dotnet-dump is not installed: it comes with the runtime.",
        scope="process",
        runtimes=("dotnet",),
        volatility=5,
        consent=Consent.ASK,
        include="dumps",
        effects="stops the process until the dump is written: seconds per GB; holds everything the app had in memory",
        seconds=60,
        timeout_s=1800,
        stall_s=300,
        max_bytes=17_179_869_184,
        sensitivity=Sensitivity.MEMORY,
        obtain="$(dirname $(grep -m1 -o '/.*libcoreclr.so' /proc/{pid}/maps))/createdump --withheap {pid}",
        source="dotnet/runtime: docs/design/coreclr/botr/xplat-minidump-generation.md",
    )
)
def createdump(context: Context) -> Iterator[Piece | Gap]:
    """The tool that stands beside libcoreclr.so."""
    maps = context.place(f"/proc/{context.process}/maps").read_text("utf-8", "replace")
    match = _CORECLR.search(maps)
    tool = Path(match["folder"]) / "createdump" if match else None
    if tool is None or not tool.is_file():
        raise Unavailable(Missing(reason="createdump does not stand beside the runtime", hint=context.obtain))
    yield from run_command(context, [str(tool), "--withheap", "--name", "{output}", "{pid}"], "createdump.core")
