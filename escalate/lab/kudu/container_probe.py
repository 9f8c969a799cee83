"""Stands for curl, nc, dig and others in the lab's containers: answers from the world's table, connects to nothing.

Run as `container_probe.py TABLE NAME REAL ARGUMENTS...`; where the target is this machine the real program takes over.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

_LOOPBACK = re.compile(r"^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$")
_WITH_VALUE = frozenset(
    {
        "-w",
        "-o",
        "-m",
        "-H",
        "-X",
        "-A",
        "-T",
        "-O",
        "-n",
        "-i",
        "--max-time",
        "--connect-timeout",
        "--timeout",
        "--tries",
    }
)
_SAID = {
    "timeout": "Connection timed out",
    "refused": "Connection refused",
    "forbidden": "Permission denied",
    "no-such-host": "Name or service not known",
}
_CURL_CODE = {"timeout": 28, "refused": 7, "forbidden": 7, "no-such-host": 6}


def main() -> int:
    """Answer as the program of that name; the exit code is its own."""
    table_file, name, real, *arguments = sys.argv[1:]
    table = json.loads(Path(table_file).read_text())
    options, targets = _sorted(arguments)
    host, port, scheme = _target(name, targets)
    if not host:
        return _say(f"{name}: no target", 2)
    if _LOOPBACK.match(host):
        if not real:
            return _say(f"{name}: not found", 127)
        os.execv(real, [real, *arguments])  # noqa: S606
    outcome = table["probes"].get(f"{host}:{port}", "no-such-host" if host in table["unknown"] else "connected")
    address = table["addresses"].get(host, _address(host))
    if name in ("dig", "nslookup"):
        return _resolved(name, host, "" if outcome == "no-such-host" else address, short="+short" in arguments)
    if name == "nc":
        if outcome == "connected":
            return _say(f"Connection to {host} ({address}) {port} port [tcp/*] succeeded!", 0)
        return _say(f"nc: connect to {host} ({address}) port {port} (tcp) failed: {_SAID[outcome]}", 1)
    if name == "tcpping":
        line = (
            f"seq 0: tcp response from {host} ({address})  [open]  4.021 ms"
            if outcome == "connected"
            else "seq 0: no response (timeout)"
        )
        sys.stdout.write(f"{line}\n")
        return 0 if outcome == "connected" else 1
    return _fetched(name, options, host, port, scheme, outcome, address)


def _fetched(
    name: str, options: Mapping[str, str], host: str, port: int, scheme: str, outcome: str, address: str
) -> int:
    good = outcome == "connected"
    values = {
        "http_code": "200" if good else "000",
        "response_code": "200" if good else "000",
        "remote_ip": address if good else "",
        "time_namelookup": "0.002104" if outcome != "no-such-host" else "0.000000",
        "time_connect": "0.014400" if good else "0.000000",
        "time_appconnect": "0.031900" if good and scheme == "https" else "0.000000",
        "time_pretransfer": "0.032100" if good else "0.000000",
        "time_starttransfer": "0.051300" if good else "0.000000",
        "time_total": "0.051800" if good else "10.001000" if outcome == "timeout" else "0.004000",
        "exitcode": str(0 if good else _CURL_CODE[outcome]),
    }
    if name == "curl":
        text = options.get("-w", "").replace("\\n", "\n")
        for key, value in values.items():
            text = text.replace(f"%{{{key}}}", value)
        sys.stdout.write(text)
    if good:
        return 0
    if name == "wget":
        return _say(f"Connecting to {host} ({host})|{address}|:{port}... failed: {_SAID[outcome]}.", 4)
    reason = (
        f"Could not resolve host: {host}"
        if outcome == "no-such-host"
        else f"Failed to connect to {host} port {port}: {_SAID[outcome]}"
    )
    return _say(f"curl: ({_CURL_CODE[outcome]}) {reason}", _CURL_CODE[outcome])


def _resolved(name: str, host: str, address: str, *, short: bool) -> int:
    if name == "nslookup":
        answer = f"Name:\t{host}\nAddress: {address}" if address else f"** server can't find {host}: NXDOMAIN"
        sys.stdout.write(f"Server:\t\t127.0.0.11\nAddress:\t127.0.0.11#53\n\n{answer}\n")
        return 0 if address else 1
    if short:
        sys.stdout.write(f"{address}\n" if address else "")
        return 0
    status = "NOERROR" if address else "NXDOMAIN"
    sys.stdout.write(f"; <<>> DiG 9.18 <<>> {host}\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: 4711\n")
    if address:
        sys.stdout.write(f"\n;; ANSWER SECTION:\n{host}.\t60\tIN\tA\t{address}\n")
    return 0


def _sorted(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    rest: list[str] = []
    left = iter(arguments)
    for word in left:
        if word.startswith("-") and (
            word in _WITH_VALUE or (len(word) > 2 and word[1] != "-" and f"-{word[-1]}" in _WITH_VALUE)
        ):
            options[f"-{word[-1]}" if word not in _WITH_VALUE else word] = next(left, "")
        elif word.startswith(("-", "+", "@")):
            options[word] = ""
        else:
            rest.append(word)
    return options, rest


def _target(name: str, targets: list[str]) -> tuple[str, int, str]:
    if not targets:
        return "", 0, ""
    if name in ("dig", "nslookup"):
        return targets[0], 0, ""
    if name in ("nc", "tcpping"):
        host, _, port = targets[0].partition(":")
        text = port or (targets[1] if len(targets) > 1 else "80")
        return host, int(text) if text.isdigit() else 0, ""
    match = re.match(r"^(?:(?P<scheme>\w+)://)?(?P<host>[^/:?#]+)(?::(?P<port>\d+))?", targets[0])
    if match is None:
        return "", 0, ""
    scheme = match["scheme"] or "http"
    return match["host"], int(match["port"] or (443 if scheme == "https" else 80)), scheme


def _address(host: str) -> str:
    """As `probes.address_of`, which this script cannot import."""
    if host.replace(".", "").isdigit():
        return host
    digest = hashlib.sha256(host.encode()).digest()
    return f"{('192.0.2', '198.51.100', '203.0.113')[digest[0] % 3]}.{1 + digest[1] % 254}"


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"{text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
