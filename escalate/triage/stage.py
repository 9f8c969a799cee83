"""The triage stage: reads evidence.json and evidence/, writes the documents of triage/."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from escalate import __version__
from escalate.case.store import Case
from escalate.model.artifact import EvidenceDocument
from escalate.model.case import CaseDocument
from escalate.model.finding import FindingsDocument
from escalate.model.observer import Observer
from escalate.model.rule import Rule
from escalate.triage.engine import triage
from escalate.triage.rulebook import load_rules

NAME = "triage"


def inputs(case: Case, rules: Sequence[Path] = ()) -> str:
    """Digest of case, evidence and every rule that would be used.

    Raises:
        ConfigError: a rule file cannot be used.
    """
    return _digest(case, load_rules(rules))


def run(case: Case, observer: Observer, rules: Sequence[Path] = ()) -> FindingsDocument:
    """Triage the evidence; cheap enough to be done whole, so it has no steps of its own.

    Raises:
        ConfigError: a rule file cannot be used.
        DocumentError: evidence.json is missing or damaged.
    """
    loaded = load_rules(rules)
    digest = _digest(case, loaded)
    case.journal.begin(NAME, digest)
    outcome = triage(case, case.read(EvidenceDocument), loaded, observer)
    case.write(outcome.exclusions)
    case.write(outcome.differential)
    case.write(outcome.questions)
    case.write(outcome.timeline)
    case.write(outcome.findings)
    case.journal.end(NAME, digest)
    return outcome.findings


def _digest(case: Case, rules: Sequence[Rule]) -> str:
    words = hashlib.sha256("\n".join(rule.model_dump_json() for rule in rules).encode()).hexdigest()
    return case.digest((CaseDocument, EvidenceDocument), __version__, words)
