"""Network captures of Linux sites: created here, taken by a command in the app's container, looked at here."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

from werkzeug.wrappers import Response

from escalate.lab.kudu.answers import as_json, empty, refused
from escalate.lab.kudu.bodies import Opened, download
from escalate.lab.kudu.memory import Capture
from escalate.lab.kudu.visit import Route, Visit
from escalate.lab.state import now

SHORTEST_S, DEFAULT_S, LONGEST_S = 1, 60, 300
KEPT = 5
MOST_BYTES = 100 * 1024 * 1024
PCAP_HEADER_BYTES = 24
_LOOKED_FOR = timedelta(seconds=1)
"""How long the analysis seems to take."""
_TIERS_WITHOUT = frozenset({"Free", "Shared", "Dynamic"})


def create(visit: Visit) -> Response:
    """`{"durationSeconds": n}`; one at a time, the newest five are kept."""
    if not _offered(visit):
        return empty(404)
    body = visit.ask_json()
    fields = {str(name).casefold(): value for name, value in body.items()} if isinstance(body, dict) else {}
    seconds = fields.get("durationseconds", DEFAULT_S)
    if not isinstance(seconds, int) or not SHORTEST_S <= seconds <= LONGEST_S:
        return refused(400, f"durationSeconds must be between {SHORTEST_S} and {LONGEST_S}.")
    captures = visit.memory.captures
    with visit.memory.lock:
        if any(each.status in ("created", "analyzing") and _is_young(each) for each in captures.values()):
            return refused(429, "Another network capture is in progress.")
        name = secrets.token_hex(8)
        folder = visit.disk.logs / "networkcapture"
        folder.mkdir(parents=True, exist_ok=True)
        captures[name] = Capture(name, visit.worker.machine, seconds, now(), folder / f"{name}.pcap")
        for old in list(captures)[:-KEPT]:
            captures.pop(old).file.unlink(missing_ok=True)
    file = f"/home/LogFiles/networkcapture/{name}.pcap"
    megabytes = MOST_BYTES // (1024 * 1024)
    command = f"timeout {seconds} tcpdump -Z root -i any -s 0 -nn -U -C {megabytes} -W 1 -w {file}"
    return as_json({"id": name, "captureCommand": command}, 201)


def analyze(visit: Visit, name: str) -> Response:
    """Begin to look at what the command wrote."""
    capture = visit.memory.captures.get(name) if _offered(visit) else None
    if capture is None:
        return empty(404)
    capture.status, capture.started = "analyzing", now()
    return as_json({"id": name, "status": "analyzing"}, 202)


def status(visit: Visit, name: str) -> Response:
    """created, analyzing, ready, nopackets or failed."""
    capture = visit.memory.captures.get(name) if _offered(visit) else None
    if capture is None:
        return empty(404)
    file = _written(capture)
    if capture.status == "analyzing" and now() - capture.started >= _LOOKED_FOR:
        size = file.stat().st_size if file else -1
        capture.status = "failed" if size < 0 else "nopackets" if size <= PCAP_HEADER_BYTES else "ready"
    answer: dict[str, object] = {"id": name, "status": capture.status, "instance": capture.machine}
    if capture.status == "ready" and file is not None:
        answer["truncated"] = file.stat().st_size >= MOST_BYTES
        answer["downloadUrl"] = f"{visit.base}/api/networkcapture/captures/{name}/download"
        answer["reportUrl"] = f"{visit.base}/api/networkcapture/captures/{name}/report"
    return as_json(answer)


def fetch(visit: Visit, name: str) -> Response:
    """The file."""
    capture = visit.memory.captures.get(name) if _offered(visit) else None
    file = _written(capture) if capture and capture.status == "ready" else None
    if file is None:
        return empty(404)
    opened = Opened(file)
    response = Response(opened, mimetype="application/vnd.tcpdump.pcap")
    response.content_length = opened.size
    response.headers["Content-Disposition"] = f"attachment; filename={name}.pcap"
    return download(visit, response)


def report(visit: Visit, name: str) -> Response:
    """What the analysis has to say: how big it is."""
    capture = visit.memory.captures.get(name) if _offered(visit) else None
    file = _written(capture) if capture and capture.status == "ready" else None
    if file is None:
        return empty(404)
    return as_json({"id": name, "bytes": file.stat().st_size, "durationSeconds": capture.seconds if capture else 0})


def _written(capture: Capture) -> Path | None:
    """Tcpdump with `-C` and `-W` puts a number behind the name."""
    for file in (capture.file, capture.file.with_name(f"{capture.file.name}0")):
        if file.is_file():
            return file
    return None


def _is_young(capture: Capture) -> bool:
    return now() - capture.started < timedelta(seconds=capture.seconds + 60)


def _offered(visit: Visit) -> bool:
    return not visit.windows and visit.state.world.tier not in _TIERS_WITHOUT


_ONE = "/api/networkcapture/captures/<name>"
ROUTES = (
    Route("/api/networkcapture/captures", ("POST",), create, recent=True),
    Route(f"{_ONE}/analyze", ("POST",), analyze, recent=True),
    Route(_ONE, ("GET",), status, recent=True),
    Route(f"{_ONE}/download", ("GET",), fetch, recent=True),
    Route(f"{_ONE}/report", ("GET",), report, recent=True),
)
