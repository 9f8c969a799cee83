"""The view of a Linux container: which folders of this machine a command in it sees as /home, /proc, /sys, /tmp.

There is no isolation. A command is run by this machine's `/bin/sh` as the user who started the lab. Only the absolute
prefixes `/home`, `/proc`, `/tmp`, `/appsvctmp` (and `/sys/fs/cgroup`, where the world has numbers for it) in its text
are exchanged for folders below the lab's own. `proc/` there holds links to the /proc folders of the lab's processes and
to the real kernel files, or the world's numbers where it has some. Programs that read /proc by themselves (ps, pgrep)
see the whole machine. `jcmd` and `jps` without a pid, `hostname`, and the programs that would open connections are
replaced by small scripts in `bin/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from escalate.lab.app_environment import app_environment
from escalate.lab.kudu.container_tools import write_tools
from escalate.lab.kudu.numbers import Numbers
from escalate.lab.kudu.visit import Visit

KERNEL_FILES = (
    *("cpuinfo", "diskstats", "filesystems", "loadavg", "meminfo", "mounts", "net", "partitions", "pressure"),
    *("self", "stat", "swaps", "uptime", "version", "vmstat"),
)
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_BEFORE = r"(?<![\w.~/})\]-])"
_BEHIND = r"(?![\w.-])"


@dataclass(frozen=True)
class Container:
    """One container on one worker."""

    folder: Path
    """Of its own things."""
    home: Path
    environment: Mapping[str, str]
    has_cgroup: bool = False

    def mapped(self, text: str) -> str:
        """Text with the container's paths as this machine's."""
        folders = {name: self.folder / name for name in ("proc", "tmp", "appsvctmp")} | {"home": self.home}
        if self.has_cgroup:
            folders["sys/fs/cgroup"] = self.folder / "sys/fs/cgroup"
        names = "|".join(map(re.escape, folders))
        return re.sub(f"{_BEFORE}/({names}){_BEHIND}", lambda match: str(folders[match[1]]), text)

    def folder_of(self, directory: str) -> Path:
        """Where a command starts; its own folder where there is no such one."""
        place = Path(self.mapped(directory))
        return place if place.is_dir() and directory.startswith("/home") else self.folder

    def argv(self, command: str, arguments: Iterable[str]) -> list[str]:
        """A command and its arguments, mapped."""
        return [self.mapped(command), *map(self.mapped, arguments)]


def app_container(visit: Visit) -> Container:
    """The app's container on the worker that answers, with the lab's processes of that worker and their children."""
    state, worker = visit.state, visit.worker
    folder = state.folder / "container" / worker.machine
    home = state.home(visit.app) if state.world.storage_mounted else folder / "home"
    process = state.processes.get(worker.machine) if visit.app is state.world.app else None
    numbers = state.world.proc.get(worker.machine, ()) if visit.app is state.world.app else ()
    if visit.app is not state.world.app:
        folder = folder.with_name(f"{worker.machine}-{visit.app.name}")
    pids = _with_children(process.pid) if process else ()
    with visit.memory.lock:
        _build(visit, folder, home, pids, numbers)
    environment = {**app_environment(state, visit.app, worker), "HOME": str(home), "LANG": "C.UTF-8"}
    environment["PATH"] = f"{folder / 'bin'}:{_PATH}"
    return Container(folder, home, environment, any(name.startswith("/sys/") for name in _names(numbers)))


def kudu_container(visit: Visit) -> Container:
    """Kudu's container: the same /home, none of the app's processes."""
    folder = visit.state.folder / "kudu" / visit.worker.machine
    home = visit.state.home(visit.app)
    with visit.memory.lock:
        _build(visit, folder, home, (), ())
    environment = {"PATH": f"{folder / 'bin'}:{_PATH}", "HOME": str(home), "LANG": "C.UTF-8"}
    return Container(folder, home, {**environment, "WEBSITE_INSTANCE_ID": visit.worker.arm_id})


def _build(visit: Visit, folder: Path, home: Path, pids: Iterable[int], numbers: tuple[Mapping[str, str], ...]) -> None:
    """Make the folders; links to processes that came or went are put right each time."""
    proc = folder / "proc"
    is_new = not proc.exists()
    home.mkdir(parents=True, exist_ok=True)
    for name in ("proc", "tmp", "appsvctmp", "bin"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    wanted = {str(pid) for pid in pids}
    for each in proc.iterdir():
        if each.name.isdigit() and each.name not in wanted:
            each.unlink()
    for pid in wanted:
        if not (proc / pid).is_symlink():
            (proc / pid).symlink_to(f"/proc/{pid}")
    if not is_new:
        return
    overridden = _names(numbers)
    for name in KERNEL_FILES:
        _link(folder, PurePosixPath("/proc", name), overridden)
    name_of_host = visit.worker.container[:12] or visit.worker.machine
    (proc / "sys" / "kernel").mkdir(parents=True)
    (proc / "sys" / "kernel" / "hostname").write_text(f"{name_of_host}\n")
    if any(name.startswith("/sys/fs/cgroup/") for name in overridden):
        _link(folder, PurePosixPath("/sys/fs/cgroup"), overridden)
    write_tools(folder / "bin", visit, tuple(wanted), name_of_host)
    if numbers:
        play = Numbers(folder, numbers)
        visit.memory.launches.work(lambda: play.run(visit.memory.launches.pause))


def _link(folder: Path, path: PurePosixPath, overridden: frozenset[str]) -> None:
    """A link to the real file; a folder in which something is overridden is made anew, with links in it."""
    ours, real = folder / path.relative_to("/"), Path(path)
    if str(path) in overridden:
        return
    if not any(name.startswith(f"{path}/") for name in overridden):
        ours.parent.mkdir(parents=True, exist_ok=True)
        ours.symlink_to(real)
        return
    ours.mkdir(parents=True, exist_ok=True)
    if real.is_dir():
        for each in real.iterdir():
            _link(folder, path / each.name, overridden)


def _names(numbers: tuple[Mapping[str, str], ...]) -> frozenset[str]:
    return frozenset(name for sample in numbers for name in sample)


def _with_children(pid: int) -> tuple[int, ...]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return ()  # it has ended
    return (pid, *(found for child in text.split() for found in _with_children(int(child))))
