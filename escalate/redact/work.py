"""Gets all artifacts sealed or withheld: small ones side by side, large ones with all hands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from escalate.case.layout import Room
from escalate.case.packed import place_of
from escalate.case.portion import Portion
from escalate.case.store import Case
from escalate.model.artifact import Artifact
from escalate.model.kind import Kind
from escalate.model.observer import Task
from escalate.model.redaction import Sealed, Withheld
from escalate.redact.choices import ON_REQUEST, Choices
from escalate.redact.crew import Crew
from escalate.redact.engine import Engine
from escalate.redact.handlers.registry import WritesInOrder, handler_of
from escalate.redact.sealing import SealTask, seal, withheld, work

ALL_HANDS = 24 * 1024 * 1024
"""Bytes from which the whole crew works on one file, if its handler can share it."""

_Item = TypeAdapter[Sealed | Withheld](Sealed | Withheld)


@dataclass(frozen=True)
class Work:
    """The redaction of one case."""

    case: Case
    engine: Engine
    paths: Mapping[str, str]
    """Evidence path to redacted path."""
    choices: Choices
    crew: Crew | None
    untrusted: Mapping[Kind, str]
    """Kinds whose handlers missed a canary, with the reason why files of them stay behind."""

    def earlier(self, artifact: Artifact, result: Any) -> Sealed | Withheld | None:
        """What a killed run made of an artifact, if that is still what is wished, and its file is really there."""
        if result is None:
            return None
        try:
            item = _Item.validate_python(result)
        except ValidationError:
            return None
        path = self.paths[artifact.path]
        wished = (item.state == "withheld" and item.reason == ON_REQUEST) == (path in self.choices.kept_back)
        if item.path != path or not wished or path in self.choices.as_they_are:
            return None
        if isinstance(item, Sealed):
            place, size = place_of(self.case, item), item.packed.size if item.packed else item.size
            if not place.is_file() or place.stat().st_size != size:
                return None
            if item.slim is not None and not self.case.path(Room.REDACTED, item.slim.path).is_file():
                return None
        return item

    def results(self, artifacts: Iterable[Artifact], task: Task) -> Iterator[tuple[Artifact, Sealed | Withheld]]:
        """Each artifact with what became of it, in no particular order."""
        shared: list[Artifact] = []
        single: list[Artifact] = []
        for artifact in artifacts:
            path = self.paths[artifact.path]
            reason = ON_REQUEST if path in self.choices.kept_back else self.untrusted.get(artifact.kind)
            if reason is not None:
                item = withheld(self.engine, artifact, path, reason)
                task.advance(2 * artifact.size)
                yield artifact, item
            else:
                (shared if self.crew is None or _is_shared(artifact) else single).append(artifact)
        if self.crew is not None:
            yield from self._side_by_side(self.crew, single, task)
        self.engine.crew = self.crew
        for artifact in shared:
            portion = Portion(task, 2 * artifact.size)
            path = self.paths[artifact.path]
            as_it_is = path in self.choices.as_they_are
            yield artifact, seal(self.case, self.engine, artifact, path, portion.advance, as_it_is=as_it_is)
            portion.finish()

    def _side_by_side(
        self, crew: Crew, artifacts: list[Artifact], task: Task
    ) -> Iterator[tuple[Artifact, Sealed | Withheld]]:
        largest_first = sorted(artifacts, key=lambda artifact: -artifact.size)
        made_of, root = self.engine.inputs.for_workers(), str(self.case.root.resolve())
        tasks = (
            SealTask(made_of, root, one, path, path in self.choices.as_they_are)
            for one in largest_first
            for path in [self.paths[one.path]]
        )
        for artifact, done in zip(largest_first, crew.ordered(work, tasks), strict=True):
            self.engine.names.merge(done.names)
            task.advance(2 * artifact.size)
            yield artifact, done.item


def _is_shared(artifact: Artifact) -> bool:
    return artifact.size >= ALL_HANDS and isinstance(handler_of(artifact.kind), WritesInOrder)
