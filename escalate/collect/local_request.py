"""Carries out plain requests on this machine: read these files, run this program."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from escalate.collect.command import As, Command, find_tool
from escalate.collect.context import STAMP, Context, now
from escalate.collect.handoff import free_bytes, handoff
from escalate.collect.outcomes import outcome_of_error
from escalate.collect.piece import CutShortError, Piece, SpoiledError, Unavailable
from escalate.collect.placeholders import fill
from escalate.collect.processes import ProcessFacts, facts_of, state_of
from escalate.collect.watch import Watch
from escalate.model.outcome import Denied, Failed, Gap, Missing, Skipped
from escalate.model.plan import Sensitivity

CHUNK = 1024 * 1024
_OWNER_ONLY = frozenset({"java", "dotnet"})
"""Runtimes whose attach interface answers only their own user; their tools leave files in the process's /tmp."""
_OF_FREE = 0.8
"""A dump may be several times what is resident; it is ended before it fills the disk of a sick machine."""


def read_files(context: Context, reads: Sequence[str]) -> Iterator[Piece | Gap]:
    """One piece a file, mirrored below `local/<host>/`; one gap for each that refuses."""
    for template in reads:
        name = fill(template, context.values)
        try:
            with context.place(name).open("rb") as handle:
                first = handle.read(CHUNK)
                yield Piece(
                    path=context.below_host(name.lstrip("/")),
                    content=_rest(first, handle, context.watch),
                    origin=name,
                    pid=context.pid,
                    captured_at=now(),
                )
        except OSError as error:
            yield outcome_of_error(error, name, context.obtain)


def run_command(context: Context, argv: Sequence[str], output: str) -> Iterator[Piece | Gap]:
    """Standard output of a program, or the file it writes when `{output}` is among its arguments."""
    process = _process(context)
    user = As.owner_of(process) if process and not _OWNER_ONLY.isdisjoint(context.entry.runtimes) else None
    tool = find_tool(argv[0], context.pid, user)
    if tool is None:
        raise Unavailable(Missing(reason=f"{argv[0]} is not on this machine", hint=context.obtain))
    words = [tool, *(fill(word, context.values) for word in argv[1:])]
    with undisturbed(process):
        if any("{output}" in word for word in words):
            yield from _written_file(context, words, output, process, user)
        else:
            yield from _printed(context, words, output, user)


def place_of_output(context: Context, output: str, at: datetime) -> str:
    """Path parts below `local/<host>/`: `process/<pid>/<stamp>-<output>`, or `<stamp>-<output>`."""
    name = f"{at.strftime(STAMP)}-{output}"
    return name if context.pid is None else f"process/{context.pid}/{name}"


@contextlib.contextmanager
def undisturbed(process: ProcessFacts | None) -> Iterator[None]:
    """Sees that a process which ran before still runs: a debugger that is killed can leave it stopped."""
    try:
        yield
    finally:
        if process is not None and process.state not in "Tt" and state_of(process.pid) == "T":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, signal.SIGCONT)


def gap_of_command(context: Context, command: Command) -> Gap | None:
    """How a program that did not succeed is recorded; None when it did."""
    if command.too_big:
        return Skipped(
            reason=f"{Path(command.argv[0]).name} would write more than it may",
            hint=f"give it more room with --max-size and on the disk, or: {context.obtain}",
        )
    if command.returncode == 0 or (command.stopped and command.returncode in (0, -signal.SIGINT)):
        return None
    reason = f"{Path(command.argv[0]).name} ended with exit code {command.returncode}: {command.complaint}"
    return (Denied if command.was_refused else Failed)(reason=reason, hint=context.obtain)


def file_chunks(place: Path, watch: Watch, owner: int | None) -> Iterator[bytes]:
    """A file of another user in pieces of 1 MiB; never through a link, and only if it is really theirs or ours."""
    with os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as handle:
        if os.fstat(handle.fileno()).st_uid not in (owner, os.geteuid()):
            raise SpoiledError("the file belongs to somebody else")
        while data := handle.read(CHUNK):
            watch.alive()
            yield data


def _process(context: Context) -> ProcessFacts | None:
    if context.pid is None:
        return None
    try:
        return facts_of(context.pid, context.place("/proc"))
    except OSError as error:
        raise Unavailable(outcome_of_error(error, f"process {context.pid}", context.obtain)) from error


def _rest(first: bytes, handle: BinaryIO, watch: Watch) -> Iterator[bytes]:
    yield first
    while data := handle.read(CHUNK):
        watch.alive()
        yield data


def _printed(context: Context, words: list[str], output: str, user: As | None) -> Iterator[Piece | Gap]:
    command = Command(words, context.watch, user=user)
    at = now()
    seen = 0

    def content() -> Iterator[bytes]:
        nonlocal seen
        for data in command.stdout():
            seen += len(data)
            yield data
        if seen and (gap := gap_of_command(context, command)) is not None:
            raise CutShortError(gap.reason)

    try:
        stream = content()
        first = next(stream, b"")
        if first:
            yield Piece(
                path=context.below_host(place_of_output(context, output, at)),
                content=_chain(first, stream),
                origin=" ".join(words),
                pid=context.pid,
                captured_at=at,
            )
        elif (gap := gap_of_command(context, command)) is not None:
            yield gap
    except OSError as error:
        yield outcome_of_error(error, words[0], context.obtain)


def _written_file(
    context: Context, words: list[str], output: str, process: ProcessFacts | None, user: As | None
) -> Iterator[Piece | Gap]:
    with contextlib.ExitStack() as stack:
        theirs = ours = context.scratch
        try:
            if process is not None and not _OWNER_ONLY.isdisjoint(context.entry.runtimes):
                place = stack.enter_context(handoff(process, f"{context.case_id}-{context.entry.id}", context.root))
                theirs, ours = place.theirs, place.ours
            if process is not None and context.entry.sensitivity is Sensitivity.MEMORY:
                _need_room(context, process, ours)
            at = now()
            command = Command(
                [word.replace("{output}", str(theirs / output)) for word in words], context.watch, user=user
            )
            limit = min(context.max_bytes, int(free_bytes(ours) * _OF_FREE))
            for _ in command.stdout(grows=ours / output, limit=limit):
                context.watch.alive()
        except OSError as error:
            yield outcome_of_error(error, words[0], context.obtain)
            return
        if (gap := gap_of_command(context, command)) is not None:
            yield gap
            return
        made = sorted(entry for entry in ours.glob(f"{output}*") if entry.is_file() and not entry.is_symlink())
        if not made:
            yield Failed(reason=f"{Path(words[0]).name} wrote no file: {command.complaint}", hint=context.obtain)
        for entry in made:
            content = (
                entry
                if ours == context.scratch
                else file_chunks(entry, context.watch, process.uid if process else None)
            )
            yield Piece(
                path=context.below_host(place_of_output(context, entry.name, at)),
                content=content,
                origin=" ".join(words),
                pid=context.pid,
                captured_at=at,
            )


def _need_room(context: Context, process: ProcessFacts, folder: Path) -> None:
    """Refuse to fill the disk of a sick machine: a dump is about as big as what is resident."""
    if process.rss > context.max_bytes:
        raise Unavailable(
            Skipped(
                reason=f"{process.rss} bytes are resident and {context.max_bytes} may be taken",
                hint=f"give it more room with --max-size, or: {context.obtain}",
            )
        )
    free = free_bytes(folder)
    if free < process.rss * 1.3:
        raise Unavailable(
            Skipped(
                reason=f"{process.rss} bytes are resident and {free} bytes are free in {folder}",
                hint=f"make room, then: {context.obtain}",
            )
        )


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
