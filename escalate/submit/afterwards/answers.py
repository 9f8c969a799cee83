"""An ask against what is in hand: the file, line and hash that answer it, or the command that would get it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escalate.model.redaction import Sealed, Withheld
from escalate.model.submission import FILE_BYTES
from escalate.submit.afterwards.holdings import Holdings, Member
from escalate.submit.asks import Ask, AskKind, answers_to

SHOWN = 3
"""Files of one ask, and lines of one file, that are shown."""
TO_ANSWER = "[TO BE ANSWERED BY YOU"
"""Begins what a suggested reply leaves open; a message that still holds it is not sent."""


@dataclass(frozen=True, slots=True)
class InHand:
    """One file that answers an ask."""

    path: str
    kind: str
    size: int
    """Bytes."""
    sha256: str | None
    lines: tuple[int, ...]
    """Cited by triage."""
    member: Member | None
    """Where it stands in a zip of the case."""
    sent: bool
    """Whether the ticket has that zip."""
    withheld: str | None = None
    """Why it may not leave as it is."""
    how_to_get: str | None = None

    @property
    def is_big(self) -> bool:
        """Whether it goes to support by the secure upload link only."""
        return self.withheld is None and self.member is None and self.size > FILE_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """What can be said to one thing that was asked for."""

    kind: AskKind
    in_hand: tuple[InHand, ...] = ()
    more: int = 0
    """Files beyond those shown."""
    commands: tuple[str, ...] = ()
    """That would get it, best first."""
    facts: tuple[str, ...] = ()
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """One sentence of the engineer, with an answer for each thing it asks for; none: nobody here can name it."""

    ask: Ask
    answers: tuple[Answer, ...]


def answers(asks: Sequence[Ask], holdings: Holdings) -> tuple[Answered, ...]:
    """What is in hand for each ask. Nothing is claimed where a word was not recognised."""
    return tuple(Answered(ask, tuple(_answer(kind, holdings) for kind in ask.kinds)) for ask in asks)


def reply_text(answered: Sequence[Answered]) -> str:
    """A reply to begin with; what only a person knows is marked as open."""
    lines = ["Hello,", ""]
    for number, each in enumerate(answered, 1):
        lines.append(f'{number}. "{each.ask.text}"')
        said = [line for answer in each.answers for line in _said(answer)] or [f"{TO_ANSWER}: not recognised]"]
        lines += [f"   {line}" for line in said] + [""]
    lines.append("All times are UTC. Names and addresses are pseudonyms; secrets were masked before we sent anything.")
    return "\n".join(lines) + "\n"


def is_open(text: str) -> bool:
    """Whether a suggested reply was not finished."""
    return TO_ANSWER in text


def _answer(kind: AskKind, holdings: Holdings) -> Answer:
    items = [item for item in holdings.items if answers_to(kind, item.kind.value, item.path)]
    found = sorted(
        (_in_hand(item, holdings) for item in items),
        key=lambda each: (each.withheld is not None, not each.lines, each.path),
    )
    facts = tuple(_facts(kind.fact, holdings)) if kind.fact else ()
    person = kind.person
    if kind.fact and not facts:
        person = "The case does not say: answer it yourself."
    if kind.by_hand and not found:
        person = f"It is got by hand: {kind.by_hand}."
    commands = () if found else tuple(_commands(kind, holdings))
    if not (found or facts or commands or person):
        person = "Nothing in hand answers it, and no collector gets it here."
    return Answer(
        kind=kind,
        in_hand=tuple(found[:SHOWN]),
        more=max(0, len(found) - SHOWN),
        commands=commands,
        facts=facts,
        person=person,
    )


def _in_hand(item: Sealed | Withheld, holdings: Holdings) -> InHand:
    member = holdings.members.get(item.artifact)
    lines = tuple(
        dict.fromkeys(each.line for each in holdings.evidence if each.artifact == item.artifact and each.line)
    )
    return InHand(
        path=item.path,
        kind=item.kind.value,
        size=item.size,
        sha256=item.sha256,
        lines=lines[:SHOWN],
        member=member,
        sent=member is not None and member.bundle in holdings.sent,
        withheld=item.reason if isinstance(item, Withheld) else None,
        how_to_get=item.how_to_get if isinstance(item, Withheld) else None,
    )


def _commands(kind: AskKind, holdings: Holdings) -> Iterator[str]:
    """Into a case of its own: a case keeps the evidence it was opened for."""
    getters = (kind.collect or {}).get(holdings.platform or "", ())
    for getter in getters:
        words = ["escalate", "build", holdings.target, "--only", getter.collector]
        yield shlex.join([*words, *(["--include", getter.include] if getter.include else [])])


def _facts(fact: str, holdings: Holdings) -> Iterator[str]:
    incident, target = holdings.incident, holdings.incident.target
    match fact:
        case "zone":
            yield "All times we sent, in messages and files, are UTC."
        case "window" if incident.window:
            window = incident.window
            yield f"From {window.start:%Y-%m-%d %H:%M:%S} to {window.end:%Y-%m-%d %H:%M:%S} UTC."
        case "instance" if target.instances or target.instance_ids:
            names = dict.fromkeys((*target.instances, *target.instance_ids))
            yield (
                "; ".join(
                    f"{name} (instance id {target.instance_ids[name]})" if name in target.instance_ids else name
                    for name in names
                )
                + "."
            )
        case "resource" if target.resource_id:
            yield f"Resource id {target.resource_id}."
        case "plan" if target.sku or target.region:
            yield (
                ", ".join([*([f"SKU {target.sku}"] if target.sku else []), *([target.region] if target.region else [])])
                + "."
            )
        case "runtime" if target.runtime or target.os:
            yield ", ".join(each for each in (target.runtime, target.os) if each) + "."
        case "changes":
            for event in holdings.changes[:SHOWN]:
                yield f"{event.ts_utc:%Y-%m-%d %H:%M:%S} UTC: {event.title.rstrip('.')}."
        case "impact" if incident.impact.strip():
            yield incident.impact.strip()
        case _:
            return


def _said(answer: Answer) -> Iterator[str]:
    title = answer.kind.title[:1].upper() + answer.kind.title[1:]
    yield from (f"{title}: {fact}" for fact in answer.facts)
    for each in answer.in_hand:
        yield f"{title}: {_where(each)}"
    if answer.more:
        yield f"{title}: {answer.more} more files of this kind are listed in the manifest."
    if answer.in_hand or answer.facts:
        return
    if answer.kind.id == "kernel-dump" and answer.person:
        yield f"{title}: we cannot take it. {answer.person}"
    elif answer.commands:
        yield f"{title}: {TO_ANSWER}: not in hand yet; collect it first, or say why it cannot be had]"
    else:
        yield f"{title}: {TO_ANSWER}]"


def _where(each: InHand) -> str:
    size = f"{each.size:,} bytes" + (f", SHA-256 {each.sha256}" if each.sha256 else "")
    lines = f", see line{'s' if len(each.lines) > 1 else ''} {', '.join(map(str, each.lines))}" if each.lines else ""
    if each.withheld is not None:
        return (
            f"we have {each.path} ({size}), and it does not leave as it is: {each.withheld}. It can be looked at"
            " together, or go by a secure upload if the owner of the data agrees."
        )
    if each.member is not None:
        there = "attached" if each.sent else f"{TO_ANSWER}: attach it first]"
        return f"{each.member.path} in {each.member.bundle}{lines} (SHA-256 {each.member.sha256}), {there}"
    if each.is_big:
        return (
            f"we have {each.path} ({size}){lines}; it is too big for the ticket: please send a link for a secure upload"
        )
    return f"we have {each.path} ({size}){lines}; {TO_ANSWER}: attach a bundle that holds it]"
