"""Everything the draft may know: the redacted documents of a case, with the look-ups that templates need."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from escalate.case.layout import LATER_DOCUMENTS, SEALED_PATHS, Room
from escalate.case.store import Case
from escalate.draft.claims import Answerer, Speaker, blames
from escalate.draft.defect import DraftDefect
from escalate.draft.text import clean
from escalate.errors import DocumentError
from escalate.model.artifact import Artifact, EvidenceDocument, StepRecord
from escalate.model.base import Document, EvidenceId
from escalate.model.case import CaseDocument
from escalate.model.differential import Comparison, DifferentialDocument
from escalate.model.exclusion import Exclusion, ExclusionsDocument
from escalate.model.finding import Evidence, Finding, FindingsDocument, MissingEvidence, Polarity
from escalate.model.incident import Window
from escalate.model.kind import Kind
from escalate.model.outcome import Collected
from escalate.model.plan import Plan
from escalate.model.question import Question, QuestionsDocument
from escalate.model.redaction import NOT_SEARCHED, STOPPED, KeptName, RedactionDocument, Sealed, Withheld
from escalate.model.rule import Confidence, Role
from escalate.model.timeline import TimelineDocument

READS: tuple[type[Document], ...] = (
    CaseDocument,
    Plan,
    EvidenceDocument,
    FindingsDocument,
    QuestionsDocument,
    ExclusionsDocument,
    TimelineDocument,
    DifferentialDocument,
)

HOST_KINDS = (Kind.KERNEL_DUMP, Kind.KERNEL_LOG)
"""Evidence that no App Service sandbox can give: it comes from a machine of the customer's own."""

_ROLES: Mapping[Role, int] = {Role.INDICATOR: 0, Role.FALSE_FRIEND: 1, Role.CONTEXT: 2, Role.NOISE: 3}
_APART = ("small", "medium", "large")
_SEVERITIES: Mapping[str, int] = {"error": 0, "warning": 1, "info": 2}
_CONFIDENCES: Mapping[Confidence, int] = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}


@dataclass(frozen=True)
class Facts:
    """The redacted documents of one case."""

    case: CaseDocument
    plan: Plan
    collected: EvidenceDocument
    triage: FindingsDocument
    asked: QuestionsDocument
    ledger: ExclusionsDocument
    timeline: TimelineDocument
    redaction: RedactionDocument
    differential: DifferentialDocument | None = None
    """None in cases that were triaged before there was one."""

    @classmethod
    def load(cls, case: Case) -> Facts:
        """Read them; nothing else of the case is opened.

        Raises:
            CaseError: redaction has not run, or a document does not fit its schema.
        """
        return cls(
            case=case.read_sealed(CaseDocument),
            plan=case.read_sealed(Plan),
            collected=case.read_sealed(EvidenceDocument),
            triage=case.read_sealed(FindingsDocument),
            asked=case.read_sealed(QuestionsDocument),
            ledger=case.read_sealed(ExclusionsDocument),
            timeline=case.read_sealed(TimelineDocument),
            redaction=case.read(RedactionDocument),
            differential=case.read_sealed(DifferentialDocument) if _is_sealed(case, DifferentialDocument) else None,
        )

    @property
    def answerable_by(self) -> Answerer:
        """Who can answer."""
        return self.triage.verdict.answerable_by

    @cached_property
    def speaker(self) -> Speaker:
        """What may be said under this verdict."""
        return Speaker(self.answerable_by, frozenset(self._of_a_host()))

    def _of_a_host(self) -> Iterator[str]:
        """Titles of findings whose evidence is a file of a host, and not of a sandbox."""
        files = {item.id for item in self.collected.artifacts if item.kind in HOST_KINDS}
        for finding in self.triage.findings:
            if any(self._evidence[one].artifact in files for one in finding.evidence if one in self._evidence):
                yield clean(finding.title)

    @cached_property
    def _evidence(self) -> dict[EvidenceId, Evidence]:
        return {item.id: item for item in self.triage.evidence}

    def cited(self, ids: Sequence[EvidenceId]) -> tuple[Evidence, ...]:
        """The places behind ids.

        Raises:
            DraftDefect: an id that triage never wrote down.
        """
        unknown = [one for one in ids if one not in self._evidence]
        if unknown:
            raise DraftDefect(
                f"a statement cites evidence {unknown[0]!r}, which findings.json does not hold",
                hint="this is a defect of a rule: run escalate triage again, and report it if it stays",
            )
        return tuple(self._evidence[one] for one in ids)

    def telling(self, ids: Sequence[EvidenceId], limit: int) -> tuple[Evidence, ...]:
        """The places to quote when not all can be: the first ones, but never without one that contradicts."""
        items = self.cited(ids)
        shown = items[:limit]
        against = next((item for item in items if item.polarity is Polarity.CONTRADICTS), None)
        return shown if against is None or against in shown else (*shown[: limit - 1], against)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Those that count; first what the verdict names, then what is asked about, then the most telling."""
        why = self.triage.verdict.why.casefold()
        asked_about = {one for question in self.questions for one in question.evidence}

        def rank(finding: Finding) -> tuple[int, ...]:
            named = why.find(finding.title.casefold())
            return (
                named if named >= 0 else len(why),
                0 if asked_about & set(finding.evidence) else 1,
                _ROLES[finding.role],
                _SEVERITIES[finding.severity],
                _CONFIDENCES[finding.confidence],
                -finding.hits,
            )

        return tuple(sorted((one for one in self.triage.findings if not _aside(one)), key=rank))

    @cached_property
    def set_aside(self) -> tuple[Finding, ...]:
        """Those that matched and do not count, as triage ordered them."""
        return tuple(one for one in self.triage.findings if _aside(one))

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What is asked of Microsoft under this verdict: all, none, or what blames nobody."""
        if self.answerable_by == "customer":
            return ()
        if self.answerable_by == "microsoft":
            return self.asked.questions
        return tuple(one for one in self.asked.questions if not blames(f"{one.text} {one.host_only_artifact}"))

    @property
    def os(self) -> str | None:
        """Operating system, with `-container` where the user brings the image."""
        return self.case.incident.target.os

    @property
    def window(self) -> Window | None:
        """The incident window the user gave; without one, the span of the findings that count."""
        if self.case.incident.window is not None:
            return self.case.incident.window
        firsts = [one.first_utc for one in self.findings if one.first_utc]
        lasts = [one.last_utc for one in self.findings if one.last_utc]
        return Window(start=min(firsts), end=max(lasts)) if firsts and lasts else None

    @property
    def problem_start(self) -> datetime | None:
        """Start of the window."""
        return self.window.start if self.window else None

    @cached_property
    def instances(self) -> tuple[str, ...]:
        """Workers the user named, then those seen in findings that count; not all that the site happens to have."""
        seen = (name for one in self.findings for name in one.instances)
        listed = self.case.incident.target.instances
        named = () if listed == self.collected.facts.instances else listed
        return tuple(dict.fromkeys((*named, *seen)))

    @cached_property
    def asked_workers(self) -> tuple[str, ...]:
        """Workers of which only Microsoft can tell more; none where what is asked is tied to no worker."""
        return tuple(dict.fromkeys(one.worker for one in self.questions if one.worker))

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Where the sick side differs from a healthy one, the strongest first."""
        if self.differential is None:
            return ()
        return tuple(one for one in self.differential.comparisons if one.strength in _APART)

    @cached_property
    def alike(self) -> tuple[Comparison, ...]:
        """Where it does not, or not so that it could be told."""
        if self.differential is None:
            return ()
        return tuple(one for one in self.differential.comparisons if one.strength not in _APART)

    @cached_property
    def dumps(self) -> tuple[Artifact, ...]:
        """Dumps of memory that were checked."""
        return tuple(one for one in self.collected.artifacts if one.dump is not None)

    @cached_property
    def missing(self) -> tuple[MissingEvidence, ...]:
        """What would settle more: what is lost first comes first, what is gone comes last."""
        order = {"now": 0, "soon": 1, "unknown": 2, "no hurry": 3, "gone": 4}
        return tuple(sorted(self.triage.missing_evidence, key=lambda one: order[one.urgency]))

    @cached_property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """The ledger: what stays suspect first, then what was ruled out, then what could not be tested."""
        order = {"not ruled out": 0, "ruled out": 1, "could not test": 2}
        return tuple(sorted(self.ledger.exclusions, key=lambda one: order[one.state]))

    @cached_property
    def sick(self) -> tuple[str, ...]:
        """Workers on which a finding that counts was seen."""
        return tuple(dict.fromkeys(name for one in self.findings for name in one.instances))

    @cached_property
    def footprints(self) -> tuple[str, ...]:
        """What the collection itself changed or set off, which a reader of the logs must not take for the incident."""
        return tuple(dict.fromkeys(text for step in self.collected.steps for text in step.footprints))

    @cached_property
    def gaps(self) -> tuple[StepRecord, ...]:
        """Planned steps that brought nothing or not all: what was tried in vain first."""
        return self.failed + self.quiet

    @cached_property
    def failed(self) -> tuple[StepRecord, ...]:
        """Steps that were tried in vain, where something could have been had."""
        return tuple(one for one in self.collected.steps if _in_vain(one))

    @cached_property
    def quiet(self) -> tuple[StepRecord, ...]:
        """Steps that had nothing, were not tried, or that nobody but the owner of the host could carry out."""
        others = [one for one in self.collected.steps if not isinstance(one.outcome, Collected) and not _in_vain(one)]
        order = {"empty": 1, "skipped": 2}
        return tuple(sorted(others, key=lambda one: order.get(one.outcome.state, 0)))

    @cached_property
    def sealed(self) -> tuple[Sealed, ...]:
        """Evidence that may leave; what the findings cite comes first, in their order, then what else is cited."""
        told = [item.artifact for one in self.findings for item in self.cited(one.evidence[:3])]
        order = {artifact: place for place, artifact in enumerate(dict.fromkeys(told))}
        cited = {item.artifact for item in self.triage.evidence}
        items = [one for one in self.redaction.items if isinstance(one, Sealed)]
        last = len(order)
        return tuple(
            sorted(items, key=lambda one: (order.get(one.artifact, last), one.artifact not in cited, one.path))
        )

    @cached_property
    def withheld(self) -> tuple[Withheld, ...]:
        """Evidence that stays."""
        items = [one for one in self.redaction.items if isinstance(one, Withheld)]
        return tuple(sorted(items, key=lambda one: one.path))

    @cached_property
    def kept(self) -> tuple[KeptName, ...]:
        """Identifiers that redaction leaves alone."""
        return tuple(one for one in self.redaction.keep_list if not one.id.startswith(STOPPED))

    @cached_property
    def unsearched(self) -> tuple[tuple[str, str], ...]:
        """Settings whose values were not looked for in every file: name, and the kind of value that stopped it."""
        titles = {one.id: one.title.removeprefix(NOT_SEARCHED) for one in self.redaction.keep_list}
        return tuple((one.name, titles.get(one.reason, one.reason)) for one in self.redaction.unsearched)

    @cached_property
    def replaced(self) -> tuple[Sealed, ...]:
        """Evidence in which something was replaced; where most was comes first."""
        items = [one for one in self.redaction.items if isinstance(one, Sealed) and one.ledger.counts]
        return tuple(sorted(items, key=lambda one: (-sum(one.ledger.counts.values()), one.path)))


def digests(case: Case) -> tuple[str, ...]:
    """SHA-256 of each redacted document, in the order of `READS`.

    Raises:
        CaseError: redaction has not run.
    """
    present = (kind for kind in READS if kind not in LATER_DOCUMENTS or _is_sealed(case, kind))
    return tuple(hashlib.sha256(_sealed_bytes(case, kind)).hexdigest() for kind in present)


def _is_sealed(case: Case, kind: type[Document]) -> bool:
    return case.path(Room.REDACTED, SEALED_PATHS[kind]).is_file()


def _sealed_bytes(case: Case, kind: type[Document]) -> bytes:
    place = case.path(Room.REDACTED, SEALED_PATHS[kind])
    try:
        return place.read_bytes()
    except FileNotFoundError as error:
        raise DocumentError(f"{place} is not there yet", hint="run: escalate redact --case DIR") from error


def _aside(finding: Finding) -> bool:
    return finding.demoted or finding.role is Role.NOISE


def _in_vain(step: StepRecord) -> bool:
    return not step.expected and step.outcome.state not in ("collected", "empty", "skipped")
