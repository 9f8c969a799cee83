"""`escalate doctor`: what will be missing, of this machine or of an app in Azure, and how to get it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import click

from escalate.cli import casework, options
from escalate.cli.inputs import parse_target
from escalate.cli.output import emit
from escalate.collect.azure_checks import Role
from escalate.collect.check import Check
from escalate.collect.entries import entries
from escalate.collect.resolve import Sought
from escalate.collect.sign_in import Access
from escalate.errors import AccessError, ExitCode, TargetError
from escalate.model.target import AzureTarget, LocalTarget
from escalate.workflow import examine, locate

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


@click.command("doctor")
@click.argument("target", required=False, default="local")
@options.place
@options.sign_in
@click.option("--no-scm", is_flag=True, help="Do not ask the app's SCM site (Kudu), and so do not wake it.")
@options.output_format
def command(target: str, no_scm: bool, output: str, **flags: Any) -> int:
    """Say what will be missing on this machine, or of an app in Azure, and how to get it; changes nothing.

    Of an app in Azure ARM is read, and its SCM site (Kudu) is asked once, which wakes it if it sleeps: --no-scm leaves
    that out. Log switches that are off are named with the command that switches them on; doctor switches nothing.

    Exit code: 3 there is no such app, 4 no sign-in or no permission to read it, 5 something will be missing.
    """
    sign_in = casework.take(casework.SignInFlags, flags)
    place = casework.take(casework.PlaceFlags, flags).place(sign_in)
    parsed = parse_target(target, place=place)
    checks = [_disk(casework.cases_folder())]
    roles: list[Role] = []
    if isinstance(parsed, LocalTarget):
        checks += [*_tools(), _ptrace(), _pressure(), *_process(parsed.pid)]
    elif isinstance(parsed, AzureTarget | Sought):
        with sign_in.access() as access:
            found, roles = _of_azure(parsed, access, scm=not no_scm)
        checks += [_az(), *found]
    code = _code(checks)
    data = {
        "schema": "escalate.doctor/v1",
        "checks": [asdict(check) for check in checks],
        "roles": [asdict(role) for role in roles],
        "exit_code": int(code),
    }
    emit(output, data, "\n".join(_lines(checks)))
    return code


def _of_azure(target: AzureTarget | Sought, access: Access, *, scm: bool) -> tuple[list[Check], list[Role]]:
    """The checks of the app, and what each collector needs; one check alone when the app cannot be read."""
    try:
        app = locate(target, access) if isinstance(target, Sought) else target
        examination = examine(app, access, entries())
    except AccessError as error:
        return [Check("sign-in", "no-access", error.message, error.hint)], []
    except TargetError as error:
        return [Check("target", "no-target", error.message, error.hint)], []
    return list(examination.checks(scm=scm)), list(examination.roles())


def _code(checks: Iterable[Check]) -> ExitCode:
    states = {check.state for check in checks}
    if "no-target" in states:
        return ExitCode.CONFIG
    if "no-access" in states:
        return ExitCode.ACCESS
    return ExitCode.DONE if states <= {"ok", "note"} else ExitCode.EVIDENCE_MISSING


def _lines(checks: Iterable[Check]) -> Iterator[str]:
    for check in checks:
        yield f"{check.state:<9} {check.name}: {check.detail}"
        if check.state != "ok" and check.hint:
            yield f"{'':<9}   to do: {check.hint}"


def _az() -> Check:
    found = shutil.which("az")
    return Check(
        "az",
        "ok" if found else "note",
        found or "not on PATH",
        "the commands that get things by hand are of the Azure CLI",
    )


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
