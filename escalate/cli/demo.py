"""`escalate demo`: the whole flow against the lab, over HTTP, with the code that talks to Azure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from escalate.case.store import new_case_id
from escalate.cli import casework, demo_filing, options
from escalate.cli.output import emit
from escalate.cli.session import Session
from escalate.errors import CaseError, ConfigError, ExitCode, TargetError
from escalate.lab.incident_file import as_toml
from escalate.lab.processes import java_available
from escalate.lab.server import Lab, running
from escalate.lab.world import World
from escalate.lab.worlds import WORLDS

JAVA, PYTHON = "java-heap-leak", "python-hang"
CONSENTS = "histogram"
"""What is agreed to at first, as a careful owner would; what support asks for comes later."""
NO_JDK = "No JDK (java, javac, jcmd) here: the demo shows a Python app, without thread and heap dumps of a JVM."


@click.command("demo")
@click.option(
    "--case",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    help="Put the demo's case into this new folder. Default: in your data directory.",
)
@options.output_format
@click.pass_obj
def command(session: Session, folder: Path | None, output: str) -> int:
    """Start a loopback Azure with a sick app in it, run the whole flow on it, show what came out.

    The app is a really running Java program with a memory leak and a deadlock; where no JDK is installed, a Python
    service. Everything runs as it would against Azure: only the endpoint and the sign-in differ. At the end the ticket
    is filed with its kit, the engineer's question is answered, and what is new is attached.
    """
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty", hint="the demo starts afresh: name a new folder")
    world = WORLDS[JAVA if java_available() else PYTHON]
    with running(world) as lab, tempfile.TemporaryDirectory(prefix="escalate-demo-") as scratch:
        case = folder or casework.cases_folder() / new_case_id(lab.state.started)
        session.case_folder = case
        result = _build(lab, world, Path(scratch), case)
        shell = demo_filing.Shell(lab.environment)
        filed = demo_filing.file(shell, case)
        demo_filing.ask(lab)
        later = demo_filing.answer(shell, case)
    head = [] if world.name == JAVA else [NO_JDK, ""]
    text = "\n".join([*head, f"== {world.title} (world {world.name} of the lab) ==", str(result["text"])])
    text += "\n" + demo_filing.summary(filed, later)
    data = {name: value for name, value in result.items() if name != "text"} | {"ticket_filed": filed, **later}
    emit(output, {"schema": "escalate.demo/v1", "world": world.name, "cases": [data], "filed": True}, text)
    return ExitCode.DONE


def _build(lab: Lab, world: World, scratch: Path, case: Path) -> dict[str, Any]:
    """`escalate build` in a process of its own, with the environment that `escalate lab up` tells people to export."""
    incident = scratch / "incident.toml"
    incident.write_text(as_toml(world.incident(lab.state.started)), encoding="utf-8")
    words = [sys.executable, "-m", "escalate", "build", lab.resource_id, "--auth", "managed-identity"]
    words += ["--incident", str(incident), "--case", str(case), "--include", CONSENTS, "--no-input", "--format", "json"]
    done = subprocess.run(
        words, env={**os.environ, **lab.environment}, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode not in (ExitCode.DONE, ExitCode.EVIDENCE_MISSING):
        raise TargetError(
            f"the build against the lab ended with exit code {done.returncode}",
            hint=f"what happened stands above; the case is {case}",
        )
    result: dict[str, Any] = json.loads(done.stdout)
    if not result.get("bundles"):
        raise CaseError(f"{case} has no bundle", hint="this is a defect of the demo: report it")
    return {**result, "text": _summary(result)}


def _summary(result: dict[str, Any]) -> str:
    verdict = result["verdict"]
    bundles = "\n".join(f"{each['tier']:<8} {each['path']}  ({each['size']:,} bytes)" for each in result["bundles"])
    return "\n".join(
        [
            f"case     {result['case']}",
            f"report   {result['report']}",
            f"ticket   {result['ticket']}",
            bundles,
            f"verdict  {verdict['answerable_by']} ({verdict['confidence']} confidence): {verdict['why']}",
            f"missing  {len(result['missing'])} of what was tried",
        ]
    )
