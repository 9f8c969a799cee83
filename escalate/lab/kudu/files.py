"""The virtual file system of the SCM site: `api/vfs`, for HOME and, on Windows, the worker's own folders."""

from __future__ import annotations

import mimetypes
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import is_resource_modified
from werkzeug.wrappers import Response

from escalate.lab.kudu.answers import as_json, empty, refused
from escalate.lab.kudu.bodies import Opened, download
from escalate.lab.kudu.disk import Disk
from escalate.lab.kudu.visit import Route, Visit
from escalate.lab.world import Json

GROWTH = b"2026-11-23T16:05:00.000Z INFO  - a line that was written while the file was read\n"
OWN_FOLDERS = "esc"
"""Files that a collector left below such folders are not locked by the app."""
_LOGS = frozenset({".log", ".txt", ".xml"})
_TYPES = {".log": "text/plain", ".txt": "text/plain", ".xml": "text/xml", ".json": "application/json"}


def read(visit: Visit, path: str = "") -> Response:
    """A folder's entries, or a file, also in part."""
    disk = visit.disk
    place = disk.of_vfs(path)
    if place is None or not place.exists():
        return _not_found(visit, path)
    is_listing = visit.request.path.endswith("/")
    if place.is_dir() != is_listing:
        return _moved(visit, slash=place.is_dir())
    if place.is_dir():
        return as_json(list(_listing(visit, disk, place)))
    if place == locked_file(visit):
        return _not_found(visit, path)
    return _file(visit, place)


def write(visit: Visit, path: str = "") -> Response:
    """Make or replace a file, or make a folder."""
    place = visit.disk.of_vfs(path)
    if place is None:
        return _not_found(visit, path)
    if place.is_dir():
        return refused(409, "The resource represents a directory which can not be updated.")
    if visit.request.path.endswith("/"):
        place.mkdir(parents=True, exist_ok=True)
        return empty(201)
    existed = place.exists()
    if existed and (refusal := _precondition(visit, place)) is not None:
        return refusal
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            shutil.copyfileobj(visit.request.stream, file)
    except OSError as error:
        return refused(
            409, f"Could not write to local resource '{visit.disk.shown(place)}' due to error '{error.strerror}'."
        )
    answer = empty(204 if existed else 201)
    answer.set_etag(_etag(place))
    return answer


def remove(visit: Visit, path: str = "") -> Response:
    """Remove a file (`If-Match` is wanted) or an empty folder; with `recursive=true` a full one."""
    place = visit.disk.of_vfs(path)
    if place is None or not place.exists():
        return _not_found(visit, path)
    if place.is_dir():
        recursive = visit.request.args.get("recursive", "").casefold() == "true"
        try:
            shutil.rmtree(place) if recursive else place.rmdir()
        except OSError:
            return refused(409, "Cannot delete directory. It is either not empty or access is not allowed.")
        return empty(200)
    if visit.request.path.endswith("/"):
        return _moved(visit, slash=False)
    if (refusal := _precondition(visit, place)) is not None:
        return refusal
    place.unlink()
    return empty(200)


def locked_file(visit: Visit) -> Path | None:
    """With the fault `locked-file`: the newest log, which the app holds open for itself."""
    if not visit.faults.on("locked-file"):
        return None
    logs = visit.disk.logs
    found = [
        each
        for each in logs.rglob("*")
        if each.suffix in _LOGS and each.is_file() and not each.relative_to(logs).parts[0].startswith(OWN_FOLDERS)
    ]
    return max(found, key=lambda each: each.stat().st_mtime_ns, default=None)


def grow(visit: Visit, place: Path) -> None:
    """With the fault `growing-log`: the app writes a line while its log is read."""
    if visit.faults.on("growing-log") and place.suffix in _LOGS and visit.disk.logs in place.parents:
        with place.open("ab") as file:
            file.write(GROWTH)


def _file(visit: Visit, place: Path) -> Response:
    file = Opened(place)
    etag = _etag(place)
    grow(visit, place)
    response = Response(file, mimetype=_media_type(place))
    response.content_length = file.size
    response.set_etag(etag)
    response.last_modified = datetime.fromtimestamp(place.stat().st_mtime, UTC)
    environ = visit.request.environ
    if "HTTP_IF_NONE_MATCH" in environ and "HTTP_RANGE" not in environ and not is_resource_modified(environ, etag):
        response.close()
        return Response(status=304, headers={"ETag": f'"{etag}"'})
    try:
        response.make_conditional(environ, accept_ranges=True, complete_length=file.size)
    except RequestedRangeNotSatisfiable:
        response.close()
        refusal = refused(416, "The requested range does not overlap with the current extent of the selected resource.")
        refusal.headers["Content-Range"] = f"bytes */{file.size}"
        return refusal
    return download(visit, response)


def _listing(visit: Visit, disk: Disk, folder: Path) -> Iterator[Json]:
    base = visit.base + quote(visit.request.path)
    for each in disk.entries(folder):
        if each.is_symlink() or not (each.is_dir() or each.is_file()):
            continue
        facts = each.stat()
        is_folder = each.is_dir()
        yield {
            "name": each.name,
            "size": 0 if is_folder else facts.st_size,
            "mtime": _time(facts.st_mtime),
            "crtime": _time(facts.st_ctime),
            "mime": "inode/directory" if is_folder else _media_type(each),
            "href": base + quote(each.name) + ("/" if is_folder else ""),
            "path": disk.shown(each),
        }
    if disk.windows and folder == disk.home:
        for name, path in (("SystemDrive", "C:\\"), ("LocalSiteRoot", "C:\\local")):
            at = _time(folder.stat().st_mtime)
            yield {
                "name": name,
                "size": 0,
                "mtime": at,
                "crtime": at,
                "mime": "inode/shortcut",
                "href": f"{base}{name}/",
                "path": path,
            }


def _precondition(visit: Visit, place: Path) -> Response | None:
    """What exists is changed only by those who know it."""
    wanted = visit.request.if_match
    if "If-Match" not in visit.request.headers:
        return refused(412, "Missing If-Match ETag")
    if not wanted.star_tag and not wanted.contains(_etag(place)):
        answer = refused(412, "ETag does not represent the latest state of the resource.")
        answer.set_etag(_etag(place))
        return answer
    return None


def _moved(visit: Visit, *, slash: bool) -> Response:
    url = visit.request.base_url.rstrip("/") + ("/" if slash else "")
    query = visit.request.query_string.decode()
    return Response(status=307, headers={"Location": f"{url}?{query}" if query else url})


def _not_found(visit: Visit, path: str) -> Response:
    text = f"C:\\home\\{path.strip('/')}".replace("/", "\\") if visit.windows else f"/home/{path.strip('/')}"
    return refused(404, f"'{text}' not found.")


def _etag(place: Path) -> str:
    """Of the time of the last change, as Kudu makes it."""
    return place.stat().st_mtime_ns.to_bytes(8, "little").hex()


def _media_type(place: Path) -> str:
    suffix = place.suffix.casefold()
    return _TYPES.get(suffix) or mimetypes.guess_type(f"x{suffix}")[0] or "application/octet-stream"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


ROUTES = tuple(
    Route(rule, (method,), endpoint)
    for rule in ("/api/vfs/", "/api/vfs/<path:path>")
    for method, endpoint in (("GET", read), ("HEAD", read), ("PUT", write), ("DELETE", remove))
)
