"""What takes a copy of a Windows process: Kudu's dumps and profiles."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from werkzeug.wrappers import Response

from escalate.lab.kudu.answers import empty, plain, refused
from escalate.lab.kudu.archives import zip_answer
from escalate.lab.kudu.bodies import Opened, download
from escalate.lab.kudu.minidump import write_minidump
from escalate.lab.kudu.samples import at_sample
from escalate.lab.kudu.visit import Visit
from escalate.lab.kudu.windows_processes import find
from escalate.lab.state import READERS, now
from escalate.lab.world import Json

STACKS_BYTES = 1024 * 1024
"""Of a dump without memory."""
BITNESS_BYTES = 12 * 1024
"""What a 32-bit Kudu writes of a 64-bit process."""
_FULL = 0x2


def dump(visit: Visit, pid: int) -> Response:
    """A dump through the one file that all workers share: `LogFiles/minidump/minidump.dmp`."""
    asked = visit.request.args
    form = asked.get("format", "raw").casefold()
    if form not in ("raw", "zip"):
        return refused(400, f"Requested value '{asked['format']}' was not found.")
    kind = asked.get("dumpType", "0")
    if not kind.isdigit():
        return refused(400, "The request is invalid.")
    if int(kind) == _FULL and visit.state.world.tier == "Free":
        return refused(500, "Site sku (Free) does not support full minidump.")
    found = find(visit, pid)
    if visit.through_arm and visit.state.role in READERS:
        return plain("You do not have permission to view this directory or page.", 403)
    if "_dump_error" in found:
        return refused(500, str(found["_dump_error"]))
    place = visit.disk.logs / "minidump" / "minidump.dmp"
    with visit.memory.lock:
        if visit.memory.dumping:
            shown = visit.disk.shown(place)
            return refused(
                500, f"The process cannot access the file '{shown}' because it is being used by another process."
            )
        visit.memory.dumping = True
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_minidump(place, found["id"], dump_bytes(visit, found, int(kind)), int(kind))
    except OSError as error:
        _done(visit, place)
        return refused(500, str(error.strerror))
    name = f"{found['name']}-{visit.worker.arm_id[:6]}-{now().strftime('%m-%d-%H-%M-%S')}"
    if form == "zip":
        return _with_end(zip_answer(visit, [("minidump.dmp", place)], f"{name}.zip"), lambda: _done(visit, place))
    file = Opened(place)
    response = Response(file, mimetype="application/octet-stream")
    response.content_length = file.size
    response.headers["Content-Disposition"] = f"attachment; filename={name}.dmp"
    return _with_end(download(visit, response), lambda: _done(visit, place))


def dump_bytes(visit: Visit, found: Json, kind: int) -> int:
    """How big a dump gets: with full memory as big as the private memory, unless the world says otherwise."""
    if visit.faults.on("dump-12kb"):
        return BITNESS_BYTES
    if not kind & _FULL:
        return STACKS_BYTES
    return int(found.get("_dump_bytes") or at_sample(found.get("private_memory", 0), 0) or STACKS_BYTES)


def start_profile(visit: Visit, pid: int) -> Response:
    """Begin to trace."""
    found = find(visit, pid)
    key = (visit.worker.machine, int(found["id"]))
    with visit.memory.lock:
        if key in visit.memory.profiles:
            return refused(409, f"A profile session is already running for process {key[1]}.")
        visit.memory.profiles.add(key)
    return empty(200)


def stop_profile(visit: Visit, pid: int) -> Response:
    """End the trace and send it."""
    found = find(visit, pid)
    key = (visit.worker.machine, int(found["id"]))
    with visit.memory.lock:
        if key not in visit.memory.profiles:
            return refused(404, f"There is no profile session running for process {key[1]}.")
        visit.memory.profiles.remove(key)
    response = Response(session_file(found), mimetype="application/octet-stream")
    name = f"profile_{visit.worker.arm_id[:6]}_{found['name']}_{key[1]}.diagsession"
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return download(visit, response)


def session_file(found: Json) -> bytes:
    """A `.diagsession`: a zip with a description; the trace inside is empty, the lab has no Windows to trace."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "metadata.xml",
            '<?xml version="1.0" encoding="utf-8"?><Package xmlns="urn:diagnosticshub-package-metadata-2-1">'
            f'<Content ProcessId="{found["id"]}" ProcessName="{found["name"]}"/></Package>',
        )
        archive.writestr("sc.user_aux.etl", b"")
    return sink.getvalue()


def _with_end(response: Response, end: Callable[[], None]) -> Response:
    response.call_on_close(end)
    return response


def _done(visit: Visit, place: Path) -> None:
    place.unlink(missing_ok=True)
    visit.memory.dumping = False
