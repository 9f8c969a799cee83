"""The processes of an app in a Windows sandbox: which are the app's, and what of them must not be kept."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Kudu
from escalate.collect.context import Context
from escalate.collect.piece import Unavailable
from escalate.collect.secrets import secrets_of_arguments, secrets_of_environment
from escalate.model.outcome import Failed, Gap, Missing
from escalate.model.survey import Worker

Details = dict[str, Any]
"""What `api/processes/{pid}` answers; fields that are zero or false are not in it."""

PUBLISH = "Microsoft.Web/sites/publish/Action"
MAIN = -1
"""Kudu's alias of the app's own w3wp; 0 is that of the SCM site."""
PROCESSES = 8
"""So many processes of an app are looked at: itself and the biggest of its children."""
HOSTS = ("dotnet", "node", "java", "php-cgi", "python")
"""Children that are the app, where IIS only forwards to them."""
_LAST_NUMBER = re.compile(r"/(\d{1,10})/?$")
_WORD = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_VARIABLES = "environment_variables"


def detail(kudu: Kudu, pid: int) -> Details:
    """One process.

    Raises:
        AzureFailure: Kudu does not tell; 500 for the alias -1 when the app has no process.
    """
    answer = kudu.get(f"/api/processes/{pid}")
    data = answer.json()
    if not isinstance(data, dict) or not isinstance(data.get("id"), int):
        raise AzureFailure(Why.INVALID, f"{answer.url} is not a process", status=answer.status)
    return data


def app_processes(context: Context, kudu: Kudu) -> list[Details]:
    """The app's worker process and its descendants, each as it is now, without environment.

    Raises:
        AzureFailure: Kudu does not tell.
        Unavailable: the app has no process on this worker, or another worker answered.
    """
    main = _main(context, kudu)
    found, seen = [main], {main["id"]}
    queue = deque(_children(main))
    while queue and len(found) < PROCESSES:
        pid = queue.popleft()
        if pid in seen:
            continue
        seen.add(pid)
        try:
            child = detail(kudu, pid)
        except AzureFailure as failure:
            if failure.status == 404:
                continue  # it has ended meanwhile
            raise
        if not _is_scm(child):
            found.append(child)
            queue.extend(_children(child))
    for process in found:
        check_machine(context, process.get("machineName"))
        hide_secrets(context, process)
    return found


def app_itself(processes: list[Details]) -> Details:
    """The process that runs the app's code: the biggest of the hosts behind IIS, else the worker process."""
    hosts = [each for each in processes[1:] if str(each.get("name", "")).casefold().removesuffix(".exe") in HOSTS]
    return max(hosts, key=private_bytes, default=processes[0])


def private_bytes(process: Details) -> int:
    """`private_memory`; 0 when Kudu may not read it."""
    value = process.get("private_memory")
    return value if isinstance(value, int) and value > 0 else 0


def hide_secrets(context: Context, process: Details) -> None:
    """Take the environment's values out of a process, and tell redaction what was secret in them."""
    variables = process.pop(_VARIABLES, None)
    if isinstance(variables, dict):
        pairs = [(str(name), value) for name, value in variables.items() if isinstance(value, str)]
        context.add_secrets(secrets_of_environment(pairs))
        process["environment_names"] = sorted(name for name, _ in pairs)
    line = process.get("command_line")
    if isinstance(line, str):
        context.add_secrets(secrets_of_arguments(words_of(line)))


def words_of(line: str) -> list[str]:
    """A Windows command line as words, without the quotes that hold them together."""
    return [word.replace('"', "") for word in _WORD.findall(line)]


def check_machine(context: Context, machine: object) -> None:
    """Whether an answer is from the worker it was asked from; a name that is new is learned.

    Raises:
        Unavailable: it is of another worker.
    """
    worker, roster = context.site.worker, context.site.reach.roster
    if worker is None or not isinstance(machine, str) or not machine:
        return
    found = roster.find(machine)
    if found is None and _says_it_is(context, worker):
        roster.learn(worker.arm_id, computer=machine)
    elif found is None or found.arm_id != worker.arm_id:
        reason = f"{machine} answered instead of worker {worker.label}, which has left the plan"
        raise Unavailable(context.gap(Missing, reason))


def _says_it_is(context: Context, worker: Worker) -> bool:
    """Whether the worker of a name that nobody knows is the one that was asked: ARM's name and its own may differ."""
    said = context.site.kudu.command("echo %WEBSITE_INSTANCE_ID%").output
    return said.strip().casefold() == worker.arm_id.casefold()


def folder(context: Context, *parts: str) -> PurePosixPath:
    """Below `kudu/<app>/<worker>/`."""
    site = context.site
    return PurePosixPath("kudu", site.survey.site, site.worker.label if site.worker else "site", *parts)


def gap_of_process(context: Context, process: Details, failure: AzureFailure) -> Gap:
    """Why a part of one process is not there, named so that others of the same step can be."""
    kind = Missing if failure.why is Why.MISSING else Failed
    return context.gap(kind, f"{process.get('name', 'process')} {process['id']}: {failure.reason}")


def _main(context: Context, kudu: Kudu) -> Details:
    try:
        found = detail(kudu, MAIN)
    except AzureFailure as failure:
        if failure.status not in (404, 500):
            raise
    else:
        if not _is_scm(found):
            return found
    for process in _worker_processes(kudu):
        if not _is_scm(process):
            return process
    raise Unavailable(
        context.gap(Missing, "the app has no worker process here: it is stopped, idle, or does not start")
    )


def _worker_processes(kudu: Kudu) -> Iterator[Details]:
    entries = kudu.get("/api/processes").json()
    for entry in entries if isinstance(entries, list) else ():
        pid = entry.get("id") if isinstance(entry, dict) and entry.get("name") == "w3wp" else None
        if isinstance(pid, int):
            yield detail(kudu, pid)


def _is_scm(process: Details) -> bool:
    """Whether it is Kudu's own: the pool of an SCM site is called `~1<app>`."""
    variables = process.get(_VARIABLES)
    pool = str(variables.get("APP_POOL_ID", "")) if isinstance(variables, dict) else ""
    line, user = str(process.get("command_line") or ""), str(process.get("user_name") or "")
    return bool(process.get("is_scm_site")) or pool.startswith("~1") or '-ap "~1' in line or "\\~1" in user


def _children(process: Details) -> Iterator[int]:
    """Their numbers; where the links lead does not matter."""
    for link in process.get("children") or ():
        match = _LAST_NUMBER.search(str(link))
        if match:
            yield int(match[1])
