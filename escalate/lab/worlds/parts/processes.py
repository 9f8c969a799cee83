"""Processes of a Windows sandbox as Kudu details them, their threads and modules."""

from __future__ import annotations

from collections.abc import Sequence

from escalate.lab.world import Json, LabApp, LabWorker
from escalate.lab.worlds.parts.noise import Noise

Wait = tuple[str, int]
"""Why threads wait, and how many do."""

QUIET: tuple[Wait, ...] = (("UserRequest", 27), ("LpcReceive", 3), ("ExecutionDelay", 2), ("EventPairLow", 6))
"""An idle worker process: its threads wait for work."""

_MODULES = (
    ("7ff6d4c10000", "w3wp.exe", "10.0.14393.0 (rs1_release.160715-1616)", r"C:\Windows\System32\inetsrv"),
    ("7ffb3c1d0000", "ntdll.dll", "10.0.14393.5850 (rs1_release.230329-2152)", r"C:\Windows\SYSTEM32"),
    ("7ffb3b660000", "KERNEL32.DLL", "10.0.14393.5850 (rs1_release.230329-2152)", r"C:\Windows\System32"),
    ("7ffb38b10000", "KERNELBASE.dll", "10.0.14393.5850 (rs1_release.230329-2152)", r"C:\Windows\System32"),
    ("7ffb2b4c0000", "aspnetcorev2.dll", "18.0.24241.8", r"C:\Program Files\IIS\Asp.Net Core Module\V2"),
    ("7ffb1a2e0000", "coreclr.dll", "8.0.1024.46610", r"C:\Program Files\dotnet\shared\Microsoft.NETCore.App\8.0.10"),
    (
        "7ffb19990000",
        "System.Private.CoreLib.dll",
        "8.0.1024.46610",
        r"C:\Program Files\dotnet\shared\Microsoft.NETCore.App\8.0.10",
    ),
    ("1f2c6a90000", "Shop.dll", "7.4.1.0", r"C:\home\site\wwwroot"),
)


def worker_process(
    noise: Noise,
    app: LabApp,
    worker: LabWorker,
    pid: int,
    *,
    waits: Sequence[Wait] = QUIET,
    running: int = 2,
    private: float = 601_411_584,
    private_step: float = 40_960,
    handles: tuple[int, int] = (1405, 1),
    cpu_s: tuple[float, float] = (271.5, 0.4),
    age_s: int = 90_000,
) -> Json:
    """The w3wp of an app; `cpu_s` is (so far, in the time between two samples)."""
    threads = _threads(noise, waits, running, age_s)
    total, burnt = cpu_s
    return {
        "id": pid,
        "name": "w3wp",
        "machineName": worker.machine,
        "children": [],
        "open_file_handles": [rf"C:\home\site\wwwroot\{app.name}.dll", r"C:\home\LogFiles\Application"],
        "file_name": r"C:\Windows\System32\inetsrv\w3wp.exe",
        "command_line": (
            rf'C:\Windows\System32\inetsrv\w3wp.exe -ap "{app.name}" -v "v4.0" '
            rf'-a \\.\pipe\iisipm{noise.guid()} -h "C:\DWASFiles\Sites\{app.name}\Config\applicationhost.config"'
        ),
        "user_name": rf"IIS APPPOOL\{app.name}",
        "handle_count": list(handles),
        "module_count": 171,
        "thread_count": len(threads),
        "_age_s": age_s,
        "total_cpu_time": [total, burnt],
        "user_cpu_time": [total * 0.85, burnt * 0.85],
        "privileged_cpu_time": [total * 0.15, burnt * 0.15],
        "working_set": [private * 0.69, private_step],
        "peak_working_set": private * 0.9,
        "private_memory": [private, private_step],
        "virtual_memory": 2_204_201_738_240,
        "peak_virtual_memory": 2_204_299_022_336,
        "paged_system_memory": 651_024,
        "non_paged_system_memory": 98_432,
        "paged_memory": [private, private_step],
        "peak_paged_memory": private * 1.1,
        "_threads": threads,
        "_modules": _modules(),
    }


def kudu_process(noise: Noise, app: LabApp, worker: LabWorker, pid: int) -> Json:
    """The w3wp of the SCM site itself: present in every list, and nobody's fault."""
    process = worker_process(noise, app, worker, pid, private=141_000_704, cpu_s=(11.2, 0.1), age_s=1_100)
    process["user_name"] = rf"IIS APPPOOL\~1{app.name}"
    process["command_line"] = str(process["command_line"]).replace(f'"{app.name}"', f'"~1{app.name}"')
    process["_is_scm"] = True
    return process


def _threads(noise: Noise, waits: Sequence[Wait], running: int, age_s: int) -> list[Json]:
    reasons = [reason for reason, count in waits for _ in range(count)] + [""] * running
    found = []
    for number, reason in enumerate(reasons):
        spent = round(noise.between(0.0, 4.0), 3)
        thread: Json = {
            "id": 1_788 + 4 * number,
            "start_address": f"0x7FFB{noise.digits(8).upper()}",
            "current_priority": 10 if number % 5 else 8,
            "priority_level": "Normal",
            "base_priority": 8,
            "_age_s": max(1, int(age_s * noise.between(0.05, 1))),
            "total_processor_time": spent,
            "user_processor_time": round(spent * 0.8, 3),
            "priviledged_processor_time": round(spent * 0.2, 3),
            "state": "Wait" if reason else "Running",
            "wait_reason": reason or "Cannot obtain wait reason unless thread is in waiting state",
        }
        found.append(thread)
    return found


def _modules() -> list[Json]:
    return [
        {
            "base_address": base,
            "file_name": name,
            "file_version": version,
            "file_path": rf"{folder}\{name}",
            "module_memory_size": 1_048_576 + 65_536 * number,
            "product": "Microsoft Windows Operating System" if number < 4 else "Microsoft .NET",
        }
        for number, (base, name, version, folder) in enumerate(_MODULES)
    ]
