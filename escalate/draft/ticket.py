"""ticket.json and ticket.md: the portal's fields, and the full text that travels in the zip."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from jinja2.sandbox import ImmutableSandboxedEnvironment

from escalate.draft import environment, wording
from escalate.draft.blockers import blockers
from escalate.draft.chronicle import CHANGES, RANK, chronicle
from escalate.draft.claims import Said, lint, plain
from escalate.draft.facts import Facts
from escalate.draft.wishes import USUAL, DraftWishes
from escalate.model.base import CaseId
from escalate.model.kind import Kind
from escalate.model.redaction import Sealed
from escalate.model.ticket import Ticket

ESSENTIALS = 1500
"""Characters at the start of the description that stand alone: what a reader of a ticket list sees."""
LEAST_DETAILS = 400
"""Characters below which details would say nothing."""

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_PLAINER = str.maketrans(
    {"…": "...", "×": "x", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " "}
)

RECORDS_CHANGES = (Kind.ACTIVITY_LOG, Kind.PLATFORM_LOG, Kind.EVENT_LOG, Kind.RESOURCE_HEALTH, Kind.SERVICE_HEALTH)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of each list is shown."""

    findings: int
    timeline: int
    exclusions: int
    missing: int
    remedies: int
    gaps: int
    files: int
    withheld: int
    questions: int = 5
    words: int = 600
    categories: tuple[str, ...] = tuple(RANK)


FULL = Limits(findings=12, timeline=40, exclusions=40, missing=20, remedies=12, gaps=30, files=40, withheld=40)

_TELLING = tuple(one for one in RANK if one not in ("sample", "our footprint"))
_LEANER = tuple(
    replace(limits, categories=_TELLING)
    for limits in (
        Limits(findings=5, timeline=14, exclusions=12, missing=8, remedies=8, gaps=0, files=6, withheld=6),
        Limits(findings=3, timeline=8, exclusions=8, missing=6, remedies=6, gaps=0, files=3, withheld=3, words=400),
        Limits(findings=2, timeline=5, exclusions=5, missing=4, remedies=4, gaps=0, files=0, withheld=2, words=260),
        Limits(findings=1, timeline=0, exclusions=2, missing=2, remedies=2, gaps=0, files=0, withheld=0, words=160),
    )
)
_BRIEFER = (
    Limits(findings=1, timeline=0, exclusions=0, missing=5, remedies=4, gaps=0, files=0, withheld=0, words=500),
    Limits(findings=1, timeline=0, exclusions=0, missing=3, remedies=3, gaps=0, files=0, withheld=0, words=240),
    Limits(findings=1, timeline=0, exclusions=0, missing=2, remedies=2, gaps=0, files=0, withheld=0, words=130),
    Limits(
        findings=1, timeline=0, exclusions=0, missing=1, remedies=1, gaps=0, files=0, withheld=0, questions=3, words=90
    ),
)


@dataclass(frozen=True, slots=True)
class Reported:
    """What the reporter wrote, as far as it may be repeated."""

    title: Said
    symptom: Said
    impact: Said
    cut: bool
    """Sentences that name a cause the evidence does not bear out are left out."""


def make_ticket(facts: Facts, wishes: DraftWishes = USUAL) -> Ticket:
    """The fields of the ticket; consent and contact are never filled in here.

    Raises:
        DraftDefect: the text would claim more than the evidence shows.
    """
    incident = facts.case.incident
    name = wording.title(facts, wishes.title_limit)
    lint(name, facts.answerable_by, where="the ticket's title")
    return Ticket(
        case_id=facts.case.id,
        name=ticket_name(facts.case.id),
        title=name,
        description=description(facts, wishes),
        severity=incident.severity,
        resource_id=incident.target.resource_id,
        problem_start=facts.problem_start,
        advanced_diagnostics=incident.consent.advanced_diagnostics,
        blockers=blockers(facts),
    )


def ticket_name(case_id: CaseId) -> str:
    """The resource name: the case id in the characters the API takes; the same case never gets another."""
    name = re.sub(r"[^A-Za-z0-9_-]", "-", case_id)[:59]
    return name if re.match(r"[A-Za-z][A-Za-z0-9_-]{2}", name) else f"esc-{name}"


def description(facts: Facts, wishes: DraftWishes = USUAL) -> str:
    """Plain text for the portal, as long as is wished at most; the first `ESSENTIALS` characters stand alone."""
    text = environment.plain_text(facts, wishes.templates)
    essentials = _fitting(facts, text, "ticket/essentials.txt.j2", _BRIEFER, min(ESSENTIALS, wishes.description_limit))
    room = wishes.description_limit - len(essentials) - 1
    if room < LEAST_DETAILS:
        return essentials
    asked = all(one.text in essentials for one in facts.questions)
    details = _fitting(facts, text, "ticket/details.txt.j2", _LEANER, room, asked=asked)
    return f"{essentials}\n{details}"


def full_text(facts: Facts, wishes: DraftWishes = USUAL) -> str:
    """ticket.md."""
    paper = environment.markdown(facts, wishes.templates)
    words = environment.render(paper, "ticket/ticket.md.j2", **context(facts, FULL))
    lint(words, facts.answerable_by, where="ticket.md")
    return plain(words)


def start_here(facts: Facts, wishes: DraftWishes = USUAL) -> str:
    """The page that a support engineer opens first."""
    paper = environment.markdown(facts, wishes.templates)
    words = environment.render(paper, "start/start-here.md.j2", **context(facts, FULL))
    lint(words, facts.answerable_by, where="start-here.md")
    return plain(words)


def reported(facts: Facts) -> Reported:
    """The reporter's title, symptom and impact; not a finding."""
    incident = facts.case.incident
    said = [facts.speaker.reported(words) for words in (incident.title, incident.symptom, incident.impact)]
    (title, _), (symptom, _), (impact, _) = said
    if symptom.startswith(title):
        title = Said("")  # said again as the symptom's first sentence
    return Reported(title, symptom, impact, any(cut for _, cut in said))


def _fitting(
    facts: Facts,
    text: ImmutableSandboxedEnvironment,
    template: str,
    tries: tuple[Limits, ...],
    room: int,
    **more: object,
) -> str:
    """The fullest rendering that fits; the leanest, cut at a line, when none does."""
    words = ""
    for limits in tries:
        rendered = environment.render(text, template, **context(facts, limits), **more)
        lint(rendered, facts.answerable_by, where="the ticket's description")
        words = _portable(plain(rendered))
        if len(words) <= room:
            return words
    return _cut(words, room)


def _portable(words: str) -> str:
    """Characters that pass through forms and mails unharmed, and nothing that a page would take for a tag."""
    return _TAG.sub("< ", words.translate(_PLAINER))


def _cut(words: str, room: int) -> str:
    note = "[cut here; 00-report.html has it all]\n"
    kept = words[: room - len(note)]
    return kept[: kept.rfind("\n") + 1] + note


def context(facts: Facts, limits: Limits) -> dict[str, object]:
    """What every template of ticket and packets is given."""
    return {
        "facts": facts,
        "limits": limits,
        "ruling": wording.ruling(facts),
        "seen": wording.seen(facts),
        "title": wording.title(facts),
        "bounds": wording.bounds(facts),
        "blockers": blockers(facts),
        "reason": wording.reason(facts, limits.words),
        "reported": reported(facts),
        "timeline": chronicle(facts.timeline, facts.window, limits.timeline, limits.categories),
        "changes": chronicle(facts.timeline, facts.window, 20, CHANGES),
        "changed": chronicle(facts.timeline, facts.window, 20, ("deployment", "change")),
        "change_sources": sorted({one for one in map(_records_changes, facts.sealed) if one}),
        "identity": tuple(identity(facts)),
    }


def _records_changes(item: Sealed) -> str | None:
    """The name of a kind of evidence in which a deployment, a restart or a platform event would show."""
    if item.kind is Kind.LOG_TABLE and "platformlog" in item.path.lower():
        return "AppServicePlatformLogs"
    return item.kind.value if item.kind in RECORDS_CHANGES else None


def identity(facts: Facts) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What support needs to find the app on its side: name, and values or none when nobody told us."""
    target = facts.case.incident.target
    ids = target.instance_ids
    workers = [f"{name} (instance id {ids[name]})" if name in ids else name for name in facts.instances]
    workers += [f"{name} (instance id {value})" for name, value in ids.items() if name not in facts.instances]
    local = facts.collected.target.kind == "local"
    pids = sorted({one.pid for one in facts.collected.artifacts if one.pid is not None})
    yield "Resource id", (target.resource_id,) if target.resource_id else ()
    yield "Plan SKU", (target.sku,) if target.sku else ()
    yield "Operating system", (target.os,) if target.os else ()
    yield "Region", (target.region,) if target.region else ()
    yield "Runtime", (target.runtime,) if target.runtime else ()
    yield "Workers", tuple(workers)
    if target.sibling_apps:
        yield "Apps of the plan", target.sibling_apps
    if local:
        yield "Collected on", (facts.collected.host,)
    if pids:
        yield "Processes", (", ".join(f"pid {pid}" for pid in pids[:12]),)
    if facts.window:
        yield (
            "Incident window" if facts.case.incident.window else "Seen in the evidence",
            (f"{facts.window.start:%Y-%m-%d %H:%M:%S} to {facts.window.end:%Y-%m-%d %H:%M:%S} UTC",),
        )
