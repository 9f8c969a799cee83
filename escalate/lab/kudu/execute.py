"""Ways into the app's container on Linux: `exec/execute`, the SSH tunnel's state, and what the container uses."""

from __future__ import annotations

from pathlib import Path

from werkzeug.wrappers import Response

from escalate.lab.kudu.answers import as_json, empty, refused
from escalate.lab.kudu.container import app_container
from escalate.lab.kudu.visit import Route, Visit

RUNNING = "Started"
SSH_PORT = 2222
_STATS = frozenset({"memory_stats", "cpu_stats", "eth0"})


def execute(visit: Visit) -> Response:
    """`{"Command", "Args", "WorkingDirectory"}`: 202 at once; nobody says what it printed or how it ended."""
    if visit.windows:
        return empty(404)
    body = visit.ask_json()
    fields = {str(name).casefold(): value for name, value in body.items()} if isinstance(body, dict) else {}
    command, arguments = fields.get("command"), fields.get("args") or []
    if not isinstance(command, str) or not command or not _are_words(arguments):
        return refused(400, "Command is required; Args is a list of strings.")
    if not is_running(visit):
        return refused(400, "The application container is not running.")
    container = app_container(visit)
    directory = container.folder_of(str(fields.get("workingdirectory") or "/home"))
    try:
        visit.memory.launches.process(container.argv(command, arguments), container.environment, directory)
    except OSError as error:
        return refused(400, f"exec: {command}: {error.strerror}")
    return empty(202)


def shell(visit: Visit) -> Response:
    """The interactive shell is a web socket, which the lab does not have."""
    return refused(400, "A WebSocket connection is required.")


def tunnel(visit: Visit) -> Response:
    """`Tunnel.ashx?GetStatus&GetStatusAPIVer=2`: whether the container listens for SSH; those of the lab do not."""
    if visit.windows or "GetStatus" not in visit.request.args:
        return empty(404)
    state = "STARTED" if is_running(visit) else "STOPPED"
    text = (
        "SSH is not enabled for this app" if state == "STARTED" else f"FAILURE:{SSH_PORT}:Unable to connect to WebApp"
    )
    return as_json({"state": state, "port": SSH_PORT, "canReachPort": False, "msg": text})


def stats(visit: Visit, container: str, filter: str) -> Response:
    """Of the process that stands for the container; the numbers are the kernel's."""
    process = visit.state.processes.get(visit.worker.machine)
    if visit.windows or filter not in _STATS or process is None or visit.app is not visit.state.world.app:
        return empty(404)
    status = _status(process.pid)
    found: dict[str, object] = {
        "memory_stats": {"usage": status.get("VmRSS", 0) * 1024, "max_usage": status.get("VmHWM", 0) * 1024},
        "cpu_stats": {"cpu_usage": {"total_usage": _cpu_ticks(process.pid)}},
        "eth0": {},
    }
    name = visit.worker.container or visit.worker.machine
    return as_json({name: found[filter]})


def is_running(visit: Visit) -> bool:
    """Whether the app's container runs on that worker, as siteStatus has it."""
    if visit.app is not visit.state.world.app:
        return True
    told = visit.state.signals.site_status.get(visit.worker.machine)
    return told is None or str(told.get("state", RUNNING)) == RUNNING


def _are_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _status(pid: int) -> dict[str, int]:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in text.splitlines() if line.endswith(" kB"))
    return {name: int(value.split()[0]) for name, value in pairs}


def _cpu_ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


ROUTES = (
    Route("/exec/execute", ("POST",), execute, recent=True),
    Route("/exec/shell", ("GET",), shell, recent=True),
    Route("/AppServiceTunnel/Tunnel.ashx", ("GET",), tunnel),
    Route("/api/stats/<container>/<filter>", ("GET",), stats),
)
