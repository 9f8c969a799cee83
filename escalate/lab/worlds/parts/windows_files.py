"""What else lies below HOME on a Windows plan: the virtual event log, application logs, traces of Kudu, deployments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from escalate.lab.world import LabApp, LabWorker
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.noise import Noise, hex_id
from escalate.lab.worlds.parts.traffic import Request

AppLine = tuple[datetime, str, str]
"""When, level and text of a line of the app's own log."""


@dataclass(frozen=True)
class Event:
    """One entry of the virtual event log; providers disagree on what `level` means."""

    at: datetime
    provider: str
    event_id: int
    level: int
    computer: str
    data: tuple[str, ...]


def write_event_log(home: Path, events: Iterable[Event], *, cut: bool = False) -> None:
    """`LogFiles/eventlog.xml`, oldest first; `cut`: read while it was written, without its end."""
    entries = "".join(_entry(number, event) for number, event in enumerate(sorted(events, key=lambda one: one.at)))
    text = f"<Events>{entries}</Events>"
    place = home / "LogFiles" / "eventlog.xml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text[: -len("</Security></System></Events>")] if cut else text, encoding="utf-8")


def _entry(number: int, event: Event) -> str:
    data = "".join(f"<Data>{escape(text)}</Data>" for text in event.data)
    return (
        f'<Event><System><Provider Name="{event.provider}"/><EventID>{event.event_id}</EventID>'
        f"<Level>{event.level}</Level><Task>0</Task><Keywords>Keywords</Keywords>"
        f'<TimeCreated SystemTime="{stamps.seconds(event.at)}"/>'
        f"<EventRecordID>{35_185_953 + number * 7}</EventRecordID>"
        f"<Channel>Application</Channel><Computer>{event.computer}</Computer><Security/></System>"
        f"<EventData>{data}</EventData></Event>\n"
    )


def ordinary_events(noise: Noise, app: LabApp, workers: Iterable[LabWorker], until: datetime) -> list[Event]:
    """Days of entries that mean nothing."""
    found = []
    for worker in workers:
        at = until - timedelta(days=3)
        while at < until:
            provider, event_id, level, text = noise.one_of(_ordinary(noise, app))
            found.append(Event(at, provider, event_id, level, worker.computer, (text,)))
            at += timedelta(minutes=noise.between(30, 160))
    return found


def _ordinary(noise: Noise, app: LabApp) -> tuple[tuple[str, int, int, str], ...]:
    """Provider, event id, level and text of what happens every day."""
    started = (
        f"Application 'MACHINE/WEBROOT/APPHOST/{app.name.upper()}' started process '{noise.whole(2000, 12000)}' "
        f"successfully and is listening on port '{noise.whole(10000, 40000)}'."
    )
    keys = (
        "Category: Microsoft.AspNetCore.DataProtection.Repositories.FileSystemXmlRepository\nEventId: 60\n"
        "Storing keys in a directory that may not be persisted outside of the container."
    )
    scanned = (
        "Event code: 3005 Event message: An unhandled exception has occurred. Exception type: HttpException "
        "Exception message: A public action method 'wp-login' was not found. Request path: /wp-login.php "
        f"User host address: {noise.address()}"
    )
    return (
        ("IIS AspNetCore Module V2", 1032, 4, started),
        (".NET Runtime", 1000, 0, keys),
        ("Microsoft-Windows-HttpService", 15301, 3, "SSL Certificate Settings created for endpoint"),
        ("ASP.NET 4.0.30319.0", 1309, 3, scanned),
    )


def request_lines(requests: Iterable[Request], worker: LabWorker) -> list[AppLine]:
    """What ASP.NET Core logs of its own requests."""
    return [
        (one.at, "Information", f"{one.method} {one.path} responded {one.status} in {one.ms} ms")
        for one in requests
        if one.worker is worker
    ]


def write_application_log(home: Path, worker: LabWorker, pid: int, lines: Iterable[AppLine]) -> None:
    """`LogFiles/Application/<inst>-<pid>-<ticks>.txt`, one a day."""
    days: dict[str, list[str]] = defaultdict(list)
    for at, level, text in lines:
        days[f"{at:%Y%m%d}"].append(f"{at:%Y-%m-%dT%H:%M:%S}  PID[{pid}] {level:<11} {text}\n")
    folder = home / "LogFiles" / "Application"
    folder.mkdir(parents=True, exist_ok=True)
    for day, rows in days.items():
        ticks = 638_000_000_000_000_000 + int(day) * 10_000
        (folder / f"{worker.arm_id[:6]}-{pid}-{ticks}.txt").write_text("".join(rows), encoding="utf-8", newline="\r\n")


def write_kudu_traces(home: Path, noise: Noise, worker: LabWorker, until: datetime, *, count: int = 40) -> None:
    """`LogFiles/kudu/trace/*.xml`, what Kudu notes of its own requests; the newest is still being written."""
    folder = home / "LogFiles" / "kudu" / "trace"
    folder.mkdir(parents=True, exist_ok=True)
    inst = worker.arm_id[:6]
    for number in range(count):
        at = until - timedelta(minutes=7 * (count - number) + noise.between(0, 5))
        verb, address, status = noise.one_of(
            (
                ("GET", "api-deployments", 200),
                ("GET", "api-vfs-LogFiles", 200),
                ("POST", "api-command", 200),
                ("GET", "api-settings", 200),
                ("GET", "api-zip-site", 404),
            )
        )
        name = f"{at:%Y-%m-%dT%H-%M-%S}_{inst}_{number:03d}_{verb}_{address}_{status}"
        date = f"{at:%Y-%m-%dT%H:%M:%S.%f}"
        pending = "_pending" if number == count - 1 else ""
        (folder / f"{name}{pending}.xml").write_text(
            f'<step title="Incoming Request" date="{date}" instance="{inst}" '
            f'url="/{address.replace("-", "/", 1)}" method="{verb}" type="request" pid="4512,1,{number}" '
            f'Host="shop.scm.azurewebsites.net" X-ARR-LOG-ID="{noise.guid()}" >\n'
            f'  <step title="Authentication" date="{date}" user="robin.example@contoso.example" />'
            "<!-- duration: 2ms -->\n"
            f'  <step title="Outgoing response" date="{date}" type="response" statusCode="{status}" />'
            "<!-- duration: 0ms -->\n</step><!-- duration: 31ms -->\n",
            encoding="utf-8",
        )


def write_deployment(home: Path, noise: Noise, at: datetime, message: str, *, who: str = "Robin Example") -> str:
    """`site/deployments/<id>/{status.xml,log.log,manifest}` and `site/deployments/active`; gives the id."""
    name = noise.digits(40)
    folder = home / "site" / "deployments" / name
    folder.mkdir(parents=True, exist_ok=True)
    done = at + timedelta(seconds=48)
    (folder / "status.xml").write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<deployment>\n  <id>{name}</id>\n  <author>{who}</author>\n'
        "  <deployer>GitHub</deployer>\n  <authorEmail>robin.example@contoso.example</authorEmail>\n"
        f"  <message>{escape(message)}</message>\n  <progress></progress>\n"
        "  <status>Success</status>\n  <statusText></statusText>\n"
        f"  <lastSuccessEndTime>{stamps.ticks(done)}</lastSuccessEndTime>\n"
        f"  <receivedTime>{stamps.ticks(at)}</receivedTime>\n"
        f"  <startTime>{stamps.ticks(at)}</startTime>\n  <endTime>{stamps.ticks(done)}</endTime>\n"
        "  <complete>True</complete>\n  <is_temp>False</is_temp>\n  <is_readonly>False</is_readonly>\n"
        "  <project_type></project_type>\n  <vsproject_id></vsproject_id>\n</deployment>\n",
        encoding="utf-8",
    )
    (folder / "log.log").write_text(
        f"{stamps.ticks(at)},Updating submodules.,{hex_id(name)[:36]},0\n"
        f"{stamps.ticks(at)},Preparing deployment for commit id '{name[:10]}'.,{hex_id(name, '2')[:36]},0\n"
        f"{stamps.ticks(done)},Deployment successful.,{hex_id(name, '3')[:36]},0\n",
        encoding="utf-8",
    )
    (folder / "manifest").write_text("web.config\nbin\\Shop.dll\nbin\\Shop.Data.dll\nwwwroot\\app.js\n")
    (folder.parent / "active").write_text(name)
    return name
