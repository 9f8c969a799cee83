"""Reads volatile files several times, each round under its own UTC stamp."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from escalate.collect.context import STAMP, Context, now
from escalate.collect.outcomes import errno_words, outcome_of_error
from escalate.collect.piece import Piece
from escalate.model.outcome import Gap

READ_BYTES = 16 * 1024 * 1024
"""More than any file of /proc that is sampled; a bound all the same."""


def rounds(context: Context) -> Iterator[datetime]:
    """The times of the rounds, paced, no two within one second: the stamp is a folder's name."""
    last: datetime | None = None
    for number in range(context.pace.samples):
        if number:
            context.watch.pause(context.pace.sample_interval)
        while last is not None and now().replace(microsecond=0) <= last:
            context.watch.pause(((last + timedelta(seconds=1)) - now()).total_seconds() + 0.01)
        at = now()
        last = at.replace(microsecond=0)
        yield at


def sample_files(
    context: Context,
    folder: tuple[str, ...],
    files: Mapping[str, str],
    at: datetime,
    given_up: set[str],
    host_owned: frozenset[str] = frozenset(),
) -> Iterator[Piece | Gap]:
    """One round of files (name below the stamp to absolute path); one that refuses is not tried again.

    Of what belongs to the owner of the host the refusal is the evidence: it stands as `<name>.refused`.
    """
    for name, source in files.items():
        if name in given_up:
            continue
        try:
            with context.place(source).open("rb") as handle:
                data = handle.read(READ_BYTES)
        except OSError as error:
            given_up.add(name)
            if name in host_owned and isinstance(error, PermissionError):
                said = f"{source}: {errno_words(error)}\n".encode()
                yield piece_of(context, (*folder, at.strftime(STAMP), f"{name}.refused"), [said], source, at)
            else:
                yield outcome_of_error(error, source, context.obtain)
            continue
        yield piece_of(context, (*folder, at.strftime(STAMP), name), [data], source, at)


def piece_of(
    context: Context, parts: tuple[str, ...], chunks: Iterable[bytes], origin: str, at: datetime | None = None
) -> Piece:
    """A piece below `local/<host>/` about this step's process, if it has one."""
    return Piece(
        path=context.below_host(*parts), content=chunks, origin=origin, pid=context.pid, captured_at=at or now()
    )
