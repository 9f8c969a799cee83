"""custody.jsonl: appended to and never rewritten; whoever cuts, reorders or edits it breaks the chain."""

from __future__ import annotations

import getpass
import hashlib
import os
import platform
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from escalate import __version__
from escalate.case.store import FILE_MODE, Case
from escalate.errors import CaseError
from escalate.model.custody import FIRST, Action, CustodyEntry, CustodyRecord

FILE = "custody.jsonl"


def record(
    case: Case, action: Action, subject: str, sha256: str | None = None, *, now: datetime | None = None
) -> CustodyEntry:
    """Append one act of the present user, and make sure it is on disk; `now` is for tests.

    `subject` travels in the bundle: a file name of the case or the name of a ticket, never a text of the user.

    Raises:
        CaseError: the chain so far is damaged: nothing is added to it.
    """
    chain = read(case)
    salt = chain[0].salt if chain else secrets.token_hex(16)
    actor = _actor()
    blank = CustodyEntry(
        number=len(chain) + 1,
        case_id=case.document.id,
        at=now or datetime.now(UTC),
        action=action,
        subject=subject[:200],
        sha256=sha256,
        actor_id=hashlib.sha256(f"{salt}:{actor}".encode()).hexdigest()[:16],
        tool_version=__version__,
        previous=chain[-1].entry.digest if chain else FIRST,
        digest=FIRST,
    )
    entry = blank.model_copy(update={"digest": blank.true_digest()})
    _append(case, CustodyRecord(entry=entry, actor=actor, salt=salt))
    return entry


def read(case: Case) -> tuple[CustodyRecord, ...]:
    """The whole chain, oldest first.

    Raises:
        CaseError: a line is no entry, or the chain is broken.
    """
    place = case.root / FILE
    if not place.is_file():
        return ()
    try:
        records = tuple(CustodyRecord.model_validate_json(line) for line in place.read_bytes().splitlines())
    except ValidationError as error:
        raise CaseError(f"{place} holds a line that is no entry", hint=_KEEP_IT) from error
    if problem := break_in([each.entry for each in records]):
        raise CaseError(f"{place}: {problem}", hint=_KEEP_IT)
    return records


_KEEP_IT = "it was cut or edited: keep it as it is, and move it away to begin a new chain"


def break_in(entries: Iterable[CustodyEntry]) -> str | None:
    """Where a chain that begins at its first entry is broken, in words; None when it holds."""
    previous = FIRST
    for number, entry in enumerate(entries, start=1):
        if entry.number != number or entry.previous != previous:
            return f"an entry is missing or out of order before entry {entry.number}"
        if entry.digest != entry.true_digest():
            return f"entry {number} was edited"
        previous = entry.digest
    return None


def travelling(records: Sequence[CustodyRecord]) -> bytes:
    """The chain up to the last sealing, a JSON line each, without names of people: what a bundle carries.

    What happened later is about the bundles themselves, and would make each of them differ from the one before.
    """
    last = max((each.entry.number for each in records if each.entry.action == "sealed"), default=0)
    return b"".join(each.entry.model_dump_json().encode() + b"\n" for each in records[:last])


def _actor() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = "unknown"  # a container may run under a number that no user has
    return f"{user}@{platform.node() or 'unknown'}"


def _append(case: Case, line: CustodyRecord) -> None:
    handle = os.open(case.root / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, FILE_MODE)
    try:
        os.write(handle, line.model_dump_json().encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
