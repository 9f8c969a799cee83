"""Where the control group files of a process stand, for version 1 and version 2."""

from __future__ import annotations

from escalate.collect.context import Context

V2 = [
    "memory.max",
    "memory.high",
    "memory.current",
    "memory.peak",
    "memory.swap.max",
    "memory.events",
    "memory.stat",
    "memory.pressure",
    "cpu.max",
    "cpu.stat",
    "cpu.pressure",
    "pids.max",
    "pids.current",
    "pids.events",
    "io.stat",
    "io.pressure",
]
V1 = {
    "memory": [
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "memory.max_usage_in_bytes",
        "memory.failcnt",
        "memory.oom_control",
        "memory.stat",
    ],
    "cpu": ["cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.stat"],
    "pids": ["pids.max", "pids.current", "pids.events"],
}


def files_of(context: Context, process: str) -> list[str]:
    """Absolute paths of the files that exist; `process` is a pid or `self`.

    Raises:
        OSError: the process cannot be read.
    """
    groups: dict[str, str] = {}
    for line in context.place(f"/proc/{process}/cgroup").read_text("utf-8", "replace").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller.removeprefix("name=")] = path
    found: list[str] = []
    for controller, names in V1.items():
        if controller in groups:
            found += _existing(context, f"/sys/fs/cgroup/{controller}", groups[controller], names)
    return found or _existing(context, "/sys/fs/cgroup", groups.get("", "/"), V2)


def _existing(context: Context, base: str, path: str, names: list[str]) -> list[str]:
    # Inside a container the path is the host's and is not there: the group then stands at the mount itself.
    for folder in (f"{base}{path}".rstrip("/"), base):
        found = [f"{folder}/{name}" for name in names if context.place(f"{folder}/{name}").exists()]
        if found:
            return found
    return []
