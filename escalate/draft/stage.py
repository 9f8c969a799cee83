"""The draft stage: ticket, report, start page and runbooks out of redacted documents, into `draft/`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping

from escalate import __version__
from escalate.case.layout import RESERVED_BELOW_REDACTED, Room
from escalate.case.store import Case
from escalate.draft.blockers import check_evidence
from escalate.draft.facts import Facts, digests
from escalate.draft.handoff import packets
from escalate.draft.measured import metrics_of
from escalate.draft.report import Beside, make_report
from escalate.draft.runbook import runbooks
from escalate.draft.ticket import full_text, make_ticket, start_here
from escalate.draft.wishes import USUAL, DraftWishes
from escalate.model.base import ArtifactId
from escalate.model.observer import Observer
from escalate.model.redaction import RedactionDocument, Sealed, Withheld
from escalate.model.ticket import Ticket
from escalate.resources import templates

NAME = "draft"
REPORT = "report.html"
REPORT_IN_ZIP = "report-in-zip.html"
"""The same page with links to the files as a bundle names them, instead of to the sealed files of the case."""

Namer = Callable[[Iterable[Sealed | Withheld]], Mapping[ArtifactId, str]]
"""Says under which name a bundle will have each artifact."""


def inputs(case: Case) -> str:
    """Digest of what the draft is made from: redacted documents, templates, and this program's version.

    Raises:
        CaseError: redaction has not run.
    """
    return case.digest([RedactionDocument], *digests(case), _templates_digest(), __version__)


def run(case: Case, observer: Observer, names: Namer = lambda items: {}, wishes: DraftWishes = USUAL) -> Ticket:
    """Write ticket, report, start page, packets and runbooks; everything is rendered before anything is written.

    What was wished is no input: a later `escalate build` leaves a draft that was wished otherwise as it is.

    Raises:
        CaseError: redaction has not run.
        UsageError: a packet that does not exist.
        ConfigError: a template of the user's is broken.
        DraftDefect: a statement has no evidence or claims more than it shows; nothing was written.
    """
    digest = inputs(case)
    case.journal.begin(NAME, digest)
    facts = Facts.load(case)
    check_evidence(facts)
    with observer.task("ticket and report"):
        ticket = make_ticket(facts, wishes)
        metrics = metrics_of(case)
        pages = {
            "ticket.md": full_text(facts, wishes),
            REPORT: make_report(facts, Beside(metrics, _in_case(facts)), wishes),
            REPORT_IN_ZIP: make_report(facts, Beside(metrics, _in_zip(facts, names), is_in_zip=True), wishes),
            "start-here.md": start_here(facts, wishes),
            **{packet_path(name): words for name, words in packets(facts, wishes).items()},
            **runbooks(facts),
        }
    case.clear(Room.DRAFT)
    for name, words in pages.items():
        with case.new_file(Room.DRAFT, name) as handle:
            handle.write(words.encode())
    case.write(ticket)
    case.journal.end(NAME, digest)
    return ticket


def packet_path(name: str) -> str:
    """Where a packet stands, below `draft/`."""
    return f"handoff/{name}.md"


def _in_case(facts: Facts) -> dict[ArtifactId, str]:
    """From `draft/` to the sealed files; those that stand packed cannot be opened by a browser."""
    return {one.artifact: f"../{Room.REDACTED}/{one.path}" for one in facts.sealed if one.packed is None}


def _in_zip(facts: Facts, names: Namer) -> dict[ArtifactId, str]:
    items = [one for one in facts.redaction.items if one.path.split("/")[0] not in RESERVED_BELOW_REDACTED]
    named = names(items)
    return {one.artifact: named[one.artifact] for one in facts.sealed if one.artifact in named}


def _templates_digest() -> str:
    folder = templates()
    hasher = hashlib.sha256()
    for place in sorted(path for path in folder.rglob("*") if path.is_file()):
        hasher.update(f"{place.relative_to(folder).as_posix()}\0".encode())
        hasher.update(hashlib.sha256(place.read_bytes()).digest())
    return hasher.hexdigest()
