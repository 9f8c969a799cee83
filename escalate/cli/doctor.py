"""`escalate doctor`: what will be missing on this machine, and how to get it."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import click

from escalate.cli import casework, options
from escalate.cli.inputs import parse_target
from escalate.cli.output import emit
from escalate.errors import ExitCode
from escalate.model.target import LocalTarget

ENOUGH_DISK = 2 * 1024**3
CAP_SYS_PTRACE = 1 << 19

TOOLS = {
    "jcmd": "thread dumps, histograms and heap dumps of Java processes: install the JDK of the app's Java version",
    "gcore": "core dumps of any process: apt-get install gdb",
    "py-spy": "stacks of Python processes: pip install py-spy",
    "dotnet-dump": "dumps of .NET processes: dotnet tool install --global dotnet-dump",
    "dotnet-stack": "stacks of .NET processes: dotnet tool install --global dotnet-stack",
    "tcpdump": "network captures: apt-get install tcpdump",
}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "missing", "refused"]
    detail: str
    hint: str


@click.command("doctor")
@click.argument("target", required=False, default="local")
@options.output_format
def command(target: str, output: str) -> int:
    """Say what will be missing on this machine, and how to get it; touches nothing.

    Exit code 5 when something is missing.
    """
    parsed = parse_target(target)
    checks = [_disk(casework.cases_folder())]
    if isinstance(parsed, LocalTarget):
        checks += [*_tools(), _ptrace(), _pressure(), *_process(parsed.pid)]
    lines = [f"{check.state:<8} {check.name}: {check.detail}" for check in checks]
    lines += [f"hint: {check.hint}" for check in checks if check.state != "ok"]
    data = {"schema": "escalate.doctor/v1", "checks": [asdict(check) for check in checks]}
    emit(output, data, "\n".join(lines))
    return ExitCode.DONE if all(check.state == "ok" for check in checks) else ExitCode.EVIDENCE_MISSING


def _disk(folder: Path) -> Check:
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    state: Literal["ok", "missing"] = "ok" if free >= ENOUGH_DISK else "missing"
    return Check(
        "disk", state, f"{free:,} bytes free at {place}", "free some, or put the case elsewhere with --case DIR"
    )


def _tools() -> list[Check]:
    return [
        Check(name, "ok" if shutil.which(name) else "missing", shutil.which(name) or "not on PATH", what)
        for name, what in TOOLS.items()
    ]


def _ptrace() -> Check:
    scope = _first_line(Path("/proc/sys/kernel/yama/ptrace_scope"))
    capable = _effective_capabilities() & CAP_SYS_PTRACE
    hint = "dumps and native stacks of other processes will be denied; run as root, or in a container with SYS_PTRACE"
    if capable or scope in (None, "0"):
        return Check("ptrace", "ok", f"ptrace_scope {scope or 'absent'}, SYS_PTRACE {'yes' if capable else 'no'}", hint)
    return Check("ptrace", "refused", f"ptrace_scope {scope} and no SYS_PTRACE", hint)


def _pressure() -> Check:
    there = Path("/proc/pressure/memory").exists()
    detail = "/proc/pressure is there" if there else "this kernel shows no /proc/pressure"
    return Check(
        "pressure", "ok" if there else "missing", detail, "memory and I/O stalls will be judged from vmstat alone"
    )


def _process(pid: int | None) -> list[Check]:
    if pid is None:
        return []
    try:
        Path(f"/proc/{pid}/exe").readlink()
    except FileNotFoundError:
        return [Check(f"process {pid}", "missing", "there is no such process", "find it with: ps -ef")]
    except PermissionError as error:
        return [Check(f"process {pid}", "refused", f"{error.strerror}", "run as the user of the process, or as root")]
    return [Check(f"process {pid}", "ok", "can be read", "")]


def _effective_capabilities() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def _first_line(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return None
