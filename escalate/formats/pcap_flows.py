"""TCP in a capture, by peer: handshakes and how long they took, what was sent again, resets and the idle before."""

from __future__ import annotations

from dataclasses import dataclass, field

from escalate.formats.pcap_layers import ACK, RST, SYN, Segment

MAX_FLOWS = 20_000
MAX_PEERS = 2_000
HALF = 1 << 31
SAME_S = 0.003
"""An equal segment so soon is the same packet, captured on two interfaces."""
QUIET_S = 60.0
"""A connection that was silent for so long was idle."""
BIG = 1000
"""Bytes of content from which a segment counts as large; no path is too small for the 517 of a plain TLS hello."""
STUCK = 3
"""A large segment that is sent this often without an answer does not get through."""


@dataclass(slots=True)
class Peer:
    """One address and port that was called, as the capture shows it. Times in seconds."""

    first: float
    packet: int
    calls: int = 0
    """Connections that were begun."""
    opened: int = 0
    unanswered: int = 0
    """Connections whose SYN was sent again at least once and never answered so far."""
    syn_again: int = 0
    slowest_s: float = 0.0
    segments: int = 0
    again: int = 0
    """Segments with content that were sent again."""
    resets: int = 0
    idle_s: float = 0.0
    """Longest silence before a reset."""
    stuck: int = 0
    """Connections on which a large segment was sent again and again without an answer."""
    moment: int = 0
    """Number of the packet that shows the trouble best."""


@dataclass(slots=True)
class _Flow:
    peer: Peer
    syn_at: float
    syn_count: int = 1
    is_open: bool = False
    is_refused: bool = False
    last_syn: float = 0.0
    last: float = 0.0
    quiet: float = 0.0
    """How long it was idle before the last thing sent, as long as that has no answer."""
    spoke: bool = False
    """Who sent that (True: the caller)."""
    advanced: dict[bool, float] = field(default_factory=dict)
    """When something new was sent last, by direction."""
    end: dict[bool, int] = field(default_factory=dict)
    """Highest sequence number seen, by direction (True: from the caller)."""
    stuck_at: int = -1
    stuck_count: int = 0
    counted: bool = False


@dataclass
class Flows:
    """Connections that were begun within the capture, and what became of them by peer."""

    peers: dict[tuple[str, int], Peer] = field(default_factory=dict)
    _flows: dict[tuple[str, int, str, int], _Flow] = field(default_factory=dict)

    def see(self, time: float, number: int, segment: Segment) -> None:
        """Count one TCP segment."""
        forward = (segment.source, segment.source_port, segment.target, segment.target_port)
        backward = (segment.target, segment.target_port, segment.source, segment.source_port)
        if segment.flags & (SYN | ACK) == SYN:
            self._called(time, number, segment, forward)
            return
        if forward in self._flows:
            self._on(self._flows[forward], time, number, segment, from_caller=True)
        elif backward in self._flows:
            self._on(self._flows[backward], time, number, segment, from_caller=False)

    def _called(self, time: float, number: int, segment: Segment, key: tuple[str, int, str, int]) -> None:
        known = self._flows.get(key)
        if known is not None and not known.is_open and time - known.syn_at < 130:
            if known.is_refused or time - known.last_syn < SAME_S:
                return  # a refused call is made again at once by some systems; it has an answer
            known.last_syn = time
            known.syn_count += 1
            known.peer.syn_again += 1
            if known.syn_count == 2:
                known.peer.unanswered += 1
            known.peer.moment = number
            return
        where = (segment.target, segment.target_port)
        if where not in self.peers and len(self.peers) >= MAX_PEERS:
            return
        peer = self.peers.setdefault(where, Peer(time, number, moment=number))
        peer.calls += 1
        if len(self._flows) >= MAX_FLOWS:
            self._flows.pop(next(iter(self._flows)))
        self._flows[key] = _Flow(peer, time, last_syn=time, last=time)

    def _on(self, flow: _Flow, time: float, number: int, segment: Segment, *, from_caller: bool) -> None:
        peer = flow.peer
        if segment.flags & SYN and not flow.is_open:
            flow.is_open = True
            peer.opened += 1
            peer.unanswered -= flow.syn_count > 1
            peer.slowest_s = max(peer.slowest_s, time - flow.syn_at)
        elif segment.flags & RST:
            self._reset(flow, time, number)
        elif segment.size:
            self._content(flow, time, number, segment, from_caller=from_caller)
        if not from_caller and flow.stuck_at >= 0 and _after(segment.ack, flow.stuck_at):
            flow.stuck_at, flow.stuck_count = -1, 0
        if segment.size > 1 and time - flow.last >= QUIET_S:
            flow.quiet, flow.spoke = time - flow.last, from_caller
        elif from_caller is not flow.spoke:
            flow.quiet = 0.0
        flow.last = time

    def _reset(self, flow: _Flow, time: float, number: int) -> None:
        """A reset; its idle time is that before what it answers: a sender learns of a dropped connection that way."""
        peer = flow.peer
        peer.resets += 1
        if not flow.is_open and not flow.is_refused:
            peer.unanswered -= flow.syn_count > 1
            flow.is_refused = True
        idle = max(time - flow.last, flow.quiet)
        if idle > peer.idle_s:
            peer.idle_s, peer.moment = idle, number

    def _content(self, flow: _Flow, time: float, number: int, segment: Segment, *, from_caller: bool) -> None:
        peer, end = flow.peer, (segment.seq + segment.size) & 0xFFFFFFFF
        highest = flow.end.get(from_caller)
        peer.segments += 1
        if highest is None or _after(end, highest):
            flow.end[from_caller] = end
            flow.advanced[from_caller] = time
            return
        if segment.size <= 1 or time - flow.advanced.get(from_caller, 0.0) < SAME_S:
            return  # a keep-alive repeats the last byte on purpose
        peer.again += 1
        peer.moment = number
        if from_caller and segment.size >= BIG:
            flow.stuck_count = flow.stuck_count + 1 if flow.stuck_at == segment.seq else 1
            flow.stuck_at = segment.seq
            if flow.stuck_count >= STUCK and not flow.counted:
                peer.stuck, flow.counted = peer.stuck + 1, True


def _after(one: int, two: int) -> bool:
    """Whether a sequence number lies behind another; they wrap at 2^32."""
    return 0 < (one - two) & 0xFFFFFFFF < HALF
