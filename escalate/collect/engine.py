"""Carries out a plan: limits, deadlines, outcomes, and a journal that lets a killed run go on."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from escalate.case.layout import Room
from escalate.case.private import add_known_values
from escalate.case.store import Case
from escalate.collect.collector import Collector
from escalate.collect.context import Context, Pace, now
from escalate.collect.entries import collectors
from escalate.collect.names import Names
from escalate.collect.staging import Allowance, Staged, Stager
from escalate.collect.watch import Watch
from escalate.collect.worker import Worker
from escalate.formats.registry import format_of
from escalate.formats.sniff import sniff
from escalate.model.artifact import Artifact, StepRecord
from escalate.model.base import ArtifactId, StepId
from escalate.model.incident import Incident
from escalate.model.kind import Kind
from escalate.model.observer import Observer, Task
from escalate.model.outcome import Invalid, Outcome, Partial, Skipped
from escalate.model.plan import CatalogueEntry, Consent, Plan, Run, Sensitivity, Skip
from escalate.model.target import LocalTarget

STAGE = "collect"
TICK_S = 0.1
TOGETHER = 6
"""At most so many steps run side by side."""

_MEMORY_KINDS = frozenset({Kind.HPROF, Kind.ELF_CORE, Kind.MINIDUMP, Kind.KERNEL_DUMP, Kind.GCDUMP})


@dataclass(frozen=True)
class StepResult:
    """How one step ended; its artifacts have no ids yet, these follow from the order of the plan."""

    record: StepRecord
    artifacts: tuple[Artifact, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "record": self.record.model_dump(mode="json"),
            "artifacts": [artifact.model_dump(mode="json") for artifact in self.artifacts],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StepResult:
        """From the journal."""
        return cls(
            record=StepRecord.model_validate(data["record"]),
            artifacts=tuple(Artifact.model_validate(each) for each in data["artifacts"]),
        )


@dataclass
class _Active:
    """A step under way."""

    step: Run
    entry: CatalogueEntry
    worker: Worker
    watch: Watch
    started_at: datetime
    started: float
    limit_s: float
    limit_name: str
    secrets: list[tuple[str, str]]
    scratch: str
    shown: int = 0


@dataclass
class Engine:
    """One run over one plan. The caller holds the case's lock."""

    case: Case
    plan: Plan
    incident: Incident
    observer: Observer
    pace: Pace = field(default_factory=Pace)
    catalogue: Mapping[str, Collector] = field(default_factory=lambda: {c.entry.id: c for c in collectors()})

    def run(self, done: Mapping[str, Any]) -> list[StepResult]:
        """Do every step that `done` (step id to journal result) does not hold; results in the order of the plan."""
        results = {step: StepResult.from_json(data) for step, data in done.items()}
        kept = [artifact for result in results.values() for artifact in result.artifacts]
        self._names = Names(PurePosixPath(artifact.path) for artifact in kept)
        self._remove_leftovers(frozenset(artifact.path for artifact in kept))
        used = sum(artifact.size for artifact in kept)
        self._allowance = Allowance(max(0, self.plan.budget.max_bytes - used))
        self._deadline = time.monotonic() + self.plan.budget.max_seconds
        for group in self._groups([step for step in self.plan.steps if step.id not in results]):
            for result in self._do(group):
                self.case.journal.step(STAGE, result.record.id, result.to_json())
                results[result.record.id] = result
        return [results[step.id] for step in self.plan.steps]

    def _groups(self, steps: Sequence[Run | Skip]) -> Iterator[list[Run | Skip]]:
        """Steps that only watch what is gone in seconds run together, all others one by one."""
        group: list[Run | Skip] = []
        for step in steps:
            if not self._may_share(step) or len(group) >= TOGETHER:
                yield from [group] if group else []
                group = []
            if self._may_share(step):
                group.append(step)
            else:
                yield [step]
        yield from [group] if group else []

    def _may_share(self, step: Run | Skip) -> bool:
        entry = self.catalogue[step.collector].entry
        return entry.volatility == 1 and entry.consent is Consent.ALWAYS and not entry.runtimes

    def _do(self, group: Sequence[Run | Skip]) -> Iterator[StepResult]:
        active: list[_Active] = []
        try:
            with contextlib.ExitStack() as tasks:
                shown: dict[str, Task] = {}
                for number, step in enumerate(group):
                    refusal = self._refusal(step)
                    if isinstance(step, Skip) or refusal is not None:
                        yield StepResult(record=self._record(step, refusal or _as_outcome(step)))
                        continue
                    shown[step.id] = tasks.enter_context(self.observer.task(step.title))
                    active.append(self._start(step, number))
                while active:
                    for job in list(active):
                        ended = job.worker.wait(TICK_S / len(active))
                        shown[job.step.id].advance(job.watch.bytes_seen - job.shown)
                        job.shown = job.watch.bytes_seen
                        if not ended and (reason := self._overdue(job)):
                            job.worker.give_up(reason)
                            ended = True
                        if ended:
                            active.remove(job)
                            yield self._finish(job)
                            self.case.scratch(job.scratch)
        finally:
            for job in active:
                job.watch.give_up()

    def _refusal(self, step: Run | Skip) -> Outcome | None:
        """Why a step is not even begun."""
        if isinstance(step, Skip):
            return None
        if time.monotonic() >= self._deadline:
            return Skipped(
                reason=f"the time budget of {self.plan.budget.max_seconds:g} s was used up before it",
                hint="give the collection more time with --max-time",
            )
        if self._allowance.left <= 0:
            return Skipped(
                reason=f"the size budget of {self.plan.budget.max_bytes} bytes was used up before it",
                hint="give the collection more room with --max-size",
            )
        return None

    def _start(self, step: Run, number: int) -> _Active:
        collector = self.catalogue[step.collector]
        watch, secrets, scratch = Watch(), list[tuple[str, str]](), f"{STAGE}-{number}"
        context = Context(
            entry=collector.entry,
            step=step.id,
            case_id=self.plan.case_id,
            case_root=self.case.root,
            host=host_name(),
            target=self.plan.target,
            incident=self.incident,
            pid=step.pid,
            scratch=self.case.scratch(f"{scratch}/work"),
            max_bytes=min(step.max_bytes, self._allowance.left),
            watch=watch,
            add_secrets=secrets.extend,
            pace=self.pace,
        )
        stager = Stager(self.case.scratch(f"{scratch}/done"), step.max_bytes, self._allowance, watch, context.obtain)
        left = self._deadline - time.monotonic()
        own = collector.entry.timeout_s
        job = _Active(
            step=step,
            entry=collector.entry,
            worker=Worker(collector.gather, context, stager),
            watch=watch,
            started_at=now(),
            started=time.monotonic(),
            limit_s=min(own, left),
            limit_name="its time limit" if own <= left else "the time budget",
            secrets=secrets,
            scratch=scratch,
        )
        job.worker.start()
        return job

    def _overdue(self, job: _Active) -> str | None:
        if time.monotonic() - job.started >= job.limit_s:
            return f"given up after {job.limit_s:.0f} s, {job.limit_name}"
        if job.watch.silent_s >= job.entry.stall_s:
            return f"given up: no sign of life for {job.entry.stall_s:g} s"
        return None

    def _finish(self, job: _Active) -> StepResult:
        staged, outcome = job.worker.result()
        if job.secrets:
            add_known_values(self.case, job.secrets)
        artifacts: list[Artifact] = []
        for item in staged:
            if self._names.add(item.piece.path):
                artifacts.append(self._adopt(job, item))
            else:
                outcome = _also(outcome, f"another file is called {item.piece.path} already", job.entry.obtain)
                item.file.unlink()
        record = self._record(job.step, outcome, job.started_at, now())
        return StepResult(record=record, artifacts=tuple(artifacts))

    def _adopt(self, job: _Active, item: Staged) -> Artifact:
        piece = item.piece
        form = sniff(item.file, piece.path)
        if piece.kind is not None:
            form = format_of(piece.kind)
        self.case.adopt(Room.EVIDENCE, piece.path, item.file)
        local = isinstance(self.plan.target, LocalTarget)
        return Artifact(
            id=ArtifactId("A0"),
            path=str(piece.path),
            kind=form.kind,
            size=item.size,
            sha256=item.sha256,
            media_type=form.media_type,
            collector=job.entry.id,
            origin=piece.origin,
            site=piece.site,
            instance=piece.instance or (host_name() if local else None),
            pid=piece.pid,
            captured_at=piece.captured_at,
            covers=piece.covers,
            sensitivity=Sensitivity.MEMORY if form.kind in _MEMORY_KINDS else job.entry.sensitivity,
        )

    def _record(
        self, step: Run | Skip, outcome: Outcome, started: datetime | None = None, finished: datetime | None = None
    ) -> StepRecord:
        return StepRecord(
            id=StepId(step.id),
            collector=step.collector,
            title=step.title,
            pid=step.pid,
            outcome=outcome,
            started_at=started,
            finished_at=finished,
            expected=outcome.state == "denied" and self.catalogue[step.collector].entry.host_owned,
        )

    def _remove_leftovers(self, known: frozenset[str]) -> None:
        """Files of a step that was killed before its journal line: it is done again."""
        if not known:
            self.case.clear(Room.EVIDENCE)
            return
        base = self.case.path(Room.EVIDENCE)
        for folder, _, names in os.walk(base):
            for name in names:
                path = PurePosixPath(os.path.relpath(folder, base)) / name
                if str(path) not in known:
                    (base / path).unlink()


def host_name() -> str:
    """This machine's name, safe as a folder name."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", platform.node()).strip(".") or "host"


def numbered(results: Sequence[StepResult]) -> tuple[tuple[Artifact, ...], tuple[StepRecord, ...]]:
    """Give the artifacts their ids, A0001 and on, in the order of the plan, and the steps their lists of them."""
    artifacts: list[Artifact] = []
    records: list[StepRecord] = []
    for result in results:
        ids: list[ArtifactId] = []
        for artifact in result.artifacts:
            ids.append(ArtifactId(f"A{len(artifacts) + 1:04d}"))
            artifacts.append(artifact.model_copy(update={"id": ids[-1]}))
        records.append(result.record.model_copy(update={"artifacts": tuple(ids)}))
    return tuple(artifacts), tuple(records)


def _as_outcome(step: Run | Skip) -> Outcome:
    if isinstance(step, Run):
        raise TypeError(f"{step.id} is to be run")
    return Skipped(reason=step.reason, hint=step.hint)


def _also(outcome: Outcome, reason: str, hint: str) -> Outcome:
    """The outcome with one more reason."""
    match outcome:
        case Partial():
            return Partial(reason=f"{outcome.reason}; {reason}", hint=outcome.hint)
        case _:
            return Invalid(reason=reason, hint=hint) if outcome.state == "empty" else Partial(reason=reason, hint=hint)
