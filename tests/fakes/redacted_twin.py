"""A case whose evidence is what redaction made of another's: what a reader of the bundle would judge from."""

from __future__ import annotations

import shutil
from pathlib import Path

from escalate.case.layout import Room
from escalate.case.packed import place_of, unpacked
from escalate.case.store import Case
from escalate.model.artifact import EvidenceDocument
from escalate.model.finding import FindingsDocument
from escalate.model.observer import QuietObserver
from escalate.model.redaction import RedactionDocument, Sealed
from escalate.workflow import run_stage


def judged_again(case: Case, folder: Path) -> tuple[FindingsDocument, FindingsDocument]:
    """Findings on what of the raw evidence was sealed, and findings on its redacted form, from copies in `folder`.

    Paths are those of the redacted files in both. What was withheld, and dumps whose values are gone, is in neither:
    no reader of a bundle could cite it.
    """
    run_stage(case, "redact", QuietObserver())
    raw = _twin(case, folder / "raw", redacted=False)
    made = _twin(case, folder / "made", redacted=True)
    for each in (raw, made):
        run_stage(each, "triage", QuietObserver())
    return raw.read(FindingsDocument), made.read(FindingsDocument)


def _twin(case: Case, root: Path, *, redacted: bool) -> Case:
    shutil.copytree(case.root, root, ignore=shutil.ignore_patterns("evidence", "redacted", "triage", "journal.jsonl"))
    twin = Case(root)
    sealed = {item.artifact: item for item in case.read(RedactionDocument).items if isinstance(item, Sealed)}
    evidence = case.read(EvidenceDocument)
    artifacts = []
    for artifact in evidence.artifacts:
        item = sealed.get(artifact.id)
        if item is None:
            continue
        place = twin.path(Room.EVIDENCE, item.path)
        place.parent.mkdir(parents=True, exist_ok=True)
        _copy(case, item, place) if redacted else shutil.copyfile(case.path(Room.EVIDENCE, artifact.path), place)
        artifacts.append(artifact.model_copy(update={"path": item.path, "size": place.stat().st_size}))
    twin.write(evidence.model_copy(update={"artifacts": tuple(artifacts)}))
    return twin


def _copy(case: Case, item: Sealed, place: Path) -> None:
    source = place_of(case, item)
    if not item.packed:
        shutil.copyfile(source, place)
        return
    with source.open("rb") as packed, place.open("wb") as out:
        for block in unpacked(packed):
            out.write(block)


def judgement(found: FindingsDocument) -> dict[str, object]:
    """What must not change: verdict, gates, rules that hit, and the lines they cite."""
    places = {entry.id: (entry.path, entry.line, entry.pointer, entry.ts_utc) for entry in found.evidence}
    return {
        "verdict": (found.verdict.answerable_by, found.verdict.layer, found.verdict.confidence),
        "gates": {gate.id: gate.state for gate in found.verdict.gates},
        "findings": sorted(
            (one.rule, one.role, one.demoted, one.confidence, sorted(map(str, (places[each] for each in one.evidence))))
            for one in found.findings
        ),
    }
