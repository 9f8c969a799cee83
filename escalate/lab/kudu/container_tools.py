"""Programs of a container that must not touch this machine: what connects, names the host, lists JVMs, its log."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from escalate.lab.kudu.probes import address_of, probes_of, resolves
from escalate.lab.kudu.visit import Visit

CONNECTING = ("curl", "dig", "nc", "nslookup", "tcpping", "wget")
NO_KERNEL_LOG = "dmesg: read kernel buffer failed: Operation not permitted"
"""What a container without CAP_SYSLOG is told; this machine's own log is about other things than the world."""
_PROGRAM = Path(__file__).with_name("container_probe.py")


def write_tools(folder: Path, visit: Visit, pids: Sequence[str], host: str) -> None:
    """Scripts that stand first in the PATH."""
    probes = probes_of(visit.state.world, visit.worker.machine)
    hosts = {at.rpartition(":")[0] for at in probes}
    table = {"probes": probes, "unknown": sorted(name for name in hosts if not resolves(probes, name)), "addresses": {}}
    table["addresses"] = {name: address_of(name) for name in hosts}
    (folder / "probes.json").write_text(json.dumps(table))
    for name in CONNECTING:
        real = shutil.which(name) or ""
        words = [sys.executable, "-I", str(_PROGRAM), str(folder / "probes.json"), name, real]
        _script(folder / name, f'exec {shlex.join(words)} "$@"')
    _script(folder / "hostname", f"echo {shlex.quote(host)}")
    _script(folder / "dmesg", f"echo {shlex.quote(NO_KERNEL_LOG)} >&2; exit 1")
    for name in ("jcmd", "jps"):
        if (tool := shutil.which(name)) is not None:
            alternatives = "|".join(pids) or "none"
            lists = '[ $# -eq 0 ] || [ "$1" = -l ]' if name == "jcmd" else "true"
            listing = f'{shlex.quote(tool)} "$@" | grep -E "^({alternatives}) " || true'
            _script(folder / name, f'if {lists}; then {listing}; else exec {shlex.quote(tool)} "$@"; fi')


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
