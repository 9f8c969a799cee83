"""Reads one file in ranges, goes on where a connection broke, and notices when it became another file."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

from escalate.azure.call import MIB, Call
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.policies import FIRST_WAIT_S
from escalate.azure.pulse import Pulse
from escalate.azure.safe import safe_url
from escalate.azure.session import Stream

PIECE = 32 * MIB
"""So much is asked for at once: far below what the front end lets pass in its 230 s."""
_CONTENT_RANGE = re.compile(r"bytes\s+(?:(?P<first>\d+)-(?P<last>\d+)|\*)/(?P<total>\d+|\*)\s*$", re.IGNORECASE)
_KEPT = frozenset({Why.SIGN_IN, Why.DENIED, Why.MISSING, Why.THROTTLED, Why.TIMEOUT})
_PLAIN = {"Accept-Encoding": "identity"}
"""Offsets count bytes of the file, not of its compressed form."""


class Source(Protocol):
    """What gives answers in pieces: a `Channel`, or a `Kudu` that checks which worker answers."""

    @property
    def pulse(self) -> Pulse:
        """The step that waits."""
        ...

    def stream(self, call: Call) -> AbstractContextManager[Stream]:
        """Ask."""
        ...


class _Broken(Exception):
    """The connection broke; what came before is good."""

    def __init__(self, failure: AzureFailure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


class Ranged:
    """One file under way. `start` is where in the file the bytes begin, known with the first of them."""

    def __init__(self, source: Source, call: Call, *, growing: bool, last_bytes: int | None, may_split: bool) -> None:
        self.start = 0
        self._source = source
        self._call = replace(call, headers={**call.headers, **_PLAIN})
        self._url = safe_url(call.url)
        self._growing = growing
        self._last = last_bytes
        self._may_split = may_split and call.method == "GET"
        self._at = 0
        self._end: int | None = None
        """Where the file ended at the first answer; None: before it."""
        self._validator: str | None = None
        self._whole = False
        """Whether the server gives the file only as a whole."""

    def chunks(self) -> Iterator[bytes]:
        """The bytes, at most 1 MiB at a time.

        Raises:
            AzureFailure: it broke and cannot be resumed; it changed meanwhile; there is nothing (204).
        """
        left, wait = self._call.retries, FIRST_WAIT_S
        while self._may_split and not self._whole and (self._end is None or self._at < self._end):
            before = self._at
            try:
                yield from self._piece()
            except _Broken as broken:
                if self._at > before:
                    left, wait = self._call.retries, FIRST_WAIT_S
                if left <= 0 or self._whole:
                    raise self._cut(broken.failure) from broken
                left -= 1
                self._source.pulse.pause(wait)
                wait *= 2
            except AzureFailure as failure:
                if self._at > self.start:
                    raise self._cut(failure) from failure
                raise
        if not self._may_split or self._end is None:
            yield from self._straight()

    def _piece(self) -> Iterator[bytes]:
        asked = {**self._call.headers, "Range": self._wanted()}
        strong = self._validator and self._validator.startswith('"')
        if strong and self._validator and not self._growing:
            asked["If-Range"] = self._validator
        first = self._end is None
        with self._source.stream(replace(self._call, headers=asked, accept=frozenset({200, 204, 206, 416}))) as stream:
            if not (self._begin(stream) if first else self._resume(stream)):
                return
            if stream.status == 200:
                yield from (self._of_unknown_length(stream) if self._end is None else self._of_known_length(stream))
                return
            stop = self._stop(stream)
            if stop <= self._at:
                raise AzureFailure(Why.INVALID, f"{self._url} gave an empty range")
            for chunk in _read(stream):
                if self._at + len(chunk) > stop:
                    raise AzureFailure(Why.INVALID, f"{self._url} gave more than the range that was asked for")
                self._at += len(chunk)
                yield from _small(chunk)
            if self._at < stop:
                raise _Broken(AzureFailure(Why.INVALID, f"{self._url} ended before its range did"))

    def _wanted(self) -> str:
        if self._end is not None:
            return f"bytes={self._at}-{min(self._end, self._at + PIECE) - 1}"
        return f"bytes=-{self._last}" if self._last is not None else f"bytes=0-{PIECE - 1}"

    def _begin(self, stream: Stream) -> bool:
        """Learn from the first answer; False: there is nothing to read in it."""
        if stream.status == 204:
            raise AzureFailure(Why.MISSING, f"{self._url} has nothing (204)", status=204)
        found = _range_of(stream.headers)
        plain = stream.headers.get("content-encoding", "identity").lower() == "identity"
        if stream.status == 416 and found == (None, 0):
            self._end = 0
            return False
        if stream.status == 200:
            length = stream.headers.get("content-length", "")
            if plain and length.isdigit():
                self._end = int(length)
                self._whole = stream.headers.get("accept-ranges", "").lower() != "bytes"
            else:
                self._whole = True
            self._validator = _validator(stream.headers)
            return True
        if stream.status == 416 or not plain or found is None or found[0] is None or found[1] is None:
            self._whole = True  # it is asked for again, without a range
            return False
        if self._last is None and found[0] != 0:
            raise AzureFailure(Why.INVALID, f"{self._url} gave another range than was asked for")
        self.start = self._at = found[0]
        self._end = found[1]
        self._validator = _validator(stream.headers)
        return True

    def _resume(self, stream: Stream) -> bool:
        """Check that a later answer is of the same file."""
        now, found = _validator(stream.headers), _range_of(stream.headers)
        changed = now is not None and now != self._validator
        total = found[1] if found else None
        if stream.status == 206 and found and found[0] == self._at and total is not None and self._end is not None:
            if self._growing and total >= self._end:
                return True
            if not self._growing and not changed and total == self._end:
                return True
        if self._growing and total is not None and self._end is not None and total < self._end:
            why = f"it shrank from {self._end} to {total} bytes"
        elif changed and not self._growing:
            why = f"its ETag was {self._validator} and is {now}"
        elif total is not None and total != self._end and not self._growing:
            why = f"it had {self._end} bytes and has {total}"
        else:
            raise AzureFailure(Why.INVALID, f"{self._url} does not give the range from byte {self._at} any more")
        raise AzureFailure(Why.INVALID, f"{self._url} changed while it was read: {why}", status=stream.status)

    def _stop(self, stream: Stream) -> int:
        match = _CONTENT_RANGE.match(stream.headers.get("content-range", ""))
        last = int(match["last"]) if match and match["last"] else self._at - 1
        return min(last + 1, self._end if self._end is not None else last + 1)

    def _of_known_length(self, stream: Stream) -> Iterator[bytes]:
        """An answer that begins at byte 0 of a file whose length is known: what lies before the tail is read over."""
        end = self._end or 0
        self.start = self._at = max(0, end - self._last) if self._last is not None else 0
        passed = 0
        for chunk in _read(stream):
            fresh = chunk[max(0, self._at - passed) :] if passed < self._at else chunk
            passed += len(chunk)
            self._at += len(fresh)
            yield from _small(fresh)
        if passed < end:
            raise _Broken(AzureFailure(Why.INVALID, f"{self._url} ended after {passed} of {end} bytes"))

    def _straight(self) -> Iterator[bytes]:
        """One request for all of it."""
        with self._source.stream(self._call) as stream:
            if stream.status == 204:
                raise AzureFailure(Why.MISSING, f"{self._url} has nothing (204)", status=204)
            try:
                yield from self._of_unknown_length(stream)
            except _Broken as broken:
                raise self._cut(broken.failure) from broken

    def _of_unknown_length(self, stream: Stream) -> Iterator[bytes]:
        """All of it, or its tail, for which as much memory is needed."""
        tail: deque[bytes] = deque()
        held = 0
        for chunk in _read(stream):
            self._at += len(chunk)
            if self._last is None:
                yield from _small(chunk)
                continue
            tail.append(chunk)
            held += len(chunk)
            while tail and held - len(tail[0]) >= self._last:
                held -= len(tail.popleft())
        self._end = self._at
        if self._last is not None and tail:
            surplus = max(0, held - self._last)
            self.start = self._at - held + surplus
            tail[0] = tail[0][surplus:]
            for chunk in tail:
                yield from _small(chunk)

    def _cut(self, failure: AzureFailure) -> AzureFailure:
        """The failure of a file of which a part was handed out already."""
        of = f" of {self._end}" if self._end is not None else ""
        if failure.why is Why.INVALID and " changed while " in failure.reason:
            return failure
        return AzureFailure(
            failure.why if failure.why in _KEPT else Why.INVALID,
            f"cut off after byte {self._at}{of}: {failure.reason}",
            status=failure.status,
            code=failure.code,
            request_id=failure.request_id,
            missing_action=failure.missing_action,
        )


def _read(stream: Stream) -> Iterator[bytes]:
    try:
        yield from stream.chunks()
    except AzureFailure as failure:
        raise _Broken(failure) from failure


def _small(chunk: bytes) -> Iterator[bytes]:
    if len(chunk) <= MIB:
        if chunk:
            yield chunk
        return
    for at in range(0, len(chunk), MIB):
        yield chunk[at : at + MIB]


def _range_of(headers: Mapping[str, str]) -> tuple[int | None, int | None] | None:
    """First byte and total of `Content-Range`."""
    match = _CONTENT_RANGE.match(headers.get("content-range", ""))
    if match is None:
        return None
    return (
        int(match["first"]) if match["first"] else None,
        int(match["total"]) if match["total"] != "*" else None,
    )


def _validator(headers: Mapping[str, str]) -> str | None:
    """What tells one state of a file from another."""
    return headers.get("etag") or headers.get("last-modified")
