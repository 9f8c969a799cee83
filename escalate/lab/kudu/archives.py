"""Folders as zips, made while they are sent: `api/zip` and `api/dump`."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from werkzeug.wrappers import Response

from escalate.lab.kudu.answers import refused
from escalate.lab.kudu.bodies import Opened, download
from escalate.lab.kudu.files import grow, locked_file
from escalate.lab.kudu.visit import Route, Visit
from escalate.lab.state import now

Member = tuple[str, Path]


def folder_zip(visit: Visit, path: str = "") -> Response:
    """A folder; a file is 404."""
    place = visit.disk.of_vfs(path)
    if place is None or not place.is_dir():
        return refused(404, f"'{visit.disk.shown(place) if place else path}' not found.")
    return zip_answer(visit, _below(place, place), f"{place.name}.zip")


def dump(visit: Visit) -> Response:
    """LogFiles and deployments, without failed request traces, without what cannot be opened, and not saying so."""
    home = visit.disk.home
    members = [(f"LogFiles/{name}", path) for name, path in _below(visit.disk.logs, visit.disk.logs)]
    deployments = home / "site" / "deployments"
    members += [(f"deployments/{name}", path) for name, path in _below(deployments, deployments)]
    kept = [(name, path) for name, path in members if not any(part.startswith("W3SVC") for part in name.split("/"))]
    return zip_answer(visit, kept, f"dump-{now().strftime('%m-%d-%H-%M-%S')}.zip")


def zip_answer(visit: Visit, members: Iterable[Member], name: str) -> Response:
    """Members as a zip of a length nobody knows in advance."""
    whole = not visit.faults.on("truncated-zip")
    locked = locked_file(visit)
    found = [(member, path) for member, path in members if path != locked]
    for _, path in found:
        grow(visit, path)
    response = Response(_zipped(found, whole=whole), mimetype="application/zip")
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return download(visit, response)


class _Sink:
    """Takes what zipfile writes until it is fetched."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes, /) -> int:
        """Keep a piece."""
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def fetch(self) -> bytes:
        """What came since the last time."""
        data = bytes(self._held)
        self._held.clear()
        return data


def _zipped(members: Iterable[Member], *, whole: bool) -> Iterator[bytes]:
    """Not whole: the central directory never comes."""
    sink = _Sink()
    archive = zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=1)
    for name, path in members:
        if not path.is_file():
            continue  # it went away since the folder was read
        file = Opened(path)
        try:
            with archive.open(name, "w", force_zip64=True) as member:
                for piece in file:
                    member.write(piece)
                    yield sink.fetch()
        finally:
            file.close()
        yield sink.fetch()
    rest = sink.fetch()
    archive.close()
    yield rest + sink.fetch() if whole else rest


def _below(folder: Path, root: Path) -> Iterator[Member]:
    if not folder.is_dir():
        return
    for each in sorted(folder.iterdir()):
        if each.is_symlink():
            continue
        if each.is_dir():
            yield from _below(each, root)
        elif each.is_file():
            yield each.relative_to(root).as_posix(), each


ROUTES = (
    Route("/api/zip/", ("GET",), folder_zip),
    Route("/api/zip/<path:path>", ("GET",), folder_zip),
    Route("/api/dump", ("GET",), dump),
    Route("/dump", ("GET",), dump),
)
