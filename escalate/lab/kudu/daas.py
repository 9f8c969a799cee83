"""DaaS: its tools, its sessions, and the small tests beside them."""

from __future__ import annotations

from pathlib import Path

from werkzeug.wrappers import Response

from escalate.lab.kudu.answers import as_json, refused
from escalate.lab.kudu.memory import Session
from escalate.lab.kudu.minidump import write_minidump
from escalate.lab.kudu.probes import address_of, probes_of, resolves
from escalate.lab.kudu.visit import Route, Visit
from escalate.lab.kudu.windows_dumps import dump_bytes, session_file
from escalate.lab.kudu.windows_processes import running
from escalate.lab.state import now
from escalate.lab.world import Json, LabWorker

STORAGE = "WEBSITE_DAAS_STORAGE_CONNECTIONSTRING"
TOOLS = {
    "MemoryDump": "Collects a memory dump of the app's process and of its children.",
    "Profiler": "Records a CPU trace of the app's process.",
    "Profiler with Thread Stacks": "Records a CPU trace with the stacks of all threads.",
    "Profiler with CPU Stacks": "Records a CPU trace with stacks of samples.",
    "JAVA Thread Dump": "Runs jstack on the Java process.",
    "JAVA Flight Recorder": "Records the Java process for a minute.",
    "JAVA Memory Dump": "Runs jmap on the Java process.",
}
MODES = ("Collect", "CollectAndAnalyze", "CollectKillAnalyze")
_DONE_AFTER = 2
"""Polls."""
KEPT = 10


def diagnosers(visit: Visit) -> Response:
    """What this site can collect; Java tools only where Java is."""
    names = TOOLS if _has_java(visit) else [name for name in TOOLS if not name.startswith("JAVA")]
    return as_json([{"Name": name, "Description": TOOLS[name], "Warnings": []} for name in names])


def submit(visit: Visit) -> Response:
    """A new session: 202 with its id; 409 while another one is active."""
    body = visit.ask_json()
    if not isinstance(body, dict) or body.get("Tool") not in TOOLS or body.get("Mode") not in MODES:
        return refused(400, "The session needs a Tool and a Mode that this site has.")
    instances = body.get("Instances") or []
    workers = [visit.state.worker(str(name)) for name in instances] if isinstance(instances, list) else []
    if not workers or None in workers:
        return refused(400, "At least one instance of the app should be specified.")
    needs_storage = body["Tool"] == "MemoryDump" or not visit.windows
    if needs_storage and STORAGE not in visit.app.settings:
        return refused(400, f"The tool '{body['Tool']}' requires that {STORAGE} must be specified in the app settings.")
    with visit.memory.lock:
        if any(_status(session) != "Complete" for session in visit.memory.sessions.values()):
            return refused(409, "There is already an active session. Please wait for it to complete.")
        at = now()
        name = f"{at:%y%m%d_%H%M%S}{at.microsecond:06}"
        visit.memory.sessions[name] = Session(
            {
                "Mode": body["Mode"],
                "SessionId": name,
                "Description": body.get("Description") or "",
                "StartTime": at.isoformat(),
                "EndTime": None,
                "Tool": body["Tool"],
                "ToolParams": body.get("ToolParams") or "",
                "Instances": [worker.machine for worker in workers if worker],
                "BlobStorageHostName": "",
                "DefaultScmHostName": visit.base,
            }
        )
        for old in list(visit.memory.sessions)[:-KEPT]:
            del visit.memory.sessions[old]
    return as_json(name, 202)


def session(visit: Visit, name: str) -> Response:
    """One session; asking is what brings it forward."""
    found = visit.memory.sessions.get(name)
    if found is None:
        return refused(404, f"Session '{name}' was not found.")
    with visit.memory.lock:
        found.polls += 1
        if _status(found) == "Complete" and "ActiveInstances" not in found.body:
            found.body["EndTime"] = now().isoformat()
            found.body["ActiveInstances"] = [_result(visit, found.body, machine) for machine in found.body["Instances"]]
    return as_json(_shown(found))


def sessions(visit: Visit) -> Response:
    """All that are kept."""
    return as_json([_shown(each) for each in visit.memory.sessions.values()])


def active(visit: Visit) -> Response:
    """The one that is not finished."""
    return as_json(next((_shown(each) for each in visit.memory.sessions.values() if _status(each) != "Complete"), None))


def delete(visit: Visit, name: str) -> Response:
    """Forget a session that is finished."""
    found = visit.memory.sessions.get(name)
    if found is None:
        return refused(404, f"Session '{name}' was not found.")
    if _status(found) != "Complete":
        return refused(409, "An active session cannot be deleted.")
    del visit.memory.sessions[name]
    return as_json(f"Session {name} deleted successfully")


def name_resolver(visit: Visit) -> Response:
    """`?hostname=`, resolved as the app's own code would."""
    host = visit.request.args.get("hostname", "")
    if not host:
        return refused(400, "hostname is required.")
    if not resolves(probes_of(visit.state.world, visit.worker.machine), host):
        return as_json({"Status": "host not found", "IpAddresses": []})
    return as_json({"Status": "success", "IpAddresses": [address_of(host)]})


def database_test(visit: Visit) -> Response:
    """The lab has no databases, and its answer would hold connection strings."""
    return refused(400, "No connection strings could be tested.")


def _shown(found: Session) -> Json:
    return {"ActiveInstances": [], **found.body, "Status": _status(found)}


def _status(found: Session) -> str:
    return "Complete" if found.polls >= _DONE_AFTER else "Active"


def _result(visit: Visit, body: Json, machine: str) -> Json:
    """What the tool left on HOME, or why it left nothing."""
    worker = visit.state.worker(machine)
    log = _collect(visit, body, worker) if worker else None
    logs = []
    if log is not None:
        path = log.relative_to(visit.disk.home).as_posix()
        size = log.stat().st_size
        logs = [{"StartTime": body["StartTime"], "Name": log.name, "Size": size, "RelativePath": path, "Reports": []}]
    return {
        "Name": machine,
        "Status": "Complete",
        "Logs": logs,
        "CollectorErrors": [] if logs else ["The process to collect from was not found."],
        "AnalyzerErrors": [],
        "CollectorStatusMessages": [],
    }


def _collect(visit: Visit, body: Json, worker: LabWorker) -> Path | None:
    there = Visit(visit.state, visit.app, worker, visit.request, visit.memory, visit.through_arm)
    found = next((each for each in running(there) if not each.get("_is_scm")), None)
    if found is None:
        return None
    folder = visit.disk.home / "data" / "DaaS" / "Logs" / str(body["SessionId"]) / worker.machine
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{worker.machine}_{found['name']}_{found['id']}"
    if body["Tool"] == "MemoryDump":
        file = folder / f"{stem}.dmp"
        write_minidump(file, int(found["id"]), dump_bytes(there, found, 2))
    elif str(body["Tool"]).startswith("JAVA"):
        said = found.get("_jcmd", {}).get("Thread.print") if body["Tool"] == "JAVA Thread Dump" else None
        if said is None:
            return None
        file = folder / f"{stem}_jstack.log"
        file.write_text(str(said))
    else:
        file = folder / f"{stem}.diagsession"
        file.write_bytes(session_file(found))
    return file


def _has_java(visit: Visit) -> bool:
    return (
        any("java" in str(each["name"]).casefold() for each in visit.app.processes)
        or "JAVA" in visit.app.runtime.upper()
    )


_VERSIONS = ("/daas", "/daas/v2")
ROUTES = (
    Route("/daas/diagnosers", ("GET",), diagnosers),
    Route("/daas/v2/diagnosers", ("GET",), diagnosers),
    *(
        Route(f"{base}{rule}", methods, endpoint)
        for base in _VERSIONS
        for rule, methods, endpoint in (
            ("/sessions", ("POST",), submit),
            ("/sessions", ("GET",), sessions),
            ("/sessions/list", ("POST",), sessions),
            ("/sessions/active", ("POST",), active),
            ("/sessions/<name>", ("GET", "POST"), session),
            ("/sessions/<name>", ("DELETE",), delete),
        )
    ),
    Route("/daas/api/nameresolver", ("GET",), name_resolver),
    Route("/daas/api/databasetest", ("POST",), database_test),
)
