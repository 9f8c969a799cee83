"""All that the single pass kept: the only thing correlators, gates and verdict look at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from escalate.model.artifact import Artifact
from escalate.model.base import ArtifactId, RuleId
from escalate.model.incident import Incident, Window
from escalate.model.kind import Kind
from escalate.model.timeline import Coverage
from escalate.triage.calls import CallSummary
from escalate.triage.facts import Facts
from escalate.triage.http_summary import HttpSummary
from escalate.triage.log_rates import LogRates
from escalate.triage.place import HitList, Place
from escalate.triage.rhythm import Rhythm
from escalate.triage.samples import Samples
from escalate.triage.template import as_pattern

LOG_KINDS = frozenset(
    {
        Kind.CONTAINER_LOG,
        Kind.PLATFORM_LOG,
        Kind.EVENT_LOG,
        Kind.W3C_LOG,
        Kind.LOG_TABLE,
        Kind.FAILED_REQUEST,
        Kind.KUDU_TRACE,
        Kind.TEXT,
    }
)
"""Kinds whose records tell when something happened; a snapshot only tells when it was taken."""


LIFECYCLE = (
    r"Starting container for site|initialized successfully|[Hh]as exited|Container has finished running|"
    r"State: (?:Started|Stopping|Stopped|Blocked)|Stopping site|[Ww]orker process requested recycle"
)
"""Lines on the life of a container or worker process; the pass looks for them whatever rules are loaded."""


@dataclass(frozen=True, slots=True)
class Edges:
    """The earliest and the latest record of an artifact."""

    first: Place
    last: Place


def elapsed(window: Window | None, collected_at: datetime | None) -> Window | None:
    """A window cut off at the end of the collection; whole where that came before it, which nobody can explain."""
    if window is None or collected_at is None or not window.start < collected_at < window.end:
        return window
    return Window(start=window.start, end=collected_at)


@dataclass(frozen=True)
class Index:
    """What is known after the pass."""

    incident: Incident
    artifacts: tuple[Artifact, ...]
    facts: Facts
    http: HttpSummary
    rule_hits: Mapping[RuleId, HitList]
    watches: Mapping[str, HitList]
    coverage: tuple[Coverage, ...]
    rhythm: Rhythm = field(default_factory=lambda: Rhythm(None))
    samples: Samples = field(default_factory=lambda: Samples(None))
    log_rates: LogRates = field(default_factory=lambda: LogRates(None))
    calls: CallSummary = field(default_factory=lambda: CallSummary(None))
    edges: Mapping[ArtifactId, Edges] = field(default_factory=dict)
    collected_at: datetime | None = None
    """When the last step of the collection ended; no source can tell of later times."""
    sites: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """Time of the first and the last row of every app that tables name."""

    aliases: Mapping[str, str] = field(default_factory=dict)
    """The name that is used of a worker, by its other names."""

    @property
    def window(self) -> Window | None:
        """The incident window."""
        return self.incident.window

    @property
    def elapsed(self) -> Window | None:
        """The incident window as far as it had gone by when the evidence was collected."""
        return elapsed(self.window, self.collected_at)

    def watched(self, template: str) -> HitList:
        """Matches of a correlator's pattern; empty when no loaded rule asked for it."""
        found = self.watches.get(as_pattern(template))
        return found if found is not None else HitList(self.window, 0, 0)

    def instances(self) -> tuple[str, ...]:
        """Every worker that evidence or incident names."""
        named = set(self.incident.target.instances) | set(self.http.instances)
        named |= {artifact.instance for artifact in self.artifacts if artifact.instance}
        for found in self.rule_hits.values():
            named |= set(found.instances)
        return tuple(sorted(named))

    def witnessed(self) -> set[str]:
        """Workers of which there is more than what the front ends say of them: a file, a log line, a process."""
        front = {place.artifact.id for places in self.http.samples.values() for place in places}
        named = {artifact.instance for artifact in self.artifacts}
        named |= {row.lane for row in self.logs if row.artifact not in front}
        named |= {place.instance for place in self.facts.of(Kind.KUDU_PROCESS, Kind.COUNTERS)}
        for found in (*self.rule_hits.values(), *self.watches.values()):
            named |= {hit.place.instance for hit in found.hits if hit.place.artifact.id not in front}
        return {name for name in named if name}

    def has_file(self, pattern: str) -> bool:
        """Whether an evidence path matches."""
        return any(re.search(pattern, artifact.path) for artifact in self.artifacts)

    @property
    def logs(self) -> tuple[Coverage, ...]:
        """Coverage of the artifacts that tell when something happened."""
        kinds = {artifact.id: artifact.kind for artifact in self.artifacts}
        return tuple(row for row in self.coverage if kinds.get(row.artifact) in LOG_KINDS)
