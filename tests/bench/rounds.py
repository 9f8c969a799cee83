"""One round: everything that is measured, once, one after the other, over the same bytes."""

from __future__ import annotations

import shutil
import time
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import zipstream

from escalate.bundle import stage as bundle_stage
from escalate.bundle.contents import gather
from escalate.bundle.members import Member, of_file
from escalate.bundle.tiers import write_full
from escalate.bundle.verify import verify
from escalate.bundle.writer import write_zip
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.collect import stage as collect_stage
from escalate.collect.plan import Wishes, make_plan
from escalate.draft import stage as draft_stage
from escalate.model.base import CaseId
from escalate.model.case import CaseDocument
from escalate.model.incident import Incident
from escalate.model.observer import QuietObserver
from escalate.model.plan import Budget
from escalate.model.target import PathTarget
from escalate.redact import stage as redact_stage
from escalate.triage import stage as triage_stage
from tests.bench.gates import Gate, clean, readable

NOW = datetime(2026, 4, 4, 5, 58, 45, tzinfo=UTC)
REFERENCE = "mixed"
"""The kind of log that is copied, zipped and proved."""
_CHUNK = 1 << 20
_QUIET = QuietObserver()


class Rounds:
    """What was measured so far."""

    def __init__(self, folder: Path, logs: Mapping[str, Path]) -> None:
        self._folder = folder
        self._logs = logs
        self._log = logs[REFERENCE]
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        """Seconds of each round, in the order in which things are measured."""

    def once(self) -> None:
        """Measure all of it once."""
        self._clear()
        self._time("cp", lambda: shutil.copyfile(self._log, self._folder / "copy"))
        self._time("zip -6", lambda: _zip_6(self._log, self._folder / "six.zip"))
        self._time("zipstream-new's own deflate", lambda: _zipstream(self._log, self._folder / "stream.zip"))
        member = of_file(self._log.name, "evidence", self._log)
        self._time("our writer", lambda: _ours(member, self._folder / "ours.zip"))
        for kind, log in self._logs.items():
            case = self._case(kind, log)
            redact = self._time(f"redact, {kind}", lambda case=case: redact_stage.run(case, _QUIET))
            draft_stage.run(case, _QUIET)
            self._time(f"bundle: kit, full, proofs, {kind}", lambda case=case: bundle_stage.run(case, _QUIET))
            self._time(f"verify, {kind}", lambda case=case: verify(_full(case), observer=_QUIET))
            if kind == REFERENCE:
                zipped = self._measure(
                    lambda case=case: write_full(gather(case, _QUIET), self._folder / "full", _QUIET)
                )
                self.times["redact and full zip"].append(redact + zipped)

    def gates(self) -> list[Gate]:
        """Whether what the last round made is right."""
        found = readable(self._folder / "ours.zip")
        for kind, log in self._logs.items():
            archive = _full(Case.open(self._folder / "cases" / kind))
            found += [gate for gate in readable(archive) if not gate.open]
            found.append(clean(kind, log, archive))
        return found

    def _time(self, what: str, work: Callable[[], object]) -> float:
        seconds = self._measure(work)
        self.times[what].append(seconds)
        return seconds

    @staticmethod
    def _measure(work: Callable[[], object]) -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    def _clear(self) -> None:
        for name in ("copy", "six.zip", "stream.zip", "ours.zip", "full"):
            (self._folder / name).unlink(missing_ok=True)
        shutil.rmtree(self._folder / "cases", ignore_errors=True)

    def _case(self, kind: str, log: Path) -> Case:
        document = CaseDocument(
            id=CaseId("esc-20260404-055845-3f9a1c"),
            created_at=NOW,
            tool_version="bench",
            target=PathTarget(path=str(log.parent)),
            incident=Incident(),
        )
        case = Case.create(self._folder / "cases" / kind, document)
        size = log.stat().st_size
        make_plan(case, Wishes(budget=Budget(max_bytes=10 * size, max_seconds=3600)))
        self._time(f"collect, {kind}", lambda: collect_stage.run(case, _QUIET))
        self._time(f"triage, {kind}", lambda: triage_stage.run(case, _QUIET))
        return case


def _full(case: Case) -> Path:
    return next(case.path(Room.BUNDLE).glob("*-full.zip"))


def _blocks(source: Path) -> Iterator[bytes]:
    with source.open("rb") as data:
        while block := data.read(_CHUNK):
            yield block


def _zip_6(source: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=zlib.Z_DEFAULT_COMPRESSION) as archive:
        archive.write(source, source.name)


def _zipstream(source: Path, target: Path) -> None:
    archive = zipstream.ZipFile(mode="w", compression=zipfile.ZIP_DEFLATED, allowZip64=True)
    archive.write_iter(source.name, _blocks(source), buffer_size=source.stat().st_size)
    with target.open("wb") as out:
        for block in archive:
            out.write(block)


def _ours(member: Member, target: Path) -> None:
    with _QUIET.task("zip") as task:
        write_zip([member], target, created_at=NOW, task=task)
