"""Files of a workspace: declared first, then sent in chunks."""

from __future__ import annotations

import base64
import binascii
from pathlib import PurePath

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer, empty
from escalate.lab.arm.ask import Ask
from escalate.lab.support.clock import wire
from escalate.lab.support.operation import route
from escalate.lab.support.records import StoredFile, Workspace
from escalate.lab.support.refusals import NameRefusal, absent, invalid, malformed
from escalate.lab.support.workspaces import workspace_id, workspace_named
from escalate.lab.world import Json

MOST_BYTES = 5_000_000
"""5 MB in the stricter of both readings; the CLI sends up to 5,242,880."""
MOST_CHUNK_BYTES = 2_500_000
MOST_CHUNKS = 2
LONGEST_NAME = 110
"""Of the part before the extension, as the CLI measures."""
DENIED = frozenset(
    f".{each}"
    for each in (
        *(
            "bat",
            "cmd",
            "exe",
            "ps1",
            "js",
            "vbs",
            "com",
            "lnk",
            "reg",
            "bin",
            "cpl",
            "inf",
            "ins",
            "isu",
            "job",
            "jse",
        ),
        *("msi", "msp", "paf", "pif", "rgs", "scr", "sct", "vbe", "vb", "ws", "wsf", "wsh", "svg", "htm", "html"),
    )
)


def _json(workspace: Workspace, one: StoredFile) -> Json:
    return {
        "id": f"{workspace_id(workspace)}/files/{one.name}",
        "name": one.name,
        "type": "Microsoft.Support/files",
        "properties": {
            "createdOn": wire(one.created),
            "fileSize": one.size,
            "chunkSize": one.chunk_size,
            "numberOfChunks": one.chunks,
        },
    }


def _named(ask: Ask) -> StoredFile:
    name = ask.args["file"]
    found = workspace_named(ask).files.get(name.lower())
    if found is None:
        raise absent("Microsoft.Support/files", name)
    return found


def _list(ask: Ask) -> Response:
    """A declared file stands here whether its chunks came or not."""
    workspace = workspace_named(ask)
    return answer({"value": [_json(workspace, each) for each in workspace.files.values()]})


def _get(ask: Ask) -> Response:
    return answer(_json(workspace_named(ask), _named(ask)))


def _create(ask: Ask) -> Response:
    """One that is there keeps the chunks that came for it."""
    workspace, name = workspace_named(ask), ask.args["file"]
    _check_name(name)
    sent = ask.body().get("properties")
    if not isinstance(sent, dict):
        raise malformed("The request has no properties.")
    size, chunk_size, chunks = (_number(sent, field) for field in ("fileSize", "chunkSize", "numberOfChunks"))
    if not 0 < size <= MOST_BYTES:
        raise invalid(f"The value of fileSize '{size}' is not valid: a file has from 1 byte to 5 MB.")
    if not 0 < chunk_size <= MOST_CHUNK_BYTES:
        raise invalid(f"The value of chunkSize '{chunk_size}' is not valid: a chunk has at most 2.5 MB.")
    if not 0 < chunks <= MOST_CHUNKS or chunks != -(-size // chunk_size):
        raise invalid(f"The value of numberOfChunks '{chunks}' is not valid.")
    stored = workspace.files.setdefault(
        name.lower(), StoredFile(name, ask.state.support.clock.now(), size, chunk_size, chunks)
    )
    return answer(_json(workspace, stored), 201)


def _upload(ask: Ask) -> Response:
    """204 also for a chunk that came before: the contract has no sign of what is there."""
    stored, sent = _named(ask), ask.body()
    index = _number(sent, "chunkIndex")
    if not 0 <= index < stored.chunks:
        raise invalid(f"The value of chunkIndex '{index}' is not valid.")
    try:
        data = base64.b64decode(str(sent.get("content", "")), validate=True)
    except binascii.Error:
        raise invalid("The value of content is not valid: it is no base64.") from None
    last = index == stored.chunks - 1
    if len(data) != (stored.size - index * stored.chunk_size if last else stored.chunk_size):
        raise invalid(f"The value of content is not valid: chunk {index} has {len(data)} bytes.")
    stored.arrived.append((index, data))
    return empty()


def _number(sent: Json, name: str) -> int:
    value = sent.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(f"{name} cannot be empty.")
    return value


def _check_name(name: str) -> None:
    path = PurePath(name)
    if not path.suffix or not path.stem or len(path.stem) > LONGEST_NAME:
        raise NameRefusal(
            f"File name {name} is invalid. It must have an extension and at most 110 characters before it."
        )
    if path.suffix.lower() in DENIED:
        raise invalid(f"Files with the extension {path.suffix} are not allowed.")


_BELOW = "/fileworkspaces/<workspace>/files"
_READ, _WRITE = "fileWorkspaces/files/read", "fileWorkspaces/files/write"
ROUTES = (
    route("files.list", "GET", "subscription", _BELOW, _READ, _list),
    route("files.get", "GET", "subscription", f"{_BELOW}/<file>", _READ, _get),
    route("files.create", "PUT", "subscription", f"{_BELOW}/<file>", _WRITE, _create),
    route(
        "files.upload", "POST", "subscription", f"{_BELOW}/<file>/upload", "fileWorkspaces/files/upload/action", _upload
    ),
)
