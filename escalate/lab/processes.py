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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from escalate.errors import TargetError
from escalate.lab.sick_service import INVENTED_CONNECTION_STRING

START_TIMEOUT_S = 60
BLOCKED_REQUESTS = 6

_HERE = Path(__file__).resolve().parent


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


def _ask(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    with contextlib.suppress(OSError, http.client.HTTPException):  # it is meant to hang until the process is ended
        connection.request("GET", "/orders/1042")
        connection.getresponse()


@contextlib.contextmanager
def _running(command: Sequence[str], environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    try:
        yield process, _wait_ready(process, command[0])
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


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
