"""What of a case points to a problem classification: read from the sealed documents only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.model.case import CaseDocument
from escalate.model.exclusion import Exclusion, ExclusionsDocument
from escalate.model.finding import Finding, FindingsDocument, Verdict
from escalate.model.incident import Incident
from escalate.model.plan import Plan
from escalate.model.redaction import RedactionDocument, Sealed
from escalate.model.rule import Confidence, Role
from escalate.submit.fields.names import is_guid

DETECTOR_TOPICS = "detectors/support-topics.json"
"""Where `det.run` leaves the `supportTopicList` of every detector it asked."""

_MOST_BYTES = 4_000_000
_QUOTED = re.compile(
    r"(?<!\w)(?:'[^'\n]{2,160}'|\"[^\"\n]{2,160}\"|`[^`\n]{2,160}`|\u201c[^\u201d\n]{2,160}\u201d)(?!\w)"
)
"""A line that is quoted is what somebody wrote, not what is the case: 'Perhaps out of memory?' is no memory problem."""
_OF_STATE = {"critical": 4, "warning": 1}
_OF_CONFIDENCE = {Confidence.HIGH: 3, Confidence.MEDIUM: 2, Confidence.LOW: 1}
_VERDICT, _USER, _RULED_OUT = 3, 2, -4


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing that points somewhere."""

    text: str
    """What is searched for words."""
    said: str
    """What it is, for a person."""
    weight: int
    """Below zero: it speaks against what its words name."""
    ids: frozenset[str] = frozenset()
    """GUIDs of support topics that it names, in lower case."""


@dataclass(frozen=True, slots=True)
class Clues:
    """All that is known of a case for this purpose."""

    os: str | None
    kind: str = ""
    """The site's own `kind`: `functionapp,linux`."""
    clues: tuple[Clue, ...] = field(default=())


def clues_of(
    incident: Incident,
    findings: FindingsDocument | None,
    detectors: object = (),
    kind: str = "",
    exclusions: Sequence[Exclusion] = (),
) -> Clues:
    """`detectors` is the JSON of support-topics.json: detector, state and supportTopicList of each."""
    found = [*_of_user(incident), *_of_detectors(detectors)]
    if findings is not None:
        found += [*_of_verdict(findings.verdict), *_of_findings(findings.findings)]
    found += _of_exclusions(exclusions)
    return Clues(os=incident.target.os, kind=kind, clues=tuple(found))


def read_clues(case: Case) -> Clues:
    """The clues of a case, as far as its stages have run."""
    incident = case.read_sealed(CaseDocument).incident
    findings = case.read_sealed(FindingsDocument)
    plan = case.read_sealed(Plan)
    exclusions = case.read_sealed(ExclusionsDocument).exclusions
    return clues_of(incident, findings, _detectors(case), plan.survey.kind if plan.survey else "", exclusions)


def _detectors(case: Case) -> object:
    """The topics of the detectors; nothing when there are none, or the file is not what it should be."""
    for item in case.read(RedactionDocument).items if case.has(RedactionDocument) else ():
        if not isinstance(item, Sealed) or not item.path.endswith(DETECTOR_TOPICS):
            continue
        place = case.path(Room.REDACTED, item.path)
        if not place.is_file() or place.stat().st_size > _MOST_BYTES:
            continue  # packed for the zip, or no such file as we write
        try:
            return json.loads(place.read_text("utf-8", errors="replace"))
        except (ValueError, RecursionError):
            continue
    return ()


def _of_user(incident: Incident) -> Iterator[Clue]:
    words = f"{incident.title}\n{incident.symptom}" if incident != Incident() else ""
    if words.strip():
        yield Clue(_unquoted(words), "the reporter's words", _USER)


def _of_verdict(verdict: Verdict) -> Iterator[Clue]:
    if verdict.layer.strip():
        yield Clue(_unquoted(f"{verdict.layer}\n{verdict.why}"), f"the verdict (layer {verdict.layer})", _VERDICT)


def _of_findings(findings: tuple[Finding, ...]) -> Iterator[Clue]:
    for finding in findings:
        if finding.role is Role.INDICATOR and not finding.demoted:
            text = _unquoted(f"{finding.title}\n{finding.layer}")
            yield Clue(text, f"finding {finding.rule} ({finding.title})", _OF_CONFIDENCE[finding.confidence])


def _of_exclusions(exclusions: Sequence[Exclusion]) -> Iterator[Clue]:
    for each in exclusions:
        if each.state == "ruled out":
            yield Clue(each.cause, f"ruled out: {each.cause}", _RULED_OUT)


def _unquoted(text: str) -> str:
    return _QUOTED.sub(" ", text)


def _of_detectors(data: object) -> Iterator[Clue]:
    """Only what a detector found something in: every detector names topics, also of what is in order."""
    for each in data if isinstance(data, list) else ():
        if not isinstance(each, dict):
            continue
        name, state = str(each.get("detector") or ""), str(each.get("state") or "")
        weight = _OF_STATE.get(state.casefold())
        if name and weight:
            listed = each.get("supportTopicList")
            topics = frozenset(_guids(listed if isinstance(listed, list) else []))
            yield Clue(name, f"detector {name} ({state.casefold()})", weight, topics)


def _guids(topics: list[Any]) -> Iterator[str]:
    """Older topics have numbers for ids, which no classification has; the newer `sapSupportTopicId` is a GUID."""
    for topic in topics:
        values = topic.values() if isinstance(topic, Mapping) else ()
        yield from (value.casefold() for value in values if isinstance(value, str) and is_guid(value))
