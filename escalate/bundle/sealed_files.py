"""Whether the sealed files are still those that redaction sealed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from escalate.bundle.members import PackedForm, UnreadableError, changed, packed_form, read_sealed_file
from escalate.case.layout import RESERVED_BELOW_REDACTED, Room
from escalate.case.packed import place_of
from escalate.case.store import Case
from escalate.model.observer import Observer, Task
from escalate.model.redaction import Sealed, SlimTwin


@dataclass(frozen=True)
class Checked:
    """What was found, by path."""

    packed: dict[str, PackedForm] = field(default_factory=dict)
    """The deflate streams, as they were when they were proved."""
    twins: set[str] = field(default_factory=set)
    """Dumps whose slim twin is there."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Evidence that cannot be read, and why."""


def check(case: Case, sealed: Sequence[Sealed], observer: Observer) -> Checked:
    """Read every sealed file whole.

    Raises:
        RedactionRefused: one is a link, or not the bytes that were sealed.
        UnreadableError: a document of ours cannot be read; of evidence that becomes a gap.
    """
    root = case.path(Room.REDACTED).resolve()
    checked = Checked()
    with observer.task("comparing with what was sealed", sum(map(_bytes_of, sealed))) as task:
        for item in sealed:
            place = place_of(case, item)
            twin = case.path(Room.REDACTED, item.slim.path) if item.slim else place
            if not (place.resolve().is_relative_to(root) and twin.resolve().is_relative_to(root)):
                raise changed(item.path)
            _check_twin(twin, item, checked, task)
            try:
                _check_one(place, item, checked, task)
            except UnreadableError as error:
                if item.path.split("/")[0] in RESERVED_BELOW_REDACTED:
                    raise
                checked.unreadable[item.path] = error.reason
    return checked


def _check_one(place: Path, item: Sealed, checked: Checked, task: Task) -> None:
    if item.packed is None:
        _check_plain(place, item, task)
        return
    form = packed_form(place, item.size, item.sha256, task.advance)
    if form is None or (form.size, form.crc32) != (item.packed.size, item.packed.crc32):
        raise changed(item.path)
    checked.packed[item.path] = form


def _check_twin(place: Path, item: Sealed, checked: Checked, task: Task) -> None:
    if item.slim is None:
        return
    try:
        _check_plain(place, item.slim, task)
    except UnreadableError:
        return  # the dump itself is the evidence; its twin only stands in for it
    checked.twins.add(item.path)


def _bytes_of(item: Sealed) -> int:
    return item.size + (item.slim.size if item.slim else 0)


def _check_plain(place: Path, item: Sealed | SlimTwin, task: Task) -> None:
    hasher, size = hashlib.sha256(), 0
    for chunk in read_sealed_file(place):
        hasher.update(chunk)
        size += len(chunk)
        task.advance(len(chunk))
    if (size, hasher.hexdigest()) != (item.size, item.sha256):
        raise changed(item.path)
