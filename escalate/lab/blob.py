"""A blob service with signed URLs: put a block blob, read it whole or in ranges, list a container."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from escalate.lab.state import LabState

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

VERSION = "2022-11-02"
_XML = '<?xml version="1.0" encoding="utf-8"?>'


class BlobSite:
    """The WSGI application; blobs are files below `blobs/` of the lab's folder."""

    def __init__(self, state: LabState) -> None:
        self._state = state
        self._root = state.folder / "blobs"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        response = self._answer(request)
        response.headers["x-ms-request-id"] = str(uuid.uuid4())
        response.headers["x-ms-version"] = VERSION
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if not self._state.tokens.signed(request.args.get("sig", ""), request.path):
            return _refused(403, "AuthenticationFailed", "Server failed to authenticate the request.")
        place = self._place(request.path)
        if place is None:
            return _refused(400, "InvalidUri", "The requested URI does not represent any resource on the server.")
        if request.method == "GET" and request.args.get("comp") == "list":
            return self._list(place)
        if "comp" in request.args:
            return _refused(400, "InvalidQueryParameterValue", "The lab takes blobs in one piece.")
        if request.method == "PUT":
            return _put(request, place)
        if request.method not in ("GET", "HEAD"):
            return _refused(405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.")
        if not place.is_file():
            return _refused(404, "BlobNotFound", "The specified blob does not exist.")
        return _get(request, place)

    def _place(self, path: str) -> Path | None:
        """The file of `/container/name`; None: it leads elsewhere."""
        if ".." in path.split("/"):
            return None
        place = (self._root / path.strip("/")).resolve()
        return place if self._root.resolve() in place.parents else None

    def _list(self, container: Path) -> Response:
        names = sorted(path.relative_to(container).as_posix() for path in container.rglob("*") if path.is_file())
        blobs = "".join(f"<Blob><Name>{escape(name)}</Name></Blob>" for name in names)
        body = f"{_XML}<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker /></EnumerationResults>"
        return Response(body, content_type="application/xml")


def _put(request: Request, place: Path) -> Response:
    if request.headers.get("x-ms-blob-type") != "BlockBlob":
        return _refused(400, "InvalidHeaderValue", "The value for the header x-ms-blob-type must be BlockBlob.")
    if request.headers.get("If-None-Match") == "*" and place.exists():
        return _refused(409, "BlobAlreadyExists", "The specified blob already exists.")
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{uuid.uuid4().hex}")
    with part.open("wb") as file:
        while piece := request.stream.read(1024 * 1024):
            file.write(piece)
    part.replace(place)
    return Response(status=201, headers={"ETag": _tag(place), "Last-Modified": _changed(place)})


def _get(request: Request, place: Path) -> Response:
    """Ranges and If-None-Match as werkzeug does them."""
    size = place.stat().st_size
    headers = {
        "ETag": _tag(place),
        "Last-Modified": _changed(place),
        "x-ms-blob-type": "BlockBlob",
        "Content-Length": str(size),
    }
    response = Response(
        place.open("rb"), headers=headers, content_type="application/octet-stream", direct_passthrough=True
    )
    try:
        return response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        response.close()
        refusal = _refused(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
        refusal.headers["Content-Range"] = f"bytes */{size}"
        return refusal


def _tag(place: Path) -> str:
    status = place.stat()
    return f'"0x{hashlib.sha256(f"{status.st_mtime_ns}:{status.st_size}".encode()).hexdigest()[:15].upper()}"'


def _changed(place: Path) -> str:
    return http_date(datetime.fromtimestamp(place.stat().st_mtime, UTC))


def _refused(status: int, code: str, message: str) -> Response:
    body = f"{_XML}<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(body, status, headers={"x-ms-error-code": code}, content_type="application/xml")
