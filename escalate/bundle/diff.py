"""Compares two cases or bundles by their documents: what is new, gone, changed, and how the verdict moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from escalate.bundle.settings import MASK, settings_of
from escalate.bundle.sides import Compared, Item, opened
from escalate.model.diff import DiffDocument, EvidenceChange, FindingChange, Moved, QuestionChange, SettingChange
from escalate.model.finding import Finding, FindingsDocument
from escalate.model.kind import Kind

_MOST_SETTINGS = 500


def compare(before: Path, after: Path) -> DiffDocument:
    """What changed from one case folder or bundle to another.

    Raises:
        TargetError: one cannot be read.
        ConfigError: one is neither.
        CaseError: a case was not redacted yet.
    """
    with opened(before) as old, opened(after) as new:
        same_key = old.side.case_id == new.side.case_id
        settings, masked, notes = _settings(old, new, same_key=same_key)
        evidence = tuple(_evidence(old.evidence, new.evidence))
        if not same_key:
            notes.append("two cases: names that redaction replaced differ between them, even of the same machine")
        return DiffDocument(
            before=old.side,
            after=new.side,
            verdict=_verdict(old.findings, new.findings),
            gates=tuple(_gates(old.findings, new.findings)),
            findings=tuple(_findings(old.findings, new.findings)),
            questions=tuple(_questions(old, new)),
            exclusions=tuple(_exclusions(old, new)),
            settings=settings,
            settings_masked=masked,
            evidence=evidence,
            evidence_same=sum(new.evidence.get(path) == item for path, item in old.evidence.items()),
            notes=(*old.notes, *new.notes, *notes),
        )


def _verdict(old: FindingsDocument, new: FindingsDocument) -> Moved | None:
    before, after = old.verdict, new.verdict
    told = [f"{each.answerable_by}, {each.layer} ({each.confidence.value} confidence)" for each in (before, after)]
    if told[0] == told[1]:
        return None
    return Moved(id="verdict", title="Who can answer", before=told[0], after=told[1], why=after.why)


def _gates(old: FindingsDocument, new: FindingsDocument) -> Iterator[Moved]:
    before = {gate.id: gate for gate in old.verdict.gates}
    after = {gate.id: gate for gate in new.verdict.gates}
    for gate in sorted(before.keys() | after.keys()):
        was, now = before.get(gate), after.get(gate)
        known = now or was
        if known is not None and (was and was.state) != (now and now.state):
            yield Moved(
                id=gate,
                title=known.title,
                before=was.state if was else None,
                after=now.state if now else None,
                why=now.sentence if now else "",
            )


def _standing(finding: Finding) -> str:
    return f"{finding.role.value}, {finding.confidence.value} confidence{', demoted' if finding.demoted else ''}"


def _findings(old: FindingsDocument, new: FindingsDocument) -> Iterator[FindingChange]:
    before = {finding.rule: finding for finding in old.findings}
    after = {finding.rule: finding for finding in new.findings}
    for rule in sorted(before.keys() | after.keys()):
        was, now = before.get(rule), after.get(rule)
        if was is None and now is not None:
            yield FindingChange(rule=rule, title=now.title, change="new", after=_standing(now))
        elif now is None and was is not None:
            yield FindingChange(rule=rule, title=was.title, change="gone", before=_standing(was))
        elif was is not None and now is not None and _standing(was) != _standing(now):
            yield FindingChange(
                rule=rule, title=now.title, change="changed", before=_standing(was), after=_standing(now)
            )


def _questions(old: Compared, new: Compared) -> Iterator[QuestionChange]:
    before = {question.text: question.status for question in old.questions.questions}
    after = {question.text: question.status for question in new.questions.questions}
    for text in [*after, *(text for text in before if text not in after)]:
        was, now = before.get(text), after.get(text)
        if was != now:
            change = "new" if was is None else "gone" if now is None else "changed"
            yield QuestionChange.model_validate({"text": text, "change": change, "before": was, "after": now})


def _exclusions(old: Compared, new: Compared) -> Iterator[Moved]:
    before = {each.id: each for each in old.exclusions.exclusions}
    after = {each.id: each for each in new.exclusions.exclusions}
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        known = now or was
        if known is not None and (was and was.state) != (now and now.state):
            yield Moved(
                id=key,
                title=known.cause,
                before=was.state if was else None,
                after=now.state if now else None,
                why=now.result if now else "",
            )


def _evidence(before: Mapping[str, Item], after: Mapping[str, Item]) -> Iterator[EvidenceChange]:
    for path in sorted(before.keys() | after.keys()):
        was, now = before.get(path), after.get(path)
        if was == now:
            continue
        known = now or was
        yield EvidenceChange(
            path=path,
            change="new" if was is None else "removed" if now is None else "changed",
            size_before=was.size if was else None,
            size_after=now.size if now else None,
            sha256_after=now.sha256 if now else None,
            withheld=known.withheld if known else False,
        )


def _settings(old: Compared, new: Compared, *, same_key: bool) -> tuple[tuple[SettingChange, ...], int, list[str]]:
    """Changes; how many settings nobody can tell of; and files that could not be compared."""
    changes: list[SettingChange] = []
    masked = 0
    notes: list[str] = []
    for path, item in sorted(new.evidence.items()):
        was = old.evidence.get(path)
        if item.kind is not Kind.CONFIG or was is None or was == item:
            continue
        texts = old.config(path), new.config(path)
        if texts[0] is None or texts[1] is None:
            notes.append(f"{path} changed; what in it cannot be told: one side does not carry it, or it is too large")
            continue
        before, after = settings_of(texts[0]), settings_of(texts[1])
        for name in sorted(before.keys() | after.keys()):
            one, two = before.get(name), after.get(name)
            if one == two:
                continue
            if not same_key and one is not None and two is not None and _shape(one) == _shape(two):
                masked += 1
                continue
            changes.append(SettingChange(path=path, setting=name, before=one, after=two))
    if len(changes) > _MOST_SETTINGS:
        notes.append(f"{len(changes) - _MOST_SETTINGS} more settings changed than are listed")
    return tuple(changes[:_MOST_SETTINGS]), masked, notes


def _shape(value: str) -> str:
    """A value with its masks, whatever key they were made with."""
    return MASK.sub(r"[R:\1]", value)
