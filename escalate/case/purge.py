"""Deletes what must not outlive the case, and replaces what names it by the redacted copies."""

from __future__ import annotations

import shutil

from escalate.case import custody
from escalate.case.forget_contact import forget_contact
from escalate.case.layout import DOCUMENT_PATHS, JOURNAL, SEALED_JOURNAL, SEALED_PATHS, Room
from escalate.case.private import KNOWN
from escalate.case.store import Case


def purge(case: Case, *, everything: bool = False) -> tuple[str, ...]:
    """Delete raw evidence, raw findings and known secret values; keep bundles, receipts and the map of pseudonyms.

    With `everything` nothing of the case is left. Returns what was deleted, as names below the case folder.
    """
    with case.locked():
        gone = [str(room) for room in (Room.EVIDENCE, Room.SCRATCH) if _remove_tree(case, room)]
        known = case.path(Room.PRIVATE, KNOWN)
        if known.exists():
            known.unlink()
            gone.append(f"{Room.PRIVATE}/{KNOWN}")
        gone += _replace_by_sealed(case)
        gone += forget_contact(case)
        _remove_tree(case, Room.SCRATCH)
        for bug in sorted(case.root.glob("escalate-bug-*.txt")):
            bug.unlink()
            gone.append(bug.name)
        if not everything:
            custody.record(case, "purged", "evidence")
    if everything:
        shutil.rmtree(case.root)
        gone.append(str(case.root))
    return tuple(gone)


def _remove_tree(case: Case, room: Room) -> bool:
    folder = case.path(room)
    if not folder.exists():
        return False
    shutil.rmtree(folder)
    return True


def _replace_by_sealed(case: Case) -> list[str]:
    """Raw documents quote raw lines; their redacted copies tell the same story."""
    replaced = []
    for kind, sealed in SEALED_PATHS.items():
        copy, raw = case.path(Room.REDACTED, sealed), case.root / DOCUMENT_PATHS[kind]
        if not raw.exists():
            continue
        if copy.exists():
            case.write(case.read_sealed(kind))
            replaced.append(f"{DOCUMENT_PATHS[kind]} (the redacted copy stands in its place)")
        elif raw.parent != case.root:
            raw.unlink()
            replaced.append(str(DOCUMENT_PATHS[kind]))
    journal = case.path(Room.REDACTED, SEALED_JOURNAL)
    if journal.exists():
        case.replace_journal(journal.read_bytes())
        case.journal.note("purge", "raw evidence and known secret values were deleted")
        replaced.append(f"{JOURNAL} (the redacted copy stands in its place)")
    return replaced
