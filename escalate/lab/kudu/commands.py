"""`api/command`: always 200 with output, errors and exit code; on Linux it runs in Kudu's own container."""

from __future__ import annotations

import os
import signal
import subprocess

from werkzeug.wrappers import Response

from escalate.lab.kudu.answers import as_json, refused
from escalate.lab.kudu.cmd_result import Result
from escalate.lab.kudu.cmd_shell import CmdShell
from escalate.lab.kudu.container import kudu_container
from escalate.lab.kudu.visit import Route, Visit

IDLE_S = 60
"""Kudu ends a command after so long without output and CPU."""


def command(visit: Visit) -> Response:
    """`{"command": "...", "dir": "..."}`."""
    body = visit.ask_json()
    if not isinstance(body, dict) or not isinstance(body.get("command"), str):
        return refused(400, "The request is invalid.")
    line, directory = body["command"], str(body.get("dir") or "")
    result = CmdShell(visit, directory).run(line) if visit.windows else _in_kudu(visit, line, directory)
    return as_json({"Output": result.output, "Error": result.error, "ExitCode": result.code})


def _in_kudu(visit: Visit, line: str, directory: str) -> Result:
    """Really run, with /home mapped; without the processes of the app, whose container is another one."""
    container = kudu_container(visit)
    start = container.folder_of(directory or "/home")
    process = subprocess.Popen(
        container.argv("/bin/sh", ["-c", line]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=start,
        env=container.environment,
        start_new_session=True,
    )
    try:
        output, error = process.communicate(timeout=IDLE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        text = (
            f"Command '{line}' was aborted due to no output nor CPU activity for {IDLE_S + 1} seconds. You can increase"
            " the SCM_COMMAND_IDLE_TIMEOUT app setting (or WEBJOBS_IDLE_TIMEOUT if this is a WebJob) if needed."
        )
        return Result(output.decode("utf-8", "replace"), text, 1)
    return Result(output.decode("utf-8", "replace"), error.decode("utf-8", "replace"), process.returncode)


ROUTES = (Route("/api/command", ("POST",), command),)
