"""`escalate demo`: the whole flow on really sick processes."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from escalate.case.store import Case
from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.collect.plan import Wishes
from escalate.errors import ConfigError, ExitCode
from escalate.lab.processes import SickProcess, java_available, sick_java, sick_python
from escalate.model.incident import Incident, TargetFacts
from escalate.model.observer import Observer
from escalate.model.plan import Budget
from escalate.model.target import LocalTarget
from escalate.workflow import build, open_case

MAX_SECONDS = 180
MAX_BYTES = 200_000_000

_PYTHON = Incident(
    title="Orders hang and memory climbs",
    symptom="Requests to /orders never return; memory of the service grows by 4 MB a second.",
    impact="The demo shop: every order since the start.",
    target=TargetFacts(os="linux", runtime="Python, http.server"),
)
_JAVA = Incident(
    title="Checkout hangs",
    symptom="All requests hang since stock-sync and order-export ran together.",
    impact="The demo shop: every checkout.",
    target=TargetFacts(os="linux", runtime="Java, built from source"),
)


@click.command("demo")
@click.option(
    "--case",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    help="Put the demo's cases below this new folder. Default: in your data directory.",
)
@options.output_format
@click.pass_obj
def command(session: Session, folder: Path | None, output: str) -> int:
    """Start really sick processes, run the whole flow on them, show what came out.

    A Python service that leaks memory and blocks its threads, and, where a JDK is installed, a Java program with a
    deadlock. Filing is not part of this version: it stops at the draft.
    """
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty", hint="the demo starts afresh: name a new folder")
    root = folder or casework.cases_folder()
    observer = terminal_observer()
    results: list[dict[str, Any]] = []
    texts: list[str] = []
    with ExitStack() as stack:
        scratch = Path(tempfile.mkdtemp(prefix="escalate-demo-"))
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        sick = [(stack.enter_context(sick_python(scratch)), _PYTHON)]
        if java_available():
            sick.append((stack.enter_context(sick_java()), _JAVA))
        else:
            texts.append("No JDK (java, javac, jcmd) here: the Java half of the demo is left out.\n")
        for process, incident in sick:
            case = _case_for(session, root, process, incident, separate=folder is not None)
            data, text = _run(case, process, observer)
            results.append(data)
            texts.append(text)
    texts.append("Filing is not part of this version: the demo stops at the draft.")
    emit(output, {"schema": "escalate.demo/v1", "cases": results, "filed": False}, "\n".join(texts))
    return ExitCode.DONE


def _case_for(session: Session, root: Path, process: SickProcess, incident: Incident, *, separate: bool) -> Case:
    target = LocalTarget(pid=process.pid, logs=tuple(str(log) for log in process.logs))
    folder = root / process.name.replace(" ", "-") if separate else None
    case, _ = open_case(folder, root, target, incident)
    session.case_folder = case.root
    return case


def _run(case: Case, process: SickProcess, observer: Observer) -> tuple[dict[str, Any], str]:
    observer.note(f"a sick {process.name} runs as process {process.pid}")
    nothing: frozenset[str] = frozenset()
    budget = Budget(max_bytes=MAX_BYTES, max_seconds=MAX_SECONDS)
    build(case, Wishes(include=nothing, only=nothing, skip=nothing, budget=budget, agree=None), observer)
    data, text, _ = casework.result_of(case)
    return data, f"== a sick {process.name} (process {process.pid}) ==\n{text}\n"
