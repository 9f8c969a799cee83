"""DNS in a capture: which servers answer, which stay silent, how often was asked, and which answers are failures."""

from __future__ import annotations

import re
import struct
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from escalate.formats.pcap_fact import SAME, SAMPLES, Fact, median_ms
from escalate.formats.pcap_frames import SECOND
from escalate.formats.pcap_layout import DNS_HEAD, DNS_PORT, TCP
from escalate.formats.pcap_packets import Packet, address

PATIENCE = 10 * SECOND
"""A query that got no answer for so long has none; stub resolvers give up on a try after 1 to 5 s."""
GRACE = 2 * SECOND
"""A query sent so shortly before the capture ends is neither answered nor without answer."""
MOST_SERVERS = 256
_MOST_PENDING = 4096
_MOST_NAMES = 1024
_LONGEST_NAME = 255
_RCODES: Mapping[int, str] = MappingProxyType(
    {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 9: "NOTAUTH"}
)
_TYPES: Mapping[int, str] = MappingProxyType({1: "A", 5: "CNAME", 12: "PTR", 16: "TXT", 28: "AAAA", 33: "SRV"})
_STRANGE = re.compile(r"[^A-Za-z0-9._-]")


class Message(NamedTuple):
    """The head and the question of a DNS message (RFC 1035)."""

    id: int
    is_answer: bool
    rcode: int
    name: str
    kind: str


def message(data: bytes) -> Message | None:
    """The message, if it is one with one question."""
    if len(data) < DNS_HEAD:
        return None
    number, flags, questions = struct.unpack_from(">HHH", data)
    if questions != 1 or flags >> 11 & 15:
        return None
    at, labels = DNS_HEAD, []
    while at < len(data) and (size := data[at]):
        if size > 63 or at + size - DNS_HEAD > _LONGEST_NAME:
            return None
        labels.append(data[at + 1 : at + 1 + size].decode("latin-1"))
        at += 1 + size
    if at + 5 > len(data):
        return None
    kind = int(struct.unpack_from(">H", data, at + 1)[0])
    name = _STRANGE.sub("?", ".".join(labels)) or "."
    return Message(number, bool(flags >> 15), flags & 15, name, _TYPES.get(kind, f"TYPE{kind}"))


@dataclass(slots=True)
class _Pending:
    number: int
    first: int
    last: int
    asked: tuple[str, str]
    tries: int = 1


@dataclass(slots=True)
class _Server:
    number: int
    first: int
    answered: int = 0
    unanswered: int = 0
    sent: int = 0
    tries: int = 0
    silent: _Pending | None = None
    """The first query without answer."""
    failed: dict[int, tuple[int, int, str]] = field(default_factory=dict)
    """First answer of each failing rcode: packet, time, name."""
    rcodes: Counter[int] = field(default_factory=Counter)
    times: list[int] = field(default_factory=list)
    open_names: OrderedDict[tuple[str, str], int] = field(default_factory=OrderedDict)
    """How often each name was asked for since the last answer for it."""
    second: int = 0
    in_second: int = 0
    peak: int = 0


class DnsTraffic:
    """Follows the queries of one capture, in bounded memory."""

    def __init__(self) -> None:
        self.left_out = 0
        """Queries to servers for which there was no room."""
        self._servers: dict[bytes, _Server] = {}
        self._pending: OrderedDict[tuple[bytes, bytes, int, int], _Pending] = OrderedDict()

    def see(self, packet: Packet) -> None:
        """Take one packet to or from port 53."""
        found = message(packet.payload[2:] if packet.protocol == TCP else packet.payload)
        if found is None:
            return
        if not found.is_answer and packet.to_port == DNS_PORT:
            self._asked(packet, found)
        elif found.is_answer and packet.from_port == DNS_PORT:
            self._answered(packet, found)

    def facts(self, end: int) -> Iterator[Fact]:
        """What was found; `end` is the time of the capture's last packet."""
        for key, pending in self._pending.items():
            if pending.tries > 1 or end - pending.last >= GRACE:
                self._give_up(key[1], pending)
        self._pending.clear()
        for packed, server in self._servers.items():
            yield from _facts(address(packed), server)

    def _asked(self, packet: Packet, found: Message) -> None:
        server = self._servers.get(packet.target)
        if server is None:
            if len(self._servers) >= MOST_SERVERS:
                self.left_out += 1
                return
            server = self._servers[packet.target] = _Server(packet.number, packet.at)
        key = (packet.source, packet.target, packet.from_port, found.id)
        pending = self._pending.get(key)
        if pending is not None and packet.at - pending.last < SAME:
            return
        _count(server, packet.at)
        asked = (found.name, found.kind)
        if pending is not None and pending.asked == asked and packet.at - pending.last < PATIENCE:
            pending.tries += 1
            pending.last = packet.at
        else:
            if pending is not None:
                self._give_up(packet.target, self._pending.pop(key))
            self._pending[key] = _Pending(packet.number, packet.at, packet.at, asked)
        self._settle(packet.at)

    def _answered(self, packet: Packet, found: Message) -> None:
        pending = self._pending.pop((packet.target, packet.source, packet.to_port, found.id), None)
        server = self._servers.get(packet.source)
        if pending is None or server is None:
            return
        server.answered += 1
        server.open_names.pop(pending.asked, None)
        if len(server.times) < SAMPLES:
            server.times.append(packet.at - pending.first)
        if found.rcode:
            server.rcodes[found.rcode] += 1
            server.failed.setdefault(found.rcode, (packet.number, packet.at, found.name))

    def _settle(self, now: int) -> None:
        while self._pending:
            key, oldest = next(iter(self._pending.items()))
            if now - oldest.last < PATIENCE:
                if len(self._pending) <= _MOST_PENDING:
                    return
                self._pending.popitem(last=False)
                continue
            self._pending.popitem(last=False)
            self._give_up(key[1], oldest)

    def _give_up(self, packed: bytes, pending: _Pending) -> None:
        server = self._servers[packed]
        server.unanswered += 1
        if server.silent is None or pending.number < server.silent.number:
            server.silent = pending
        tries = server.open_names.pop(pending.asked, 0) + pending.tries
        server.open_names[pending.asked] = tries
        if len(server.open_names) > _MOST_NAMES:
            server.open_names.popitem(last=False)
        server.tries = max(server.tries, tries)


def _count(server: _Server, at: int) -> None:
    server.sent += 1
    second = at // SECOND
    server.in_second = server.in_second + 1 if second == server.second else 1
    server.second = second
    server.peak = max(server.peak, server.in_second)


def _facts(name: str, server: _Server) -> Iterator[Fact]:
    asked = server.answered + server.unanswered
    common = {"server": name, "queries": asked, "answered": server.answered, "unanswered": server.unanswered}
    fields = {**common, "sent": server.sent, "median_ms": median_ms(server.times), "peak_per_s": server.peak}
    text = f"DNS server {name}: {server.answered} of {asked} queries answered"
    text += f", median {median_ms(server.times)} ms" if server.times else ""
    yield Fact("dns-server", server.number, server.first, f"{text}, at most {server.peak} queries in a second", fields)
    if server.silent is not None:
        what, kind = server.silent.asked
        yield Fact(
            "dns-without-answer",
            server.silent.number,
            server.silent.first,
            f"DNS server {name}: {server.unanswered} of {asked} queries without answer, the same name asked up to "
            f"{server.tries} times; first {what} ({kind})",
            {**fields, "tries": server.tries, "name": what},
        )
    for rcode, (number, at, what) in server.failed.items():
        word = _RCODES.get(rcode, f"RCODE{rcode}")
        yield Fact(
            "dns-failure",
            number,
            at,
            f"DNS server {name}: {server.rcodes[rcode]} of {server.answered} answers are {word}; first {what}",
            {**common, "rcode": word, "count": server.rcodes[rcode], "name": what},
        )
