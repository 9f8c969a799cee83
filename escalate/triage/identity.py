"""One name for every worker: logs, tables and metrics may each call it otherwise, and its instance id joins them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from escalate.formats.record import FieldValue, Record
from escalate.model.artifact import Artifact
from escalate.model.incident import TargetFacts
from escalate.model.kind import Kind
from escalate.model.survey import Worker

IDENTITY_KINDS = frozenset({Kind.LOG_TABLE, Kind.W3C_LOG, Kind.CONTAINER_LOG})

COOKIES = ("Cookie", "cs(Cookie)")
_AFFINITY = re.compile(r"\bARRAffinity(?:SameSite)?=([0-9a-f]{64})\b")
_LABEL = "Instance Id"
_BANNER = re.compile(r"Instance Id\s*:\s*([0-9a-f]{64})\s*$")

MAX_PAIRS = 1_000
MOST = 0.9
"""Share of a name's rows that must carry one instance id: a cookie may outlive the worker that set it."""


@dataclass
class Identity:
    """Which names were seen with which instance ids."""

    _seen: dict[str, Counter[str]] = field(default_factory=dict)

    def see_all(self, artifact: Artifact, records: Sequence[Record]) -> None:
        """As `see` of each record."""
        is_log = artifact.kind is Kind.CONTAINER_LOG
        for record in records:
            if not is_log or _LABEL in record.text:
                self.see(artifact, record)

    def see(self, artifact: Artifact, record: Record) -> None:
        """Note the instance id of a record's worker; the artifact is one of `IDENTITY_KINDS`."""
        if artifact.kind is Kind.CONTAINER_LOG:
            banner = _BANNER.search(record.text) if _LABEL in record.text[:120] else None
            if banner:
                self._note(record.instance or artifact.instance, banner[1])
            return
        cookie = _cookie(record.fields)
        found = _AFFINITY.search(cookie) if cookie else None
        if found:
            self._note(record.instance or artifact.instance, found[1])

    def names(self, target: TargetFacts, workers: Iterable[Worker], artifacts: Iterable[Artifact]) -> Mapping[str, str]:
        """The name to use, by every other name of the same worker."""
        by_id: dict[str, list[str]] = {}
        for name, instance_id in target.instance_ids.items():
            by_id.setdefault(instance_id, []).append(name)
        for worker in workers:
            known = (worker.machine, worker.computer, worker.metric)
            by_id.setdefault(worker.arm_id, []).extend(name for name in known if name)
        for name, ids in self._seen.items():
            ((instance_id, count),) = ids.most_common(1)
            if count >= MOST * ids.total():
                by_id.setdefault(instance_id, []).append(name)
        of_files = {artifact.instance for artifact in artifacts if artifact.instance}
        joined: dict[str, str] = {}
        for names in by_id.values():
            best = sorted(dict.fromkeys(names), key=lambda name: (name not in target.instances, name not in of_files))
            joined |= dict.fromkeys(best[1:], best[0])
        return joined

    def _note(self, name: str | None, instance_id: str) -> None:
        if name and (name in self._seen or len(self._seen) < MAX_PAIRS):
            ids = self._seen.setdefault(name, Counter())
            if instance_id in ids or len(ids) < MAX_PAIRS:
                ids[instance_id] += 1


def _cookie(fields: Mapping[str, FieldValue]) -> str | None:
    own, of_iis = COOKIES
    value = fields[own] if own in fields else fields.get(of_iis)
    return value if isinstance(value, str) else None
