"""Which worker a piece of evidence is from, where its format does not tell: a known worker is named in path or text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.formats.names import container_log_name, instance_of
from escalate.model.artifact import Artifact
from escalate.model.incident import TargetFacts
from escalate.model.kind import Kind

HEAD_BYTES = 64 * 1024
SPOKEN = frozenset({Kind.SHELL_TRANSCRIPT})
"""Kinds in whose text a worker's name tells where it was taken: prompts, `hostname`, `env | grep INSTANCE_ID`."""

LEAST = 6
"""Letters of a name that is looked for in free text; shorter ones stand in other words."""


def with_workers(case: Case, artifacts: Sequence[Artifact]) -> tuple[Artifact, ...]:
    """The artifacts, each with its worker if exactly one known worker is named in its path, else in its text."""
    known = _known(case.incident.target, artifacts)
    return tuple(artifact if artifact.instance else _placed(case, artifact, known) for artifact in artifacts)


def _known(target: TargetFacts, artifacts: Iterable[Artifact]) -> Mapping[str, str]:
    """Worker by each of its names: its own, and its ARM instance id."""
    workers = {*target.instances, *target.instance_ids}
    for artifact in artifacts:
        name = container_log_name(PurePosixPath(artifact.path))
        workers |= {found for found in (artifact.instance, name.machine if name else None) if found}
    names = {worker: worker for worker in workers}
    return names | {identity: worker for worker, identity in target.instance_ids.items()}


def _placed(case: Case, artifact: Artifact, known: Mapping[str, str]) -> Artifact:
    if instance_of(PurePosixPath(artifact.path)) is not None:
        return artifact
    named = _named(artifact.path, known)
    if len(named) != 1 and artifact.kind in SPOKEN:
        try:
            with case.path(Room.EVIDENCE, artifact.path).open("rb") as handle:
                named = named or _named(handle.read(HEAD_BYTES).decode(errors="replace"), known)
        except OSError:
            return artifact  # the pass notes it when it meets the same error
    return artifact.model_copy(update={"instance": named.pop()}) if len(named) == 1 else artifact


def _named(text: str, known: Mapping[str, str]) -> set[str]:
    return {
        worker
        for name, worker in known.items()
        if len(name) >= LEAST
        and name in text
        and re.search(rf"(?<![A-Za-z0-9-]){re.escape(name)}(?![A-Za-z0-9-])", text)
    }
