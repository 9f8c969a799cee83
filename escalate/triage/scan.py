"""The one pass over all evidence: text patterns, facts, HTTP counts and coverage, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from escalate.case.layout import Room
from escalate.case.portion import counted
from escalate.case.store import Case
from escalate.formats.record import Record
from escalate.formats.registry import Format, format_of
from escalate.model.artifact import Artifact, EvidenceDocument
from escalate.model.base import ArtifactId, RuleId
from escalate.model.finding import Precision
from escalate.model.incident import Incident, Window
from escalate.model.kind import Kind
from escalate.model.observer import Observer
from escalate.model.rule import Rule
from escalate.model.timeline import Coverage
from escalate.triage.calls import CallSummary
from escalate.triage.facts import KEPT, Facts
from escalate.triage.http_summary import HTTP_KINDS, HttpSummary
from escalate.triage.identity import IDENTITY_KINDS, Identity
from escalate.triage.index import Edges, Index, elapsed
from escalate.triage.ledger.causes import WATCHED
from escalate.triage.log_rates import LOG_RATE_KINDS, LogRates
from escalate.triage.matcher import Pattern, matcher_for
from escalate.triage.place import HitList, hit_of, lane, place_of
from escalate.triage.rhythm import RHYTHM_KINDS, Rhythm
from escalate.triage.rulebook import rule_patterns, watch_patterns
from escalate.triage.samples import SAMPLED, Samples
from escalate.triage.whose import with_workers

BATCH_RECORDS = 512
BATCH_CHARS = 256 * 1024
RULE_HITS = (40, 10)
"""Matches kept of a rule inside and outside of the incident window."""
WATCH_HITS = (400, 100)
"""Matches kept of a correlator's pattern."""
MAX_SITES = 200

Span = tuple[datetime, datetime]


_PRECISIONS = (
    Precision.NANOSECOND,
    Precision.MILLISECOND,
    Precision.SECOND,
    Precision.MINUTE,
    Precision.UNKNOWN,
)
_COARSE = {precision: rank for rank, precision in enumerate(_PRECISIONS)}


@dataclass
class _Extent:
    first: datetime | None = None
    last: datetime | None = None
    records: int = 0
    instance: str | None = None
    earliest: Record | None = None
    latest: Record | None = None
    coarse: int = 0

    def see_all(self, records: Sequence[Record]) -> None:
        """Take records that follow those before; of several with the same time the first counts."""
        self.records += len(records)
        if self.instance is None:
            self.instance = next((record.instance for record in records if record.instance is not None), None)
        timed = [record for record in records if record.ts is not None]
        times = [record.ts for record in timed if record.ts is not None]
        if not times:
            return
        self.coarse = max(self.coarse, *(_COARSE[precision] for precision in {record.precision for record in timed}))
        first, last = min(times), max(times)
        if self.first is None or first < self.first:
            self.first, self.earliest = first, timed[times.index(first)]
        if self.last is None or last > self.last:
            self.last, self.latest = last, timed[times.index(last)]


@dataclass
class _Pass:
    incident: Incident
    rules: tuple[Pattern, ...]
    watches: tuple[Pattern, ...]
    collected_at: datetime | None = None
    facts: Facts = field(default_factory=Facts)
    coverage: list[Coverage] = field(default_factory=list)
    sites: dict[str, Span] = field(default_factory=dict)
    """Time of the first and the last row of every app that tables name."""

    def __post_init__(self) -> None:
        window = self.incident.window
        self.http = HttpSummary(window)
        self.rhythm = Rhythm(window)
        self.samples = Samples(window)
        self.log_rates = LogRates(window)
        self.calls = CallSummary(window)
        self.edges: dict[ArtifactId, Edges] = {}
        self.identity = Identity()
        self.rule_hits = {RuleId(pattern.key): HitList(window, *RULE_HITS) for pattern in self.rules}
        self.watch_hits = {pattern.key: HitList(window, *WATCH_HITS) for pattern in self.watches}
        self._matcher = matcher_for((*self.rules, *self.watches))
        known, count = self._matcher.patterns, len(self.rules)
        self._lists = {id(pattern): self.rule_hits[RuleId(pattern.key)] for pattern in known[:count]}
        self._lists |= {id(pattern): self.watch_hits[pattern.key] for pattern in known[count:]}

    def take(self, artifact: Artifact, records: Sequence[Record]) -> None:
        """Show records that follow each other to all that watch this kind of artifact, and to the patterns."""
        kind = artifact.kind
        if kind in RHYTHM_KINDS:
            self.rhythm.see_all(artifact, records)
        if kind in LOG_RATE_KINDS:
            self.log_rates.see_all(artifact, records)
        if kind in IDENTITY_KINDS:
            self.identity.see_all(artifact, records)
        watchers: list[Callable[[Artifact, Record], None]] = []
        if kind in KEPT:
            watchers.append(self.facts.see)
        if kind in HTTP_KINDS:
            watchers.append(self.http.see)
        if kind in SAMPLED:
            watchers.append(self.samples.see)
        if kind is Kind.LOG_TABLE:
            watchers += self.calls.see, self.name_site
        for watcher in watchers:
            for record in records:
                watcher(artifact, record)
        self.match(artifact, records)

    def match(self, artifact: Artifact, records: Sequence[Record]) -> None:
        for index, pattern, match in self._matcher.matches([record.text for record in records]):
            if pattern.kinds and artifact.kind not in pattern.kinds:
                continue
            place = place_of(artifact, records[index])
            kept = self._lists[id(pattern)]
            if kept.room_for(place):
                kept.add(hit_of(place, match))

    def name_site(self, _artifact: Artifact, record: Record) -> None:
        """Note when an app was spoken of."""
        site, ts = record.site, record.ts
        if not site or ts is None:
            return
        first, last = self.sites.get(site, (ts, ts))
        if len(self.sites) < MAX_SITES or site in self.sites:
            self.sites[site] = min(first, ts), max(last, ts)

    def rename(self, names: Mapping[str, str]) -> None:
        """Call workers by the names that are used for them, in all that was kept."""
        if not names:
            return
        self.facts.rename(names)
        self.http.rename(names)
        self.rhythm.rename(names)
        for found in (*self.rule_hits.values(), *self.watch_hits.values()):
            found.rename(names)
        self.coverage = [row.model_copy(update={"lane": names.get(row.lane, row.lane)}) for row in self.coverage]

    def cover(self, artifact: Artifact, extent: _Extent) -> None:
        if extent.first is not None and extent.last is not None:
            self.coverage.append(
                Coverage(
                    artifact=artifact.id,
                    path=artifact.path,
                    lane=lane(artifact.kind, artifact.instance or extent.instance, artifact.site),
                    first_utc=extent.first,
                    last_utc=extent.last,
                    records=extent.records,
                    kind=artifact.kind,
                    precision=_PRECISIONS[extent.coarse],
                    window_share=_share(elapsed(self.incident.window, self.collected_at), extent.first, extent.last),
                )
            )
        if extent.earliest is not None and extent.latest is not None:
            self.edges[artifact.id] = Edges(place_of(artifact, extent.earliest), place_of(artifact, extent.latest))


def _share(window: Window | None, first: datetime, last: datetime) -> float | None:
    """Part of the window between two moments; a window of no length is covered or not."""
    if window is None:
        return None
    if window.start == window.end:
        return 1.0 if first <= window.start <= last else 0.0
    common = (min(window.end, last) - max(window.start, first)).total_seconds()
    return max(0.0, common) / (window.end - window.start).total_seconds()


def scan(case: Case, evidence: EvidenceDocument, rules: Sequence[Rule], observer: Observer) -> Index:
    """Read every artifact once, each record against all patterns; what cannot be read is noted in the journal."""
    incident = case.incident
    artifacts = with_workers(case, evidence.artifacts)
    collected_at = max((step.finished_at for step in evidence.steps if step.finished_at), default=None)
    run = _Pass(incident, rule_patterns(rules), watch_patterns(rules, WATCHED), collected_at)
    with observer.task("triage", sum(artifact.size for artifact in artifacts)) as task:
        for artifact in artifacts:
            entry = _format(artifact)
            if entry is None or entry.read is None:
                task.advance(artifact.size)
                continue
            try:
                with counted(case.path(Room.EVIDENCE, artifact.path), task, artifact.size) as handle:
                    _read(run, artifact, entry.read(handle, PurePosixPath(artifact.path)))
            except OSError as error:
                case.journal.note("triage", f"{artifact.path} could not be read to its end: {error.strerror}")
                observer.note(f"{artifact.path}: {error.strerror}; what was read before it counts")
    names = run.identity.names(incident.target, evidence.workers, artifacts)
    run.rename(names)
    return Index(
        incident=incident,
        artifacts=tuple(_renamed(artifact, names) for artifact in artifacts),
        aliases=names,
        facts=run.facts,
        http=run.http,
        rule_hits=run.rule_hits,
        watches=run.watch_hits,
        coverage=tuple(run.coverage),
        rhythm=run.rhythm,
        samples=run.samples,
        log_rates=run.log_rates,
        calls=run.calls,
        edges=run.edges,
        collected_at=collected_at,
        sites=run.sites,
    )


def _renamed(artifact: Artifact, names: Mapping[str, str]) -> Artifact:
    name = names.get(artifact.instance or "")
    return artifact.model_copy(update={"instance": name}) if name else artifact


def _format(artifact: Artifact) -> Format | None:
    try:
        return format_of(artifact.kind)
    except KeyError:
        return None  # a kind without a reader is listed and kept; there is no text in it to search


def _read(run: _Pass, artifact: Artifact, records: Iterator[Record]) -> None:
    extent = _Extent()
    batch: list[Record] = []
    chars = 0
    try:
        for record in records:
            batch.append(record)
            chars += len(record.text)
            if chars >= BATCH_CHARS or len(batch) >= BATCH_RECORDS:
                whole, batch, chars = batch, [], 0
                extent.see_all(whole)
                run.take(artifact, whole)
    finally:
        extent.see_all(batch)
        run.take(artifact, batch)
        run.rhythm.close(artifact)
        run.cover(artifact, extent)
