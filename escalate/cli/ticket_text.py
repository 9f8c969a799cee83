"""A ticket's standing for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from escalate.model.follow_up import FollowUp
from escalate.model.incident import Severity
from escalate.submit.afterwards.answers import Answer, Answered, InHand
from escalate.submit.afterwards.secure_upload import BigFile, checklist
from escalate.submit.afterwards.status import Standing
from escalate.submit.fields.severity import LETTERS
from escalate.submit.receipts import CONFIRM_CONSENT

SCHEMA = "escalate.ticket-status/v1"
SECURE_UPLOAD = "a link for a secure upload has come"


@dataclass(frozen=True, slots=True)
class Seen:
    """All that `ticket status` shows."""

    case: str
    standing: Standing
    asks: tuple[Answered, ...]
    big: tuple[BigFile, ...]
    links: tuple[str, ...]
    """Fingerprints of upload links that came."""
    record: FollowUp
    packet: str | None = None
    """The packet for a secure upload, where the draft has one."""


def as_data(seen: Seen) -> dict[str, Any]:
    """For `--format json`."""
    return {
        "schema": SCHEMA,
        "case": seen.case,
        "ticket": seen.standing.model_dump(mode="json"),
        "open_asks": [
            {"text": each.ask.text, "answers": [_answer_data(answer) for answer in each.answers]} for each in seen.asks
        ],
        "secure_upload": {
            "links_received": list(seen.links),
            "files": [asdict(each) for each in seen.big],
            "packet": seen.packet,
        },
        "messages": [
            {"name": each.name, "subject": each.subject, "sent_at": _iso(each.sent_at)} for each in seen.record.notes
        ],
        "files": [
            {
                "name": each.name or each.upload.name,
                "size": each.upload.size,
                "sha256": each.upload.sha256,
                "sent_at": _iso(each.sent_at),
            }
            for each in seen.record.deliveries
        ],
        "pending": list(pending(seen)),
        "reminders": list(_reminders(seen)),
    }


def as_text(seen: Seen, now: datetime) -> str:
    """For a person."""
    one = seen.standing
    lines = [
        f"ticket    {one.number or '(no number yet)'} ({one.name}), {one.status}, severity {_severity(one.severity)}",
        f"title     {one.title}",
        f"filed     {_at(one.filed_at)}, {one.service or '?'}: {one.classification or '?'}",
        f"engineer  {one.engineer or 'nobody has taken it yet'}",
        f"answer    {_first_answer(one)}",
        f"turn      {_turn(one, now)}",
        f"waited    {one.on_support_h:.1f} h on support, {one.on_you_h:.1f} h on you; {_times(one.rounds, 'round')}",
        f"messages  {one.from_support} of support, {one.from_us} of yours",
        f"consent   advanced diagnostics: {one.advanced_diagnostics or 'unknown'}",
    ]
    if seen.asks:
        lines += ["", "open asks"]
        for number, each in enumerate(seen.asks, 1):
            lines += [f'  {number}. "{each.ask.text}"', *_answered(each)]
    if seen.big:
        lines += ["", f"too big for the ticket ({_times(len(seen.big), 'file')}), by secure upload only"]
        lines += [f"  - {step}" for step in checklist(seen.big)]
        lines += [f"  the list for it: {seen.packet}"] if seen.packet else []
    lines += [f"pending   {each}" for each in pending(seen)]
    if seen.links:
        lines.append(f"link      {SECURE_UPLOAD} ({', '.join(seen.links)}): take it from the mail or the portal")
    lines += ["", *(f"remember  {each}" for each in _reminders(seen))]
    if seen.asks:
        lines.append(f"next      escalate ticket reply --case {seen.case} --suggest")
    return "\n".join(lines).rstrip()


def pending(seen: Seen) -> Iterator[str]:
    """What of ours the server has not confirmed."""
    if seen.standing.number is None:
        yield "the ticket has no number yet"
    for note in seen.record.notes:
        if note.sent_at is None:
            yield f"message {note.name} is not confirmed: give the same reply again"
    for each in seen.record.deliveries:
        if each.sent_at is None:
            yield f"file {each.upload.name} is not confirmed: attach it again"


def _reminders(seen: Seen) -> Iterator[str]:
    if seen.standing.status != "closed":
        yield CONFIRM_CONSENT


def _answered(each: Answered) -> Iterator[str]:
    if not each.answers:
        yield "       not recognised: read the message, and answer it yourself"
    for answer in each.answers:
        yield f"     {answer.kind.title}"
        yield from (f"       answer    {fact}" for fact in answer.facts)
        yield from (f"       in hand   {_hand(one)}" for one in answer.in_hand)
        if answer.more:
            yield f"       in hand   {answer.more} more"
        yield from (f"       to get it {command}" for command in answer.commands)
        if answer.person and not answer.in_hand:
            yield f"       you       {answer.person}"


def _hand(one: InHand) -> str:
    lines = f":{','.join(map(str, one.lines))}" if one.lines else ""
    said = f"{one.path}{lines}, {one.size:,} bytes"
    if one.sha256:
        said += f", sha256 {one.sha256[:16]}..."
    if one.withheld is not None:
        return f"{said}; withheld: {one.withheld}"
    if one.member is not None:
        return f"{said}; {one.member.path} in {one.member.bundle}, {'sent' if one.sent else 'not sent'}"
    return f"{said}; in no bundle"


def _answer_data(answer: Answer) -> dict[str, Any]:
    return {
        "id": answer.kind.id,
        "title": answer.kind.title,
        "facts": list(answer.facts),
        "in_hand": [asdict(each) for each in answer.in_hand],
        "more": answer.more,
        "commands": list(answer.commands),
        "person": answer.person,
    }


def _first_answer(one: Standing) -> str:
    if one.first_answer_at is not None and one.filed_at is not None:
        after = (one.first_answer_at - one.filed_at).total_seconds() / 3600
        return f"came {after:.1f} h after filing" + (
            f", was due by {_at(one.answer_due_at)}" if one.answer_due_at else ""
        )
    return f"due by {_at(one.answer_due_at)}" if one.answer_due_at else "none yet"


def _turn(one: Standing, now: datetime) -> str:
    if one.turn is None or one.turn_since is None:
        return "nobody's: it is closed; a message opens it again (escalate ticket reopen)"
    hours = max(0.0, (now - one.turn_since).total_seconds() / 3600)
    return f"{'yours' if one.turn == 'you' else 'support'}, since {_at(one.turn_since)} ({hours:.1f} h)"


def _severity(word: str | None) -> str:
    known = word if word in set(Severity) else None
    return f"{LETTERS[Severity(known)]} ({known})" if known else str(word or "unknown")


def _times(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "?"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def suggested(answered: Sequence[Answered], text: str) -> dict[str, Any]:
    """A suggested reply for `--format json`."""
    return {
        "schema": "escalate.ticket-suggestion/v1",
        "text": text,
        "asks": [
            {"text": each.ask.text, "answers": [_answer_data(answer) for answer in each.answers]} for each in answered
        ],
    }
