"""Network captures as facts: what each name server answered, and how each peer that was called behaved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.names import instance_of
from escalate.formats.pcap_dns import PORT, NameServers, Server
from escalate.formats.pcap_flows import Flows, Peer
from escalate.formats.pcap_layers import READABLE, segment_of
from escalate.formats.pcap_layout import CLASSIC, NG_MAGIC
from escalate.formats.pcap_packets import packets
from escalate.formats.record import FieldValue, Record
from escalate.formats.registry import Format
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_STARTS = (*CLASSIC, NG_MAGIC)
"""pcap in both byte orders with micro- and nanoseconds, and pcapng."""
LATEST = 253402300799.0
"""The last second that a time can hold (year 9999)."""


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a name server and one a peer, after the whole capture was read; no content of packets is kept."""
    names, flows = NameServers(), Flows()
    notes: list[str] = []
    links: set[int] = set()
    for packet in packets(stream, notes):
        links.add(packet.link)
        segment = segment_of(packet.link, packet.data)
        if segment is None or packet.time is None:
            continue
        if segment.is_tcp:
            flows.see(packet.time, packet.number, segment)
        elif PORT in (segment.source_port, segment.target_port):
            names.see(packet.time, packet.number, segment)
    instance = instance_of(path)
    for address, server in names.servers.items():
        yield _record(
            _said_of_server(address, server), server.first, server.packet, instance, _of_server(address, server)
        )
    for (address, port), peer in flows.peers.items():
        yield _record(
            _said_of_peer(address, port, peer), peer.first, peer.moment, instance, _of_peer(address, port, peer)
        )
    notes += [f"Packets of link type {link} cannot be read." for link in sorted(links - READABLE)]
    for number, note in enumerate(notes, start=1):
        yield Record(line=1, text=note, pointer=f"note {number}", instance=instance, fields={"what": "note"})


def _record(text: str, time: float, packet: int, instance: str | None, fields: dict[str, FieldValue]) -> Record:
    ts = datetime.fromtimestamp(time, UTC) if 0 <= time <= LATEST else None
    return Record(
        line=1,
        text=text,
        ts=ts,
        precision=Precision.MILLISECOND if ts else Precision.UNKNOWN,
        pointer=f"packet {packet}",
        instance=instance,
        fields=fields,
    )


def _said_of_server(address: str, server: Server) -> str:
    silent = server.queries - server.answered
    said = f"DNS server {address}: {server.queries} queries, {silent} queries without answer"
    said += f", {server.repeated} sent again" if server.repeated else ""
    said += f", {server.refused} refused" if server.refused else ""
    return said + (f", slowest answer {1000 * server.slowest:.0f} ms" if server.answered else "")


def _of_server(address: str, server: Server) -> dict[str, FieldValue]:
    return {
        "what": "dns",
        "server": address,
        "queries": server.queries,
        "answered": server.answered,
        "repeated": server.repeated,
        "refused": server.refused,
        "slowest_ms": 1000 * server.slowest,
        "peak_per_s": server.peak,
    }


def _said_of_peer(address: str, port: int, peer: Peer) -> str:
    said = f"Peer {address} port {port}: {peer.calls} connections begun, {peer.opened} opened"
    for count, words in (
        (peer.unanswered, f"{peer.unanswered} without answer to SYN ({peer.syn_again} sent again)"),
        (peer.again, f"{peer.again} of {peer.segments} segments sent again"),
        (peer.resets, f"{peer.resets} resets, after up to {peer.idle_s:.0f} s of silence"),
        (peer.stuck, f"{peer.stuck} with a large segment that was never answered"),
    ):
        said += f", {words}" if count else ""
    return said + (f", slowest handshake {1000 * peer.slowest_s:.0f} ms" if peer.opened else "")


def _of_peer(address: str, port: int, peer: Peer) -> dict[str, FieldValue]:
    return {
        "what": "tcp",
        "peer": address,
        "port": port,
        "calls": peer.calls,
        "opened": peer.opened,
        "unanswered": peer.unanswered,
        "syn_again": peer.syn_again,
        "segments": peer.segments,
        "again": peer.again,
        "resets": peer.resets,
        "idle_s": peer.idle_s,
        "stuck": peer.stuck,
        "slowest_ms": 1000 * peer.slowest_s,
    }


FORMATS = (
    Format(Kind.PCAP, "application/vnd.tcpdump.pcap", lambda head: head.data.startswith(_STARTS), rank=10, read=read),
)
