"""report.html: one page that needs nothing from outside, runs nothing, and holds at most some hundred kilobytes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from escalate.draft import environment, wording
from escalate.draft.blockers import blockers
from escalate.draft.chronicle import chronicle
from escalate.draft.claims import lint_html, plain
from escalate.draft.facts import Facts
from escalate.draft.measured import Series, samples_of
from escalate.draft.panels_svg import compared, panels
from escalate.draft.ticket import identity, reported
from escalate.draft.timeline_svg import draw
from escalate.draft.wishes import USUAL, DraftWishes
from escalate.model.base import ArtifactId, EvidenceId
from escalate.model.finding import Evidence, Finding

FINDINGS = 25
QUOTES = 4
"""Quoted lines below one finding."""
REGISTER = 40
"""Quoted lines that gates, questions and exclusions cite and no finding shows."""
ROWS = 120
"""Rows of the timeline's table."""
BARS = 8
"""Comparisons that are drawn; the others are told in words."""
LIST = 40
"""Entries of any other list."""
FILES = 150
KINDS = 8
"""Kinds of replacement named in one row."""


@dataclass(frozen=True, slots=True)
class Card:
    """One finding with the lines quoted below it; a line is quoted once on the page."""

    finding: Finding
    quotes: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """What the page has besides documents: numbers out of sealed files, and where those files stand."""

    metrics: tuple[Series, ...] = ()
    links: Mapping[ArtifactId, str] = field(default_factory=dict)
    """Path of a file relative to the page."""
    is_in_zip: bool = False
    """A zip may leave out or cut what the page links to."""


_NOTHING = Beside()


def make_report(facts: Facts, beside: Beside = _NOTHING, wishes: DraftWishes = USUAL) -> str:
    """The page.

    Raises:
        DraftDefect: the text would claim more than the evidence shows, or cites nothing.
    """
    cards = tuple(_cards(facts))
    quoted = {item.id for card in cards for item in card.quotes}
    register = tuple(_register(facts, quoted))
    paper = environment.html(facts, quoted | {item.id for item in register}, beside.links, wishes.templates)
    style = environment.source(paper, "report/report.css")
    picture = draw(facts.timeline, facts.window)
    series = (*beside.metrics, *samples_of(facts))
    charts, charts_left_out = panels(series, facts.sick, facts.window)
    page = environment.render(
        paper,
        "report/report.html.j2",
        facts=facts,
        ruling=wording.ruling(facts),
        seen=wording.seen(facts),
        title=wording.title(facts, wishes.title_limit),
        reason=wording.reason(facts, 1500),
        blockers=blockers(facts),
        reported=reported(facts),
        identity=tuple(identity(facts)),
        cards=cards,
        register=register,
        picture=picture,
        is_in_zip=beside.is_in_zip,
        charts=charts,
        charts_left_out=charts_left_out,
        compared=compared(series, facts.sick),
        rows=chronicle(facts.timeline, facts.window, ROWS),
        policy=_policy(style),
        limits={"findings": FINDINGS, "bars": BARS, "list": LIST, "files": FILES, "kinds": KINDS},
    )
    lint_html(page, facts.answerable_by, where="report.html")
    return plain(page)


def _cards(facts: Facts) -> Iterable[Card]:
    shown: set[EvidenceId] = set()
    for finding in facts.findings[:FINDINGS]:
        fresh = facts.telling([one for one in finding.evidence if one not in shown], QUOTES)
        shown.update(item.id for item in fresh)
        yield Card(finding, fresh)


def _register(facts: Facts, quoted: set[EvidenceId]) -> Iterable[Evidence]:
    """What else is cited, once each, in the order of the page."""
    cited: list[EvidenceId] = []
    for question in facts.questions:
        cited += question.evidence
    for gate in facts.triage.verdict.gates:
        cited += gate.evidence
    for bound in (facts.timeline.last_good, facts.timeline.first_bad):
        cited += bound.evidence[: environment.CITES] if bound else ()
    for one in facts.comparisons[:LIST]:
        cited += one.evidence[: environment.CITES]
    for entry in facts.exclusions[:LIST]:
        cited += entry.evidence[: environment.CITES]
    for finding in facts.set_aside[:LIST]:
        cited += finding.evidence[: environment.CITES]
    others = [one for one in dict.fromkeys(cited) if one not in quoted]
    return facts.cited(others[:REGISTER])


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
