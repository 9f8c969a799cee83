"""What a person chose for single files, now or at an earlier run."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from escalate.case.store import Case
from escalate.errors import UsageError
from escalate.model.artifact import EvidenceDocument
from escalate.model.redaction import RedactionDocument, Sealed, Withheld
from escalate.redact.opaque import AS_IT_IS
from escalate.redact.wishes import RedactionWishes

ON_REQUEST = "you asked for it to be withheld"


@dataclass(frozen=True)
class Choices:
    """Redacted paths."""

    kept_back: frozenset[str]
    as_they_are: frozenset[str]


def choices(case: Case, evidence: EvidenceDocument, paths: Mapping[str, str], wishes: RedactionWishes) -> Choices:
    """The wishes of this run and of those before it; `paths` is evidence path to redacted path.

    Raises:
        UsageError: no artifact has such a path, or a file that can be redacted was to go as it is.
    """
    earlier = case.read(RedactionDocument).items if case.has(RedactionDocument) else ()
    kept_back = {item.path for item in earlier if isinstance(item, Withheld) and item.reason == ON_REQUEST}
    as_is = {item.path for item in earlier if isinstance(item, Sealed) and item.ledger.handler == AS_IT_IS.name}
    now = _named(wishes.as_they_are, paths)
    kinds = {paths[artifact.path]: artifact.kind for artifact in evidence.artifacts}
    for path in sorted(now):
        if kinds[path] not in AS_IT_IS.kinds:
            raise UsageError(
                f"{path} is a {kinds[path]} file, which is redacted before it leaves",
                hint="only files that nobody can redact may be let go as they are",
            )
    kept_now = _named(wishes.withhold, paths)
    return Choices(frozenset(kept_back | kept_now), frozenset((as_is | now) - kept_now))


def _named(names: Collection[str], paths: Mapping[str, str]) -> set[str]:
    found = set()
    for name in names:
        path = paths.get(name, name)
        if path not in paths.values():
            close = difflib.get_close_matches(name, paths.values(), n=1)
            raise UsageError(
                f"no artifact is called {name!r}",
                hint=f"did you mean {close[0]}?" if close else "the paths stand in redaction.json",
            )
        found.add(path)
    return found
