"""Logs of Linux containers: what the platform writes (`_docker.log`) and the app (`_default_docker.log`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from escalate.lab.world import LabApp, LabWorker
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.noise import Noise, password
from escalate.lab.worlds.parts.traffic import Request

Entry = tuple[datetime, str]
"""When, and the line without its time; further lines of the text follow without a time, as in true logs."""

_NOT_LOGGED = (
    "Logging is not enabled for this container.\n"
    "Please use https://aka.ms/linux-diagnostics to enable logging to see container logs here."
)
"""Written at every start, whether true or not."""


def write_platform_log(home: Path, machine: str, entries: Iterable[Entry]) -> None:
    """`LogFiles/YYYY_MM_DD_<machine>_docker.log`, one file a day; texts begin with `INFO  - ` and the like."""
    _write_daily(home, f"{machine}_docker.log", stamps.millis, entries)


def write_app_log(home: Path, machine: str, entries: Iterable[Entry], part: str = "default") -> None:
    """`LogFiles/YYYY_MM_DD_<machine>_default_docker.log`, one file a day; every line has its receive time."""
    lines = ((at, line) for at, text in entries for line in text.split("\n"))
    _write_daily(home, f"{machine}_{part}_docker.log", stamps.nanos, lines)


def _write_daily(home: Path, name: str, stamp: Callable[[datetime], str], entries: Iterable[Entry]) -> None:
    days: dict[str, list[str]] = defaultdict(list)
    for at, text in sorted(entries, key=lambda entry: entry[0]):
        days[f"{at:%Y_%m_%d}"].append(f"{stamp(at)} {text}\n")
    folder = home / "LogFiles"
    folder.mkdir(parents=True, exist_ok=True)
    for day, lines in days.items():
        (folder / f"{day}_{name}").write_text("".join(lines), encoding="utf-8", newline="\n")


def start_of_container(app: LabApp, at: datetime, run: int, *, seconds: float = 24, port: int = 8080) -> list[Entry]:
    """What the platform writes when a container starts and answers in time."""
    name = container_name(app, run)
    return [
        *begin_of_container(app, at, run, port),
        (
            at + timedelta(seconds=seconds),
            f"INFO  - Container {name} for site {app.name} initialized successfully and is ready to serve requests.",
        ),
    ]


def begin_of_container(app: LabApp, at: datetime, run: int, port: int = 8080) -> list[Entry]:
    """What the platform writes up to the first ping of a container that starts."""
    name = container_name(app, run)
    return [
        (at, "INFO  - Starting container for site"),
        (at + timedelta(milliseconds=2), f"INFO  - {_docker_run(app, name, port)}"),
        (at + timedelta(milliseconds=4), f"INFO  - {_NOT_LOGGED}"),
        (at + timedelta(seconds=4.1), f"INFO  - Initiating warmup request to container {name} for site {app.name}"),
    ]


def container_name(app: LabApp, run: int) -> str:
    """As in `shop_3_1b8de193`."""
    return f"{app.name}_{run}_{abs(hash_of(app.name, run)):08x}"


def hash_of(*parts: object) -> int:
    """A small number out of names, the same in every run."""
    value = 2_166_136_261
    for byte in "/".join(map(str, parts)).encode():
        value = ((value ^ byte) * 16_777_619) % 2**32
    return value


def _docker_run(app: LabApp, name: str, port: int) -> str:
    """Older stamps print the command with the values of settings; this is why the whole line is secret."""
    image = app.runtime.partition("|")[2] or app.runtime
    values = {"WEBSITE_SITE_NAME": app.name, "WEBSITES_PORT": str(port), "DB_PASSWORD": password(app.name)}
    return (
        f"docker run -d --expose={port} --name {name} "
        + " ".join(f"-e {key}={value}" for key, value in values.items())
        + f" -e APPSETTING_WEBSITE_SITE_NAME={app.name} appsvc/{image} "
    )


def ordinary_platform_lines(noise: Noise, app: LabApp, since: datetime, until: datetime) -> Iterator[Entry]:
    """What healthy days leave behind in the platform's log: little, and some of it looks bad."""
    at = since + timedelta(minutes=noise.between(3, 20))
    while at < until:
        yield (
            at,
            noise.one_of(
                (
                    "WARN  - Container get mounts received unexpected exception.",
                    f"INFO  - Recycling of site extension for {app.name} is not needed.",
                    "INFO  - Site's appservice_prefetch setting is off, no image is pulled ahead.",
                    f"INFO  - Status of site {app.name} is reported to the controller.",
                )
            ),
        )
        at += timedelta(minutes=noise.between(20, 90))


def access_lines(requests: Iterable[Request]) -> Iterator[Entry]:
    """Access log of gunicorn, Apache and their like."""
    for request in requests:
        yield (
            request.at,
            (
                f"{request.ip} - - [{request.at:%d/%b/%Y:%H:%M:%S +0000}] "
                f'"{request.method} {request.path} HTTP/1.1" {request.status} {request.bytes_out} "-" '
                f'"{request.agent.replace("+", " ")}"'
            ),
        )


def banner(worker: LabWorker, title: str, at: datetime) -> list[Entry]:
    """What built-in images print first; it joins the names of a worker."""
    lines = (
        "   _____                               ",
        "  /  _  \\ __________ _________   ____  ",
        " /  /_\\  \\\\___   /  |  \\_  __ \\_/ __ \\ ",
        f"A P P   S E R V I C E   O N   L I N U X   ({title})",
        "",
        f"Instance Name    : {worker.machine}",
        f"Instance Id      : {worker.arm_id}",
    )
    return [(at + timedelta(milliseconds=number), line) for number, line in enumerate(lines)]
