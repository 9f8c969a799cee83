"""Carries out a plan: limits, deadlines, outcomes, and a journal that lets a killed run go on."""

from __future__ import annotations

import hashlib
import hmac
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
from escalate.case.private import add_known_values, case_key
from escalate.case.store import Case
from escalate.collect.collector import Collector
from escalate.collect.context import Context, Pace, now
from escalate.collect.entries import collectors
from escalate.collect.intake import of_dump
from escalate.collect.names import Names
from escalate.collect.placeholders import values_of
from escalate.collect.reach import Reach, Trail
from escalate.collect.roster import Roster
from escalate.collect.staging import Allowance, Staged, Stager
from escalate.collect.watch import Watch
from escalate.collect.worker import Worker
from escalate.formats.dump import check_dump
from escalate.formats.registry import format_of
from escalate.formats.sniff import sniff
from escalate.model.artifact import Artifact, StepRecord
from escalate.model.base import ArtifactId, StepId
from escalate.model.incident import Incident
from escalate.model.kind import Kind
from escalate.model.observer import Observer, Task
from escalate.model.outcome import Denied, Invalid, Outcome, Partial, Skipped
from escalate.model.plan import CatalogueEntry, Consent, Plan, Run, Sensitivity, Skip
from escalate.model.survey import Worker as Known
from escalate.model.target import LocalTarget, PathTarget

STAGE = "collect"
TICK_S = 0.1
TOGETHER = 6
"""At most so many steps run side by side."""
PUBLISH = "/publish/action"

_MEMORY_KINDS = frozenset({Kind.HPROF, Kind.ELF_CORE, Kind.MINIDUMP, Kind.KERNEL_DUMP, Kind.GCDUMP})


@dataclass(frozen=True)
class StepResult:
    """How one step ended; its artifacts have no ids yet, these follow from the order of the plan."""

    record: StepRecord
    artifacts: tuple[Artifact, ...] = ()
    workers: tuple[Known, ...] = ()
    """The identity join as it stood when the step ended."""

    def to_json(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "record": self.record.model_dump(mode="json"),
            "artifacts": [artifact.model_dump(mode="json") for artifact in self.artifacts],
            "workers": [worker.model_dump(mode="json") for worker in self.workers],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StepResult:
        """From the journal."""
        return cls(
            record=StepRecord.model_validate(data["record"]),
            artifacts=tuple(Artifact.model_validate(each) for each in data["artifacts"]),
            workers=tuple(Known.model_validate(each) for each in data["workers"]),
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
    lane: str | None
    secrets: list[tuple[str, str]]
    trail: Trail
    shown_as: Task
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
    reach: Reach | None = None
    """Only for targets in Azure."""

    def run(self, done: Mapping[str, Any]) -> list[StepResult]:
        """Do every step that `done` (step id to journal result) does not hold; results in the order of the plan."""
        results = {step: StepResult.from_json(data) for step, data in done.items()}
        kept = [artifact for result in results.values() for artifact in result.artifacts]
        self._names = Names(PurePosixPath(artifact.path) for artifact in kept)
        self._remove_leftovers(frozenset(artifact.path for artifact in kept))
        self._key = case_key(self.case)
        used = sum(artifact.size for artifact in kept)
        self._allowance = Allowance(max(0, self.plan.budget.max_bytes - used))
        self._deadline = time.monotonic() + self.plan.budget.max_seconds
        for wave in self._waves([step for step in self.plan.steps if step.id not in results]):
            for result in self._do(wave):
                self.case.journal.step(STAGE, result.record.id, result.to_json())
                results[result.record.id] = result
        return [results[step.id] for step in self.plan.steps]

    def _waves(self, steps: Sequence[Run | Skip]) -> Iterator[list[Run | Skip]]:
        """Steps that disturb nobody run together, all others one by one; late telemetry waits for all before it."""
        wave: list[Run | Skip] = []
        for step in steps:
            if wave and (not self._may_share(step) or step.late != wave[-1].late):
                yield wave
                wave = []
            wave.append(step)
            if not self._may_share(step):
                yield wave
                wave = []
        yield from [wave] if wave else []

    def _may_share(self, step: Run | Skip) -> bool:
        entry = self.catalogue[step.collector].entry
        if self.reach is not None:
            return isinstance(step, Skip) or entry.consent is Consent.ALWAYS
        return entry.volatility == 1 and entry.consent is Consent.ALWAYS and not entry.runtimes

    def _lane(self, step: Run | Skip) -> str | None:
        """Steps of one lane run one after another: one question at a time for each worker's Kudu. None: free."""
        needs_scm = (self.catalogue[step.collector].entry.permission or "").casefold().endswith(PUBLISH)
        return step.worker or step.sibling or ("scm" if needs_scm else None)

    def _do(self, wave: Sequence[Run | Skip]) -> Iterator[StepResult]:
        waiting, active = list(enumerate(wave)), list[_Active]()
        try:
            while waiting or active:
                for number, step in list(waiting):
                    lane = self._lane(step)
                    if len(active) >= TOGETHER or (lane and any(job.lane == lane for job in active)):
                        continue
                    waiting.remove((number, step))
                    refusal = self._refusal(step)
                    if isinstance(step, Skip) or refusal is not None:
                        yield StepResult(record=self._record(step, refusal or _as_outcome(step)))
                    else:
                        active.append(self._start(step, number, lane))
                for job in list(active):
                    ended = job.worker.wait(TICK_S / len(active))
                    job.shown_as.advance(job.watch.bytes_seen - job.shown)
                    job.shown = job.watch.bytes_seen
                    if not ended and (reason := self._overdue(job)):
                        job.worker.give_up(reason)
                        ended = True
                    if ended:
                        active.remove(job)
                        job.shown_as.__exit__(None, None, None)
                        yield self._finish(job)
                        self.case.scratch(job.scratch)
        finally:
            for job in active:
                job.watch.give_up()
                job.shown_as.__exit__(None, None, None)

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

    def _start(self, step: Run, number: int, lane: str | None) -> _Active:
        collector = self.catalogue[step.collector]
        watch, secrets, scratch = Watch(), list[tuple[str, str]](), f"{STAGE}-{number}"
        trail = Trail()
        azure = self.reach.site(step, trail, watch) if self.reach else None
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
            azure=azure,
            values=self._values(step),
            fingerprint=self._fingerprint,
            footprint=trail.footprints.append,
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
            lane=lane,
            secrets=secrets,
            trail=trail,
            shown_as=self.observer.task(step.title),
            scratch=scratch,
        )
        job.shown_as.__enter__()
        job.worker.start()
        return job

    def _values(self, step: Run | Skip) -> dict[str, str]:
        return values_of(self.plan.survey, step.pid, step.worker, step.sibling)

    def _fingerprint(self, value: str) -> str:
        return hmac.new(self._key, b"fingerprint:" + value.encode(), hashlib.sha256).hexdigest()[:16]

    def _overdue(self, job: _Active) -> str | None:
        if time.monotonic() - job.started >= job.limit_s:
            return f"given up after {job.limit_s:.0f} s, {job.limit_name}"
        if job.watch.silent_s >= job.entry.stall_s:
            return f"given up: no sign of life for {job.entry.stall_s:g} s"
        return None

    def _finish(self, job: _Active) -> StepResult:
        staged, outcome = job.worker.result()
        secrets = [*job.secrets, *(self.reach.take_secrets() if self.reach else ())]
        if secrets:
            add_known_values(self.case, secrets)
        artifacts: list[Artifact] = []
        for item in staged:
            if self._names.add(item.piece.path):
                artifacts.append(self._adopt(job, item))
                if (dump := artifacts[-1].dump) and dump.state != "complete":
                    outcome = _also(outcome, f"{item.piece.path}: {dump.summary}", job.entry.obtain)
            else:
                outcome = _also(outcome, f"another file is called {item.piece.path} already", job.entry.obtain)
                item.file.unlink()
        record = self._record(job.step, outcome, job.started_at, now()).model_copy(update=job.trail.as_fields())
        workers = self.reach.roster.workers if self.reach else ()
        return StepResult(record=record, artifacts=tuple(artifacts), workers=workers)

    def _adopt(self, job: _Active, item: Staged) -> Artifact:
        piece = item.piece
        form = sniff(item.file, piece.path)
        if piece.kind is not None:
            form = format_of(piece.kind)
        self.case.adopt(Room.EVIDENCE, piece.path, item.file)
        with self.case.path(Room.EVIDENCE, piece.path).open("rb") as saved:
            dump = check_dump(form.kind, saved, piece.pid)
        if dump is not None and isinstance(self.plan.target, PathTarget):
            piece = of_dump(piece, dump)
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
            dump=dump,
        )

    def _record(
        self, step: Run | Skip, outcome: Outcome, started: datetime | None = None, finished: datetime | None = None
    ) -> StepRecord:
        entry = self.catalogue[step.collector].entry
        return StepRecord(
            id=StepId(step.id),
            collector=step.collector,
            title=step.title,
            pid=step.pid,
            worker=self.reach.roster.label(step.worker) if self.reach else None,
            outcome=outcome,
            started_at=started,
            finished_at=finished,
            expected=(outcome.state == "denied" and entry.host_owned)
            or (outcome.state == "missing" and entry.may_be_absent),
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


def numbered(
    results: Sequence[StepResult], roster: Roster | None = None
) -> tuple[tuple[Artifact, ...], tuple[StepRecord, ...]]:
    """Give the artifacts their ids, A0001 and on, in the order of the plan, and the steps their lists of them.

    Artifacts of workers get the name that people use for it, whichever of its names the source had.
    """
    artifacts: list[Artifact] = []
    records: list[StepRecord] = []
    for result in results:
        ids: list[ArtifactId] = []
        for artifact in result.artifacts:
            ids.append(ArtifactId(f"A{len(artifacts) + 1:04d}"))
            instance = roster.label(artifact.instance) if roster else artifact.instance
            artifacts.append(artifact.model_copy(update={"id": ids[-1], "instance": instance}))
        records.append(result.record.model_copy(update={"artifacts": tuple(ids)}))
    return tuple(artifacts), tuple(records)


def _as_outcome(step: Run | Skip) -> Outcome:
    if isinstance(step, Run):
        raise TypeError(f"{step.id} is to be run")
    return (Denied if step.denied else Skipped)(reason=step.reason, hint=step.hint)


def _also(outcome: Outcome, reason: str, hint: str) -> Outcome:
    """The outcome with one more reason."""
    match outcome:
        case Partial():
            return Partial(reason=f"{outcome.reason}; {reason}", hint=outcome.hint)
        case _:
            return Invalid(reason=reason, hint=hint) if outcome.state == "empty" else Partial(reason=reason, hint=hint)
