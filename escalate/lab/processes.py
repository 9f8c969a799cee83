"""Starts the sick processes and ends them whatever happens."""

from __future__ import annotations

import contextlib
import http.client
import os
import selectors
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import IO, TYPE_CHECKING

from escalate.errors import TargetError
from escalate.lab.app_environment import app_environment
from escalate.lab.sick_service import INVENTED_CONNECTION_STRING

if TYPE_CHECKING:
    from escalate.lab.state import LabState

START_TIMEOUT_S = 60
BLOCKED_REQUESTS = 6

_HERE = Path(__file__).resolve().parent
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROGRAMS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "java": ("java", ("-Xmx128m", str(_HERE / "SickHeap.java"))),
        "python": (sys.executable, (str(_HERE / "sick_service.py"), "--with-parent")),
        "node": ("node", (str(_HERE / "sick_node.js"),)),
    }
)
"""By the `real` of a world: program and arguments."""


@dataclass(frozen=True)
class SickProcess:
    """A running process of the lab."""

    name: str
    pid: int
    logs: tuple[Path, ...]


def java_available() -> bool:
    """Whether a JDK is here: `java` to run a source file and `jcmd` to look inside."""
    return shutil.which("java") is not None and shutil.which("jcmd") is not None and shutil.which("javac") is not None


@contextlib.contextmanager
def sick_python(folder: Path) -> Iterator[SickProcess]:
    """A Python service that leaks memory; six requests hang behind one lock."""
    log = folder / "orders-service.log"
    environment = {**os.environ, "SQLAZURECONNSTR_ORDERS": INVENTED_CONNECTION_STRING}
    with _running([sys.executable, str(_HERE / "sick_service.py"), "--log", str(log)], environment) as (process, port):
        for _ in range(BLOCKED_REQUESTS):
            threading.Thread(target=_ask, args=(port,), daemon=True).start()
        time.sleep(1)  # the requests need a moment to reach the lock
        yield SickProcess("python service", process.pid, (log,))


@contextlib.contextmanager
def sick_java() -> Iterator[SickProcess]:
    """A Java program with a deadlock and four request threads behind it."""
    with _running(["java", "-Xmx128m", str(_HERE / "SickShop.java")], dict(os.environ)) as (process, _):
        time.sleep(1)
        yield SickProcess("java shop", process.pid, ())


def start_real(state: LabState, stack: ExitStack) -> None:
    """Start the program that stands for the app of a world with `real`, on its sick worker; it ends with the stack.

    It has the environment that App Service would give it, and what it prints goes into the worker's container log.

    Raises:
        TargetError: the program is not on this machine, or did not start.
    """
    world = state.world
    if world.real is None:
        return
    name, arguments = _PROGRAMS[world.real]
    program = shutil.which(name)
    if program is None or (world.real == "java" and not java_available()):
        wanted = "a JDK (java, javac, jcmd)" if world.real == "java" else name
        raise TargetError(f"the world {world.name} needs {wanted}", hint=f"install {wanted}, or choose another world")
    worker = world.workers[world.sick]
    environment = {**app_environment(state, world.app, worker), "HOME": "/home", "LANG": "C.UTF-8", "PATH": _PATH}
    process, port = stack.enter_context(_running([program, *arguments], environment, holding=True))
    log = _Log(state.home(world.app) / "LogFiles", worker.machine)
    if process.stdout is not None:
        pump = threading.Thread(target=log.take, args=(process.stdout,), daemon=True)
        pump.start()
    if world.real == "python":
        for _ in range(BLOCKED_REQUESTS):
            threading.Thread(target=_ask, args=(port,), daemon=True).start()
    state.processes[worker.machine] = SickProcess(f"{world.real} app", process.pid, (log.path,))


class _Log:
    """A worker's container log: every line of the app with the time at which it came."""

    def __init__(self, folder: Path, machine: str) -> None:
        self._folder = folder
        self._machine = machine

    @property
    def path(self) -> Path:
        """Of today."""
        return self._folder / f"{datetime.now(UTC):%Y_%m_%d}_{self._machine}_default_docker.log"

    def take(self, output: IO[str]) -> None:
        """Until the app has ended, or its output was closed."""
        with contextlib.suppress(ValueError, FileNotFoundError):  # closed, or the lab's disk is gone: the lab ends
            for line in output:
                second, nanos = divmod(time.time_ns(), 1_000_000_000)
                stamp = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09}Z"
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(f"{stamp} {line.rstrip()}\n")


def _ask(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    with contextlib.suppress(OSError, http.client.HTTPException):  # it is meant to hang until the process is ended
        connection.request("GET", "/orders/1042")
        connection.getresponse()


@contextlib.contextmanager
def _running(
    command: Sequence[str], environment: dict[str, str], *, holding: bool = False
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`holding`: its input is a pipe of ours, so that it ends also when we are killed; errors go to its output."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE if holding else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if holding else subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    try:
        yield process, _wait_ready(process, command[0])
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _wait_ready(process: subprocess.Popen[str], name: str) -> int:
    """The port the process announces (0: it has none)."""
    if process.stdout is None:
        raise TargetError(f"{name} has no output to wait for", hint="this is a defect of the lab")
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if selector.select(START_TIMEOUT_S):
            words = process.stdout.readline().split()
            if len(words) == 2 and words[0] == "ready":
                return int(words[1])
    raise TargetError(f"the sick process ({name}) did not start", hint="run it by hand to see why")
