"""The few sentences that ticket, report and start page share: title, headline, and the verdict in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from escalate.draft import text
from escalate.draft.claims import LEFT_OUT, Said, blames, plain, sentences, zone
from escalate.draft.facts import Facts
from escalate.draft.wishes import TITLE
from escalate.model.base import EvidenceId
from escalate.model.finding import Finding, Precision


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict in words."""

    label: str
    meaning: str
    advice: str


RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        "customer": Ruling(
            "The evidence points to the application",
            "The cause can be found and mended from your side.",
            "Filing is likely unnecessary: nothing here waits for an answer that only Microsoft has. "
            "Do the next steps first; the ticket is drafted in case they do not help.",
        ),
        "undetermined": Ruling(
            "The evidence does not settle who can answer",
            "It neither explains the incident from the application's side nor rules that side out.",
            "Collect what is listed as missing first: it decides whether there is a question for Microsoft at all.",
        ),
        "microsoft": Ruling(
            "Only Microsoft can answer this",
            "No test on the application's side explains it, and the missing facts are not visible from there; "
            "what could not be tested is listed as such.",
            "The questions are closed, each with what was ruled out before asking it.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen, how often, where and when, and the evidence for it."""

    headline: Said
    numbers: Said
    """Empty, with the evidence, when nothing was found that counts."""
    evidence: tuple[EvidenceId, ...]


def ruling(facts: Facts) -> Ruling:
    """The verdict in words."""
    return RULINGS[facts.answerable_by]


def seen(facts: Facts) -> Seen:
    """What was seen, in numbers, from the most telling finding."""
    for finding in facts.findings:
        words = facts.speaker.say(text.capital(finding.title), 300)
        if words is LEFT_OUT:
            words = Said(f"Signature {text.clean(finding.rule, 20)} matched")
        return Seen(words, Said(_numbers(finding)), finding.evidence)
    return Seen(Said("No known signature that counts was found in the evidence"), Said(""), ())


def reason(facts: Facts, limit: int = text.SENTENCE) -> Said:
    """Why the verdict is so, without what the headline and the stated confidence say already; may be empty."""
    why = facts.speaker.say(text.sentence(facts.triage.verdict.why), 3 * limit)
    if why is LEFT_OUT:
        return Said(f"{why}.")
    titles = {one.title.casefold().rstrip(".") for one in facts.findings[:1]}
    kept = [
        part
        for part in sentences(plain(why))
        if part.casefold().rstrip(".") not in titles and not part.startswith("Confidence ")
    ]
    said = facts.speaker.say(" ".join(kept), limit)
    return said if said is not LEFT_OUT else Said(f"{said}.")


def bounds(facts: Facts) -> Said:
    """When it was first bad and last good, on one line; empty where nobody knows."""
    first, last = facts.timeline.first_bad, facts.timeline.last_good
    if first is None:
        return Said("")
    sign = facts.speaker.say(first.sentence.rstrip("."), 200)
    told = sign is LEFT_OUT or any(plain(sign).casefold().endswith(one.title.casefold()) for one in facts.findings[:1])
    what = "" if told else f" ({plain(sign)[:1].lower()}{plain(sign)[1:]})"
    good = f"; last good {text.moment(last.ts_utc, last.precision)}" if last else ""
    return zone(f"{text.moment(first.ts_utc, first.precision)}{what}{good}")


def title(facts: Facts, limit: int = TITLE) -> str:
    """The ticket's title, out of what was seen: finding, worker, time. Never the reporter's theory."""
    for finding in facts.findings:
        words = text.clean(text.capital(finding.title), 150)
        if facts.answerable_by != "microsoft" and blames(words):
            continue
        return _capped(words, _when_and_where(finding), limit)
    window = facts.window
    when = f", {text.span(window.start, window.end)}" if window else ""
    return _capped("App Service incident without a known signature in the evidence", when, limit)


def _numbers(finding: Finding) -> str:
    often = "once" if finding.hits == 1 else text.count(finding.hits, "time")
    words = [f"{often} on {_workers(finding)}" if finding.instances and not _is_told(finding) else often]
    if finding.first_utc and finding.last_utc:
        words.append(text.span(finding.first_utc, finding.last_utc))
    return ", ".join(words)


def _when_and_where(finding: Finding) -> str:
    words = [_workers(finding)] if finding.instances and not _is_told(finding) else []
    if finding.first_utc is not None:
        words.append(f"{'since' if finding.hits > 1 else 'at'} {text.moment(finding.first_utc, Precision.MINUTE)}")
    return f" ({', '.join(words)})" if words else ""


def _is_told(finding: Finding) -> bool:
    """Whether the title itself names a worker."""
    return any(name in finding.title for name in finding.instances)


def _workers(finding: Finding) -> str:
    return text.listed([text.clean(name, 64) for name in finding.instances], 2)


def _capped(words: str, where: str, limit: int) -> str:
    """Where and when stay whole as long as there is room for half of the words."""
    if len(words) + len(where) <= limit:
        return f"{words}{where}"
    if len(where) > limit // 2:
        where = ""
    room = limit - len(where)
    return f"{words[: room - 1].rstrip()}…{where}" if len(words) > room else f"{words}{where}"
