"""The loop before filing: what goes out, in full, and what a person says to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import click

from escalate.errors import EscalateError
from escalate.model.finding import Verdict
from escalate.model.manifest import BundleDocument
from escalate.model.redaction import RedactionDocument, Withheld
from escalate.submit.checks.check import Check
from escalate.submit.fields.consents import WHAT_IT_PERMITS
from escalate.submit.proposal import Proposal

Word = Literal["submit", "save", "cancel"]

_MARKS = {"ok": "ok", "warning": "note", "stop": "STOP", "unknown": "?"}
_WITHHELD = 40
_MENU = "[s]ubmit, edit [t]itle, edit te[x]t, show request [j]son, save and [q]uit, [c]ancel"


@dataclass(frozen=True)
class Surroundings:
    """What a reviewer sees beside the request."""

    verdict: Verdict
    redaction: RedactionDocument
    bundles: BundleDocument
    checks: Sequence[Check] = ()


@dataclass(frozen=True)
class Editing:
    """What the loop may do to the proposal; each gives the new one.

    Raises:
        EscalateError: the words hold a secret, or cannot be used.
    """

    title: Callable[[str], Proposal]
    text: Callable[[str], Proposal]


def loop(proposal: Proposal, around: Surroundings, editing: Editing) -> tuple[Word, Proposal]:
    """Show it, and ask until somebody decides; whatever is changed is shown and asked about again."""
    shown: str | None = None
    while True:
        if shown != proposal.request.digest():
            click.echo(as_text(proposal, around), err=True)
            shown = proposal.request.digest()
        match click.prompt(_MENU, err=True, type=str).strip().casefold()[:1]:
            case "s" if proposal.may_be_sent:
                return "submit", proposal
            case "s":
                click.echo("it cannot be sent as it is:\n" + "\n".join(objections(proposal)), err=True)
            case "t":
                proposal = _edited(
                    proposal, click.prompt("title", default=proposal.request.title, err=True), editing.title
                )
            case "x":
                words = click.edit(proposal.request.description, extension=".txt")
                proposal = proposal if words is None else _edited(proposal, words, editing.text)
            case "j":
                click.echo(as_json(proposal), err=True)
            case "q":
                return "save", proposal
            case "c":
                return "cancel", proposal
            case _:
                click.echo("one of the letters in brackets", err=True)


def _edited(proposal: Proposal, words: str, apply: Callable[[str], Proposal]) -> Proposal:
    try:
        return apply(words)
    except EscalateError as error:
        click.echo(f"not taken: {error.message}\nhint: {error.hint}", err=True)
        return proposal


def as_json(proposal: Proposal) -> str:
    """The body of the PUT."""
    return json.dumps(proposal.wire(), ensure_ascii=False, indent=1)


def objections(proposal: Proposal) -> list[str]:
    """What stands against it, a line each, with what to do."""
    found = [*proposal.unanswered, *(each for each in proposal.wrong if each.blocks)]
    return [f"  {each.field}: {each.sentence} ({each.hint})" for each in found]


def as_text(proposal: Proposal, around: Surroundings) -> str:
    """Everything that goes out, and what stays here."""
    lines = [*_head(proposal), *_attached(proposal, around), *_redacted(around), *_looks(proposal, around)]
    return "".join(_shown(char) for char in "\n".join(lines))


def _shown(char: str) -> str:
    """Nothing of evidence or of a server may steer the terminal."""
    return char if char.isprintable() or char in "\n\t" else "\ufffd"


def _head(proposal: Proposal) -> Iterator[str]:
    request = proposal.request
    contact, kind = request.contact, request.classification
    person = " ".join(part for part in (contact.first_name, contact.last_name) if part) or "(to be answered)"
    reach = ", ".join(part for part in (contact.email, contact.phone) if part)
    local = ", ".join(part for part in (contact.time_zone, contact.country, contact.language) if part)
    open_ = {each.field for each in proposal.unanswered}
    consent = "yes" if request.advanced_diagnostics else "no"
    yield "=== This goes to Microsoft ==="
    yield f"app         {request.resource_id}"
    yield f"ticket      {request.name}"
    yield f"severity    {request.severity}{', around the clock' if request.require_24x7 else ''}"
    yield f"began       {request.problem_start:%Y-%m-%d %H:%M:%S} UTC"
    yield f"service     {kind.service_name}"
    yield f"type        {kind.name}" + (f"  [{'; '.join(kind.reasons)}]" if kind.reasons else "")
    yield f"contact     {person}, by {contact.method or '?'}: {reach} ({local})"
    if request.copies_to:
        yield f"copies to   {', '.join(request.copies_to)}"
    yield f"diagnostics {'(to be answered)' if 'consent.advanced_diagnostics' in open_ else consent}. {WHAT_IT_PERMITS}"
    for each in request.secondary_consents:
        yield f"consent     {each.type}: {'yes' if each.given else 'no'}"
    yield f"\ntitle       {request.title}\n"
    yield from (f"  | {line}" for line in request.description.splitlines())
    yield ""


def _attached(proposal: Proposal, around: Surroundings) -> Iterator[str]:
    for upload in proposal.request.attachments:
        yield f"attached    {upload.name}  {upload.size:,} bytes  sha256 {upload.sha256}"
    if not proposal.request.attachments:
        yield "attached    nothing"
    sent = {each.sha256 for each in proposal.request.attachments}
    for bundle in around.bundles.bundles:
        if bundle.sha256 not in sent:
            yield f"stays here  {bundle.path}  {bundle.size:,} bytes"


def _redacted(around: Surroundings) -> Iterator[str]:
    report = around.redaction
    sealed = [each for each in report.items if not isinstance(each, Withheld)]
    withheld = [each for each in report.items if isinstance(each, Withheld)]
    places = f"{sum(report.totals.values()):,} places"
    yield f"redacted    {len(sealed)} files; {places}; {report.known_values} known secrets sought"
    yield from (
        f"            {count:>8,}  {rule}" for rule, count in sorted(report.totals.items(), key=lambda each: -each[1])
    )
    yield f"withheld    {len(withheld)} files"
    yield from (f"            {each.path}: {each.reason}" for each in withheld[:_WITHHELD])
    if len(withheld) > _WITHHELD:
        yield f"            and {len(withheld) - _WITHHELD} more; redaction.json lists them"


def _looks(proposal: Proposal, around: Surroundings) -> Iterator[str]:
    verdict = around.verdict
    yield f"verdict     {verdict.answerable_by} ({verdict.confidence} confidence): {verdict.why}"
    if verdict.answerable_by == "customer":
        yield "note        the evidence says that you can answer this yourself: ticket.md says how"
    for check in around.checks:
        yield f"{_MARKS[check.state]:<11} {check.text}" + (f" ({check.hint})" if check.hint else "")
    for each in proposal.wrong:
        if not each.blocks:
            yield f"note        {each.sentence} ({each.hint})"
    yield f"digest      {proposal.request.digest()}"
    if against := objections(proposal):
        yield "\nIt cannot be sent as it is:"
        yield from against
