"""Sends a message to a ticket, once: its name says what it is, and is looked for before every try."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalate.azure.failure import Why
from escalate.azure.support_failure import SupportFailure
from escalate.azure.support_values import Communication
from escalate.model.follow_up import NoteRecord
from escalate.model.ticket_names import communication_name
from escalate.submit.afterwards.following import Following

_OURS = re.compile(r"note-(?P<number>\d+)-[0-9a-f]{8}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said; both texts as they go over the wire."""

    subject: str
    body: str
    sender: str | None = None
    """E-mail address; the API asks service principals for it."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that the server has, or has taken."""

    note: NoteRecord
    news: bool
    """False: it was known to be there already, and nothing was sent."""

    @property
    def is_confirmed(self) -> bool:
        """Whether it was read back."""
        return self.note.sent_at is not None


def post(following: Following, message: Message, *, again: bool = False) -> Posted:
    """Send it, unless the ticket has it; with `again` the same words are sent a second time.

    Raises:
        SupportFailure: the server refuses, or does not answer; the same call goes on with it later.
    """
    filing = following.filing
    there = {each.name.casefold(): each for each in filing.read(lambda: filing.support.communications(following.name))}
    begun = {each.name for each in following.record.notes}
    note = _note(following, message, there, again=again)
    if note.sent_at is not None:
        return Posted(note, news=False)
    if note.name.casefold() in there:  # of a run that was cut short, else of one whose record is lost
        return Posted(_confirmed(following, note), news=note.name in begun)
    tries = filing.tries()
    while True:
        try:
            return Posted(_send(following, note, message), news=True)
        except SupportFailure as failure:
            tries.wait_after(failure)
            note = _recorded(following, note)


def is_our_name(name: str) -> bool:
    """Whether a message is called as ours are."""
    return _OURS.fullmatch(name) is not None


def digest_of(following: Following, message: Message) -> str:
    """SHA-256 over case id, subject and body."""
    hasher = hashlib.sha256()
    for part in (following.record.case_id, message.subject, message.body):
        hasher.update(hashlib.sha256(part.encode()).digest())
    return hasher.hexdigest()


def _note(following: Following, message: Message, there: dict[str, Communication], *, again: bool) -> NoteRecord:
    """The record of these words: an earlier one, else a new one with the next number; written down."""
    digest = digest_of(following, message)
    known = [each for each in following.record.notes if each.digest == digest]
    if known and (known[-1].sent_at is None or not again):
        return known[-1]
    numbers = [each.number for each in following.record.notes]
    numbers += [int(match["number"]) for name in there if (match := _OURS.fullmatch(name))]
    same = [name for name in there if _OURS.fullmatch(name) and name.endswith(f"-{_mark(digest)}")]
    number = int(same[-1].split("-")[1]) if same and not again else max(numbers, default=0) + 1
    note = NoteRecord(
        number=number,
        name=communication_name(number, digest),
        subject=message.subject,
        digest=digest,
        intended_at=following.filing.now(),
    )
    following.note(f"about to send message {note.name}", note)
    return note


def _mark(digest: str) -> str:
    """What the name of a message of that digest ends with."""
    return communication_name(1, digest).rpartition("-")[2]


def _recorded(following: Following, note: NoteRecord) -> NoteRecord:
    """The same note as it stands on disk."""
    return next(each for each in following.record.notes if each.name == note.name)


def _send(following: Following, note: NoteRecord, message: Message) -> NoteRecord:
    """One try: look, PUT where nothing is there, watch, read back; not confirmed in time: as it then stands."""
    filing = following.filing
    settle = timedelta(seconds=filing.patience.settle_s)
    if note.operation is None:
        if note.put_at is not None and _there(following, note, until=note.put_at + settle):
            return _confirmed(following, note)  # of a PUT whose answer was lost
        note = _put(following, note, message)
    if note.operation is not None and not _ended(following, note, note.operation):
        return note
    if _there(following, note, until=filing.now() + settle):
        return _confirmed(following, note)
    return note


def _put(following: Following, note: NoteRecord, message: Message) -> NoteRecord:
    note = note.model_copy(update={"put_at": following.filing.now()})
    following.note(f"about to send message {note.name}", note)
    try:
        begun = following.filing.support.begin_communication(
            following.name, note.name, subject=message.subject, body=message.body, sender=message.sender
        )
    except SupportFailure as failure:
        if not failure.may_have_acted:
            following.note(f"the server did not take message {note.name}", note.model_copy(update={"put_at": None}))
        raise
    note = note.model_copy(update={"operation": begun.operation})
    following.note(f"the server took message {note.name}", note)
    return note


def _ended(following: Following, note: NoteRecord, url: str) -> bool:
    """Whether the operation has ended well; False: not in the time we wait.

    Raises:
        SupportFailure: it ended badly.
    """
    filing = following.filing
    until = filing.now() + timedelta(seconds=filing.patience.operation_s)
    while True:
        try:
            state = filing.read(lambda: filing.support.operation(url))
        except SupportFailure as failure:
            if failure.why is Why.MISSING or (failure.status or 0) in (400, 410):
                return True  # the operation is no longer known: the name of the message tells
            raise
        if state.is_over and state.status != "succeeded":
            ended = note.model_copy(update={"operation": None, "put_at": None})
            following.note(f"the server refused message {note.name} ({state.code or state.status})", ended)
            said = f"the server took the message and then refused it ({state.code or state.status}): {state.message}"
            raise SupportFailure(Why.FAILED, said.rstrip(": "), status=200, code=state.code)
        if state.is_over:
            return True
        if filing.now() >= until:
            return False
        filing.pulse.pause(min(state.retry_after_s or filing.patience.look_every_s, filing.patience.longest_wait_s))


def _there(following: Following, note: NoteRecord, until: datetime) -> bool:
    """Whether the ticket has the message; it is looked for at least once, and waited for until then."""
    filing = following.filing
    while True:
        if filing.read(lambda: filing.support.communication(following.name, note.name)) is not None:
            return True
        if filing.now() >= until:
            return False
        filing.pulse.pause(filing.patience.look_every_s)


def _confirmed(following: Following, note: NoteRecord) -> NoteRecord:
    if note.sent_at is None:
        note = note.model_copy(update={"sent_at": following.filing.now(), "operation": None})
        following.note(f"the ticket has message {note.name}", note)
    return note
