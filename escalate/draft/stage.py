"""The draft stage: ticket, report, start page and runbooks out of redacted documents, into `draft/`."""

from __future__ import annotations

import hashlib

from escalate import __version__
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.draft.blockers import check_evidence
from escalate.draft.facts import Facts, digests
from escalate.draft.report import make_report
from escalate.draft.runbook import runbooks
from escalate.draft.ticket import full_text, make_ticket, start_here
from escalate.model.observer import Observer
from escalate.model.redaction import RedactionDocument
from escalate.model.ticket import Ticket
from escalate.resources import templates

NAME = "draft"


def inputs(case: Case) -> str:
    """Digest of what the draft is made from: redacted documents, templates, and this program's version.

    Raises:
        CaseError: redaction has not run.
    """
    return case.digest([RedactionDocument], *digests(case), _templates_digest(), __version__)


def run(case: Case, observer: Observer) -> Ticket:
    """Write ticket.json, ticket.md, report.html, start-here.md, runbook/; all is rendered before anything is written.

    Raises:
        CaseError: redaction has not run.
        DraftDefect: a statement has no evidence or claims more than it shows; nothing was written.
    """
    digest = inputs(case)
    case.journal.begin(NAME, digest)
    facts = Facts.load(case)
    check_evidence(facts)
    with observer.task("ticket and report"):
        ticket = make_ticket(facts)
        pages = {
            "ticket.md": full_text(facts),
            "report.html": make_report(facts),
            "start-here.md": start_here(facts),
            **runbooks(facts),
        }
    case.clear(Room.DRAFT)
    for name, words in pages.items():
        with case.new_file(Room.DRAFT, name) as handle:
            handle.write(words.encode())
    case.write(ticket)
    case.journal.end(NAME, digest)
    return ticket


def _templates_digest() -> str:
    folder = templates()
    hasher = hashlib.sha256()
    for place in sorted(path for path in folder.rglob("*") if path.is_file()):
        hasher.update(f"{place.relative_to(folder).as_posix()}\0".encode())
        hasher.update(hashlib.sha256(place.read_bytes()).digest())
    return hasher.hexdigest()
