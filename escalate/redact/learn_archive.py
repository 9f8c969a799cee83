"""Learns from the files inside of an archive as from those beside it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from escalate.model.kind import Kind
from escalate.redact.handlers.archive_parts import Scratch
from escalate.redact.handlers.archive_walk import Leaf, Walk
from escalate.redact.handlers.registry import FAILURES
from escalate.redact.handlers.text import HANDLER as TEXT
from escalate.redact.learn_config import SETTINGS, is_parsed, note_config
from escalate.redact.learn_hits import note_hit
from escalate.redact.learn_notes import Notes
from escalate.redact.learn_pieces import LearnTask, Search, found_in


@dataclass(frozen=True)
class ArchiveTask:
    """One archive of the evidence."""

    plain: Search
    settings: Search
    path: str
    where: str
    """What it is called in the evidence."""
    scratch: str
    """A private folder."""


def notes_of(task: ArchiveTask) -> Notes:
    """What is to be learned from it; of one that is damaged or a bomb, what came before that was noticed."""
    notes = Notes(own=task.plain.own)
    walk = Walk(Scratch(Path(task.scratch)), _is_text)
    # what cannot be unpacked here cannot be redacted either, and is withheld then, with the reason
    with contextlib.suppress(*FAILURES):
        for leaf in walk.leaves(Path(task.path), PurePosixPath(task.where)):
            _note_leaf(task, leaf, notes)
    return notes


def _is_text(kind: Kind) -> bool:
    return kind in TEXT.kinds


def _note_leaf(task: ArchiveTask, leaf: Leaf, notes: Notes) -> None:
    where = leaf.name.as_posix()
    if is_parsed(leaf.kind, where, leaf.place.stat().st_size):
        note_config(leaf.place, where, notes)
    search = task.settings if leaf.kind in SETTINGS else task.plain
    for label, value in found_in(LearnTask(search, str(leaf.place))):
        note_hit(label, value, notes, leaf.name.name)
