"""Processes of a Windows sandbox: `api/processes`, their threads and modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from werkzeug.wrappers import Response

from escalate.lab.app_environment import app_environment
from escalate.lab.kudu.answers import empty, refused
from escalate.lab.kudu.envelope import listed, single
from escalate.lab.kudu.samples import as_kudu, at_sample
from escalate.lab.kudu.visit import GEO_LOCATION, Visit
from escalate.lab.state import READERS, now
from escalate.lab.world import Json

SCM_PID, MAIN_PID = 0, -1
"""Aliases: the SCM site's own worker process, the app's."""
OWN_PID = 4404
"""Of the SCM site's own process where a world does not mention it."""
READER_SEES = ("MicrosoftProductionDiagnostics_AgentPath", "COR_ENABLE_PROFILING", "CORECLR_ENABLE_PROFILING")
"""Variables that a reader gets through ARM."""


class NoSuchProcess(Exception):
    """The answer that says so."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


def processes(visit: Visit) -> Response:
    """All of the sandbox, in short, in the order of names."""
    found = sorted(running(visit), key=lambda each: (str(each["name"]).casefold(), each["id"]))
    return listed(visit, [(str(each["id"]), _short(visit, each)) for each in found])


def process(visit: Visit, pid: int) -> Response:
    """One of them, with all its numbers; asking is what makes the next sample."""
    found = find(visit, pid)
    sample = visit.faults.count(f"sample:{visit.app.resource_id}:{visit.worker.machine}:{found['id']}")
    href = _href(visit, found)
    fields = at_sample({name: value for name, value in found.items() if name not in _LISTS}, sample)
    parent = fields.pop("parent", MAIN_PID)
    fields["parent"] = parent if isinstance(parent, str) else f"{visit.base}/api/processes/{parent}"
    fields["children"] = [
        child if isinstance(child, str) else f"{visit.base}/api/processes/{child}"
        for child in found.get("children", ())
    ]
    fields["threads"] = [_thread_short(visit, found, each) for each in found.get("_threads", ())]
    fields["modules"] = [_module_short(visit, found, each) for each in found.get("_modules", ())]
    fields.setdefault("open_file_handles", [])
    fields.setdefault("environment_variables", app_environment(visit.state, visit.app, visit.worker))
    fields.update(
        href=href,
        minidump=f"{href}/dump",
        machineName=visit.worker.machine,
        iis_profile_timeout_in_seconds=180.0,
        is_scm_site=bool(found.get("_is_scm")),
        is_profile_running=(visit.worker.machine, found["id"]) in visit.memory.profiles,
        time_stamp=_stamp(0),
    )
    if "_age_s" in found:
        fields["start_time"] = _stamp((now() - visit.state.started).total_seconds() + found["_age_s"])
    if visit.through_arm and GEO_LOCATION in visit.request.headers and visit.state.role in READERS:
        fields["command_line"] = None
        variables = fields["environment_variables"]
        fields["environment_variables"] = {name: variables[name] for name in READER_SEES if name in variables}
    return single(visit, as_kudu(fields))


def threads(visit: Visit, pid: int) -> Response:
    """Ids and states only."""
    found = find(visit, pid)
    return listed(visit, [(str(each["id"]), _thread_short(visit, found, each)) for each in found.get("_threads", ())])


def thread(visit: Visit, pid: int, tid: int) -> Response:
    """One thread, with its wait reason."""
    found = find(visit, pid)
    each = next((each for each in found.get("_threads", ()) if each["id"] == tid), None)
    if each is None:
        return empty(404)
    sample = visit.faults.count(f"thread:{visit.app.resource_id}:{visit.worker.machine}:{found['id']}:{tid}")
    fields = at_sample(each, sample)
    fields.update(href=f"{_href(visit, found)}/threads/{tid}", process=_href(visit, found))
    if "_age_s" in each:
        fields["start_time"] = _stamp(each["_age_s"])
    return single(visit, as_kudu(fields))


def modules(visit: Visit, pid: int) -> Response:
    """Names, addresses and versions."""
    found = find(visit, pid)
    all_of_them: Sequence[Json] = found.get("_modules", ())
    return listed(visit, [(str(each["base_address"]), _module_short(visit, found, each)) for each in all_of_them])


def module(visit: Visit, pid: int, base: str) -> Response:
    """One module, with its path."""
    found = find(visit, pid)
    each = next((each for each in found.get("_modules", ()) if str(each["base_address"]) == base.casefold()), None)
    if each is None:
        return empty(404)
    return single(visit, as_kudu({**each, "href": f"{_href(visit, found)}/modules/{base}"}))


def running(visit: Visit) -> Iterator[Json]:
    """The processes of the app on the worker that answers, and the site's own."""
    own = False
    for each in visit.app.processes:
        if each.get("machineName", visit.worker.machine) == visit.worker.machine:
            own = own or bool(each.get("_is_scm"))
            yield each
    if not own:
        yield {
            "id": OWN_PID,
            "name": "w3wp",
            "_is_scm": True,
            "_age_s": 600,
            "user_name": f"IIS APPPOOL\\~1{visit.app.name}",
            "file_name": "C:\\Windows\\System32\\inetsrv\\w3wp.exe",
            "private_memory": [141_000_704, 8192],
            "working_set": [96_100_352, 8192],
            "handle_count": [912, 1],
            "total_cpu_time": [11.2, 0.1],
        }


def find(visit: Visit, pid: int) -> Json:
    """The process of that number or alias.

    Raises:
        NoSuchProcess: with the answer that Kudu gives then.
    """
    found = tuple(running(visit))
    if pid in (SCM_PID, MAIN_PID):
        wanted = pid == SCM_PID
        match = next((each for each in found if each["name"] == "w3wp" and bool(each.get("_is_scm")) is wanted), None)
        if match is None:
            raise NoSuchProcess(
                refused(
                    500,
                    "An error has occurred.",
                    ExceptionMessage="Sequence contains no matching element",
                    ExceptionType="System.InvalidOperationException",
                )
            )
        return match
    match = next((each for each in found if each["id"] == pid), None)
    if match is None:
        raise NoSuchProcess(refused(404, f"Process with an Id of {pid} is not running."))
    return match


_LISTS = ("_threads", "_modules", "children")


def _short(visit: Visit, found: Json) -> Json:
    return as_kudu(
        {
            "id": found["id"],
            "name": found["name"],
            "machineName": visit.worker.machine,
            "href": _href(visit, found),
            "user_name": found.get("user_name"),
        }
    )


def _thread_short(visit: Visit, found: Json, each: Json) -> Json:
    return {"id": each["id"], "href": f"{_href(visit, found)}/threads/{each['id']}", "state": each.get("state", "Wait")}


def _module_short(visit: Visit, found: Json, each: Json) -> Json:
    return as_kudu(
        {
            "base_address": each["base_address"],
            "file_name": each["file_name"],
            "href": f"{_href(visit, found)}/modules/{each['base_address']}",
            "file_version": each.get("file_version"),
        }
    )


def _href(visit: Visit, found: Json) -> str:
    return f"{visit.base}/api/processes/{found['id']}"


def _stamp(seconds_ago: float) -> str:
    return (now() - timedelta(seconds=seconds_ago)).isoformat().replace("+00:00", "Z")
