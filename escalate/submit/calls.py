"""The list of calls that filing would make, in order: what --dry-run shows; nothing is contacted."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.model.submission import CHUNK_BYTES, TicketRequest
from escalate.submit.pinned import chunks_of

_SUPPORT = "/providers/Microsoft.Support"


def calls(request: TicketRequest) -> tuple[str, ...]:
    """`METHOD path  what it does`, one a line."""
    return tuple(f"{method:<4} {path}  {what}" for method, path, what in _calls(request))


def _calls(request: TicketRequest) -> Iterator[tuple[str, str, str]]:
    base = f"/subscriptions/{request.subscription}{_SUPPORT}"
    ticket, workspace = f"{base}/supportTickets/{request.name}", f"{base}/fileWorkspaces/{request.workspace}"
    yield "GET", base, "is the provider registered?"
    yield "GET", f"{_SUPPORT}/services", "and the problem types of the app's service"
    yield "GET", ticket, "is it filed already?"
    yield "POST", f"{base}/checkNameAvailability", "is its name free?"
    yield "GET", f"{base}/supportTickets", "is another open about this app?"
    if request.attachments:
        yield "GET", workspace, "is it there already?"
        yield "PUT", workspace, "a workspace for the files"
    for upload in request.attachments:
        file = f"{workspace}/files/{upload.name}"
        yield "PUT", file, f"announces {upload.size:,} bytes"
        for index in range(chunks_of(upload.size)):
            size = min(CHUNK_BYTES, upload.size - index * CHUNK_BYTES)
            yield "POST", f"{file}/upload", f"chunk {index + 1}: {size:,} bytes, as base64"
    yield "GET", ticket, "is it filed meanwhile?"
    yield "PUT", ticket, "files it"
    yield "GET", f"{base}/operationsStatus/...", "until the server has finished"
    yield "GET", ticket, "reads it back"
