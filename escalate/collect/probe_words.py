"""What tcpping, nc, nameresolver, nslookup, getent and curl say of a connection, as one vocabulary."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

State = Literal["connected", "timeout", "refused", "forbidden", "no-such-host", "unreachable", "failed", "no-tool"]

CURL_FORMAT = (
    "http=%{http_code} lookup=%{time_namelookup} connect=%{time_connect} tls=%{time_appconnect}"
    " first=%{time_starttransfer} total=%{time_total}"
)

_STATES: tuple[tuple[State, re.Pattern[str]], ...] = (
    (
        "forbidden",
        re.compile(r"forbidden by its access permissions|\b10013\b|WSAEACCES|bad access|permission denied", re.I),
    ),
    (
        "no-such-host",
        re.compile(
            r"no such host|could not resolve|couldn't resolve|name or service not known|nxdomain|can't find"
            r"|temporary failure in name resolution|name does not resolve|\bbad address\b|\b1100[14]\b",
            re.I,
        ),
    ),
    ("refused", re.compile(r"actively refused|connection refused|\b10061\b", re.I)),
    ("unreachable", re.compile(r"no route to host|network is unreachable|host is unreachable|\b100(?:51|65)\b", re.I)),
    ("timeout", re.compile(r"timed out|timeout|\b10060\b", re.I)),
)
_CONNECTED = re.compile(r"^(?:Connected to |Connection to .* succeeded|Ncat: Connected|.*\bopen\b)", re.M | re.I)
_COMPLETE = re.compile(r"Complete: (?P<good>\d+)/(?P<all>\d+) successful attempts")
_MILLISECONDS = re.compile(r"time taken: <?(?P<ms>\d+(?:\.\d+)?)ms")
_CURL = re.compile(
    r"http=(?P<status>\d{3}) lookup=(?P<lookup>[\d.]+) connect=(?P<connect>[\d.]+) tls=(?P<tls>[\d.]+)"
    r" first=(?P<first>[\d.]+) total=(?P<total>[\d.]+)"
)
_ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w.:])")
_SERVER = re.compile(r"^(?:Server|Address)\b.*$", re.M)

TIMED_OUT = 124
NO_TOOL = frozenset({127, 9009})
"""Exit codes of sh and of cmd.exe where there is no such program."""


@dataclass(frozen=True)
class Said:
    """What one tool printed, and how it ended."""

    text: str
    code: int
    seconds: float


def state_of(said: Said) -> State:
    """The outcome that a tool's words mean."""
    if said.code in NO_TOOL or "is not recognized as an internal or external command" in said.text:
        return "no-tool"
    if said.code == TIMED_OUT:
        return "timeout"
    complete = _COMPLETE.search(said.text)
    if (complete and int(complete["good"])) or (not complete and said.code == 0 and _CONNECTED.search(said.text)):
        return "connected"
    return next((state for state, pattern in _STATES if pattern.search(said.text)), "failed")


def resolved(said: Said) -> dict[str, object]:
    """State and addresses of a name resolution; what names the DNS server is left out."""
    text = said.text
    lines = text.splitlines()
    # nslookup and nameresolver name their server first: "Server: ..." and, for one of them, "Address: ...#53"
    answer = "\n".join(line for line in lines if not line.startswith("Server") and "#53" not in line)
    found = list(dict.fromkeys(match[0] for match in _ADDRESS.finditer(answer) if _is_address(match[0])))
    if found:
        return {"state": "resolved", "addresses": found, "seconds": said.seconds}
    state = state_of(said)
    state = "no-such-host" if state in ("failed", "connected") else state
    return {"state": state, "addresses": [], "seconds": said.seconds}


def connected(tries: list[Said]) -> dict[str, object]:
    """State of TCP connections: the worst words win only when no try succeeded."""
    attempts, good, spent, states = 0, 0, list[float](), list[State]()
    for said in tries:
        complete = _COMPLETE.search(said.text)
        state = state_of(said)
        states.append(state)
        attempts += int(complete["all"]) if complete else 1
        good += int(complete["good"]) if complete else int(state == "connected")
        spent += [float(match["ms"]) for match in _MILLISECONDS.finditer(said.text)]
    state = "connected" if good else next((each for each in states if each != "failed"), "failed")
    average = round(sum(spent) / len(spent), 1) if spent else None
    seconds = round(sum(said.seconds for said in tries), 3)
    return {"state": state, "attempts": attempts, "succeeded": good, "average_ms": average, "seconds": seconds}


def answered(said: Said) -> dict[str, object]:
    """Status and times (seconds from the start) of a request by curl."""
    match = _CURL.search(said.text)
    times = {name: float(match[name]) for name in ("lookup", "connect", "tls", "first", "total")} if match else {}
    status = int(match["status"]) if match else 0
    if status:
        return {"state": "connected", "status": status, **times}
    return {"state": state_of(said), "status": None, "curl": said.code, **times}


def _is_address(text: str) -> bool:
    try:
        return not ipaddress.ip_address(text).is_unspecified
    except ValueError:
        return False
