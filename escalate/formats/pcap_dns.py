"""DNS in a capture, by server: what was asked, what came back, what was sent again."""

from __future__ import annotations

import struct
from collections import OrderedDict
from dataclasses import dataclass, field

from escalate.formats.pcap_layers import Segment

PORT = 53
MAX_SERVERS = 256
MAX_PENDING = 4096
SAME_S = 0.003
"""An equal query so soon is the same packet, captured on two interfaces."""
FORGOTTEN_S = 60.0
"""A query with the same id and port so much later is another one."""
_HEAD = 12
_NAME_IS_NOT_THERE = 3


@dataclass(slots=True)
class Server:
    """One name server as the capture shows it. Times in seconds."""

    first: float
    packet: int
    queries: int = 0
    """Without those that were sent again."""
    answered: int = 0
    repeated: int = 0
    refused: int = 0
    """Answers that are failures (SERVFAIL, REFUSED, ...); that a name does not exist is an answer."""
    slowest: float = 0.0
    peak: int = 0
    """Most packets with queries in one second, also those that were sent again."""
    second: int = 0
    in_second: int = 0


@dataclass(slots=True)
class _Query:
    first: float
    last: float


@dataclass
class NameServers:
    """Queries and answers by server, in bounded memory."""

    servers: dict[str, Server] = field(default_factory=dict)
    _pending: OrderedDict[tuple[str, str, int, int], _Query] = field(default_factory=OrderedDict)

    def see(self, time: float, number: int, segment: Segment) -> None:
        """Count one datagram to or from port 53."""
        if len(segment.content) < _HEAD:
            return
        query, flags = struct.unpack_from(">HH", segment.content)
        is_answer, opcode = flags >> 15, flags >> 11 & 15
        if opcode:
            return
        if is_answer and segment.source_port == PORT:
            self._answered(time, (segment.target, segment.source, segment.target_port, query), flags & 15)
        elif not is_answer and segment.target_port == PORT:
            self._asked(time, number, (segment.source, segment.target, segment.source_port, query))

    def _asked(self, time: float, number: int, key: tuple[str, str, int, int]) -> None:
        server = self.servers.get(key[1])
        if server is None:
            if len(self.servers) >= MAX_SERVERS:
                return
            server = self.servers[key[1]] = Server(time, number)
        known = self._pending.get(key)
        if known is not None and time - known.last < FORGOTTEN_S:
            if time - known.last >= SAME_S:
                server.repeated += 1
                known.last = time
                _count(server, time)
            return
        server.queries += 1
        _count(server, time)
        self._pending[key] = _Query(time, time)
        self._pending.move_to_end(key)
        if len(self._pending) > MAX_PENDING:
            self._pending.popitem(last=False)

    def _answered(self, time: float, key: tuple[str, str, int, int], rcode: int) -> None:
        query, server = self._pending.pop(key, None), self.servers.get(key[1])
        if query is None or server is None:
            return
        server.answered += 1
        server.slowest = max(server.slowest, time - query.first)
        server.refused += rcode not in (0, _NAME_IS_NOT_THERE)


def _count(server: Server, time: float) -> None:
    second = int(time)
    server.in_second = server.in_second + 1 if second == server.second else 1
    server.second = second
    server.peak = max(server.peak, server.in_second)
