"""Logs that have an address of their own: containers, application traces, the log stream."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from werkzeug.wrappers import Response

from escalate.lab.kudu.answers import as_json, empty, refused
from escalate.lab.kudu.archives import zip_answer
from escalate.lab.kudu.files import locked_file
from escalate.lab.kudu.visit import Route, Visit
from escalate.lab.state import now

_LINUX = re.compile(r"^(?P<date>\d{4}_\d{2}_\d{2})_(?P<source>.+)_docker(\.\d+)?\.log$")
_WINDOWS = re.compile(r"^(?P<date>\d{4}_\d{2}_\d{2})_(?P<source>.+)_(docker|app|platform|console)\.log$")
_TRACE = re.compile(
    r"^(?P<at>\d{4}-\d\d-\d\dT[\d:]+)\s+PID\[(?P<pid>\d+)\]\s+(?P<level>Warning|Information|Error)\s+(?P<text>.*)$"
)
DAYS = 7
STREAM_LINES = 10
MOST_RECENT = 1000


def containers(visit: Visit) -> Response:
    """Linux: the newest file of each source, within a week of the newest. Windows: those of the newest day."""
    return as_json([_entry(visit, path, source) for path, source in _current(visit)])


def containers_zip(visit: Visit) -> Response:
    """The same files."""
    return zip_answer(visit, [(path.name, path) for path, _ in _current(visit)], "dockerlogs.zip")


def recent(visit: Visit) -> Response:
    """The newest application traces; a `top` out of range is a bug of Kudu's that it does not catch."""
    top = visit.request.args.get("top", "100")
    if not top.isdigit() or not 1 <= int(top) <= MOST_RECENT:
        return refused(
            500,
            "An error has occurred.",
            ExceptionMessage=f"Specified argument was out of the range of valid values. Parameter name: top ({top})",
            ExceptionType="System.ArgumentOutOfRangeException",
        )
    found = [
        {"timestamp": match["at"], "level": match["level"], "pid": int(match["pid"]), "message": match["text"]}
        for path in sorted((visit.disk.logs / "Application").glob("*-*.txt"))
        for match in map(_TRACE.match, path.read_text("utf-8", "replace").splitlines())
        if match is not None
    ]
    found.sort(key=lambda each: str(each["timestamp"]), reverse=True)
    return as_json(found[: int(top)])


def stream(visit: Visit, path: str = "") -> Response:
    """Welcome, the end of the newest log, and good-bye: the lab does not keep it open for two hours.

    As in Kudu, the root and `Application` switch application logging on.
    """
    if visit.windows and path.strip("/").casefold() in ("", "application"):
        settings = visit.disk.home / "site" / "diagnostics" / "settings.json"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(json.dumps({"AzureDriveEnabled": True, "AzureDriveTraceLevel": "Error"}))
    folder = visit.disk.of_vfs(f"LogFiles/{path}")
    if folder is None or not folder.exists():
        return empty(404)
    return Response(_stream(folder), mimetype="text/plain")


def _stream(folder: Path) -> Iterator[bytes]:
    stamp = now().strftime("%Y-%m-%dT%H:%M:%S")
    yield f"{stamp}  Welcome, you are now connected to log-streaming service.\r\n".encode()
    files = [folder] if folder.is_file() else [each for each in folder.rglob("*") if each.suffix in (".log", ".txt")]
    newest = max(files, key=lambda each: each.stat().st_mtime_ns, default=None)
    if newest is not None:
        for line in newest.read_bytes().splitlines()[-STREAM_LINES:]:
            yield line + b"\r\n"
    yield f"{stamp}  Stream terminated due to timeout 120 min(s).\r\n".encode()


def _current(visit: Visit) -> list[tuple[Path, str]]:
    form = _WINDOWS if visit.windows else _LINUX
    locked = locked_file(visit)
    newest: dict[str, tuple[date, Path]] = {}
    every: list[tuple[date, Path, str]] = []
    for path in visit.disk.logs.iterdir():
        match = form.match(path.name)
        if match is None or not path.is_file() or path == locked:
            continue
        day = datetime.strptime(match["date"], "%Y_%m_%d").replace(tzinfo=UTC).date()
        every.append((day, path, match["source"]))
        known = newest.get(match["source"])
        if known is None or (day, path.stat().st_mtime_ns) > (known[0], known[1].stat().st_mtime_ns):
            newest[match["source"]] = (day, path)
    if not every:
        return []
    last = max(day for day, _, _ in every)
    if visit.windows:
        return sorted((path, source) for day, path, source in every if day == last)
    return sorted((path, source) for source, (day, path) in newest.items() if last - day <= timedelta(days=DAYS))


def _entry(visit: Visit, path: Path, source: str) -> dict[str, object]:
    facts = path.stat()
    return {
        "machineName": source,
        "lastUpdated": datetime.fromtimestamp(facts.st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "size": facts.st_size,
        "href": f"{visit.base}/api/vfs/LogFiles/{quote(path.name)}",
        "path": visit.disk.shown(path),
    }


ROUTES = (
    Route("/api/logs/docker", ("GET",), containers),
    Route("/api/logs/docker/zip", ("GET",), containers_zip),
    Route("/api/logs/container", ("GET",), containers, recent=True),
    Route("/api/logs/container/zip", ("GET",), containers_zip, recent=True),
    Route("/api/logs/recent", ("GET",), recent),
    Route("/api/logstream", ("GET",), stream),
    Route("/api/logstream/<path:path>", ("GET",), stream),
    Route("/logstream", ("GET",), stream),
)
