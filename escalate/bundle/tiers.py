"""The two zips of a case: the kit, which fits one attachment whatever happens, and the full one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from escalate.bundle.contents import Contents
from escalate.bundle.manifest import body_of, complete, finish
from escalate.bundle.members import Member
from escalate.bundle.selection import KIT_LIMIT, Deflated, Selection, best_of, everything
from escalate.bundle.split import in_groups
from escalate.bundle.writer import Written, write_zip
from escalate.model.observer import Observer

_SLACK = 16_384
"""Bytes by which the estimate of a zip's size may be off before it is made again."""
_ATTEMPTS = 8


def write_full(contents: Contents, destination: Path, observer: Observer) -> Written:
    """Everything that was sealed."""
    return _write(complete(contents, everything(contents)), contents, destination, observer)


def write_parts(
    contents: Contents, folder: Path, name: str, size: int, observer: Observer
) -> list[tuple[Path, Written]]:
    """Everything that was sealed, in zips of at most `size` bytes, `<name>.01.zip` and on; each opens alone.

    A file that is larger by itself gets a part of its own, larger than `size`: no file is torn apart.

    Raises:
        ConfigError: the parts would be too many, or hold little but lists.
    """
    selection = everything(contents)
    body = body_of(contents, selection)
    with observer.task("choosing what goes into which part", sum(member.size for member in body.members)) as task:
        groups = in_groups(contents, selection, body, size, task.advance)
    if len(groups) == 1:
        place = folder / f"{name}.zip"
        return [(place, _write(complete(contents, selection), contents, place, observer))]
    made = []
    for number, members in enumerate(finish(contents, selection, body, groups), start=1):
        place = folder / f"{name}.{number:02d}.zip"
        made.append((place, _write(members, contents, place, observer)))
    return made


def write_kit(contents: Contents, destination: Path, observer: Observer, limit: int = KIT_LIMIT) -> Written:
    """The best of it in at most `limit` bytes of finished zip.

    What the lists in it cost is known only when it is finished, so a zip that came out too large is made again with
    less; at the very last with nothing but START-HERE, summary, counts and manifest.
    """
    reserve = _SLACK
    with observer.task("choosing what fits the kit") as task:
        measure = Deflated(task.advance)
        for _ in range(_ATTEMPTS):
            chosen = best_of(contents, limit - reserve, measure)
            written = _write(complete(contents, chosen), contents, destination, observer)
            if written.size <= limit:
                return written
            destination.unlink()
            reserve += written.size - limit + _SLACK
        nothing = best_of(contents, 0, measure)
    return _write(
        complete(contents, Selection("kit", (), nothing.held_back), terse=True), contents, destination, observer
    )


def _write(members: Sequence[Member], contents: Contents, destination: Path, observer: Observer) -> Written:
    with observer.task(f"zipping {destination.name}", sum(member.size for member in members)) as task:
        return write_zip(members, destination, created_at=contents.case.created_at, task=task)
