"""Big files in pieces: resumed where a connection broke, and checked to be what they claim to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from escalate.azure.call import MIB, Call, looks_like_html
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.ranges import Ranged, Source
from escalate.azure.safe import safe_url

_LOOKED_AT = 512
"""So many bytes decide whether it is an HTML page."""


@dataclass(frozen=True)
class Expectation:
    """What a download must be; an answer that is not is never handed out as it."""

    magic: tuple[bytes, ...] = ()
    """It begins with one of these; not looked at where only the tail is read."""
    min_bytes: int = 0
    not_html: bool = True
    """A sign-in form or a gateway's error page is no file; False for files that are pages themselves."""
    growing: bool = False
    """A log that is written to: read to the size it had at the beginning, whatever its ETag says."""
    ranges: bool = True
    """False for what is made anew by each request (a dump, a folder as zip): asked for once, never in pieces."""
    last_bytes: int | None = None
    """Only so much from its end."""
    whole_lines: bool = False
    """With `last_bytes`: begin at the beginning of a line."""


def download(channel: Source, call: Call, expect: Expectation | None = None) -> Iterator[bytes]:
    """The file behind a call, at most 1 MiB at a time; `channel` may be a `Kudu`, which watches over the worker.

    What is handed out is a beginning of the file, also when it raises later. A call that must not be repeated
    needs `again=False` besides `Expectation.ranges=False`.

    Raises:
        AzureFailure: it cannot be had; it broke and could not be resumed (INVALID, TIMEOUT); it changed meanwhile, or
            is not what was expected (INVALID); there is nothing (MISSING, 204).
    """
    expect = expect or Expectation()
    cut = expect.last_bytes is not None and expect.whole_lines
    last = expect.last_bytes + 1 if expect.last_bytes is not None and cut else expect.last_bytes
    file = Ranged(channel, call, growing=expect.growing, last_bytes=last, may_split=expect.ranges)
    chunks = _checked(file, expect, safe_url(call.url))
    return _from_line(file, chunks) if cut else chunks


def _checked(file: Ranged, expect: Expectation, url: str) -> Iterator[bytes]:
    need = max([_LOOKED_AT if expect.not_html else 0, *(len(each) for each in expect.magic)])
    head, seen, looked = bytearray(), 0, False
    for chunk in file.chunks():
        seen += len(chunk)
        if looked:
            yield chunk
            continue
        head += chunk
        if len(head) >= need:
            _look(bytes(head[:need]), expect, url, tail=file.start > 0)
            looked = True
            yield bytes(head)
    if not looked:
        _look(bytes(head), expect, url, tail=file.start > 0)
    if seen < expect.min_bytes:
        raise AzureFailure(Why.INVALID, f"{url} has {seen} bytes, fewer than the {expect.min_bytes} it should have")
    if not looked and head:
        yield bytes(head)


def _look(head: bytes, expect: Expectation, url: str, *, tail: bool) -> None:
    if expect.not_html and looks_like_html(head):
        raise AzureFailure(Why.INVALID, f"{url} answered with an HTML page instead of the file")
    if expect.magic and not tail and not head.startswith(expect.magic):
        wanted = " or ".join(each.hex(" ") for each in expect.magic)
        raise AzureFailure(Why.INVALID, f"{url} begins with {head[:8].hex(' ') or 'nothing'}, not with {wanted}")


def _from_line(file: Ranged, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """From the first line that begins in it; one byte more was read, to know whether the very first one does."""
    head = bytearray()
    for chunk in chunks:
        if file.start == 0:
            yield chunk
            continue
        head += chunk
        at = head.find(b"\n")
        if at < 0 and len(head) <= MIB:
            continue
        yield bytes(head[at + 1 :] if at >= 0 else head[1:])
        yield from chunks
        return
    if head:
        yield bytes(head[1:])
