"""The same processes wait in the same call of the system (wchan, state D) in sample after sample."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.place import OLDEST, Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown

STORAGE = (
    r"^(?:wait_for_response|(?:cifs|smb2|smb|netfs|nfs|rpc|fuse)_\w+|folio_wait_bit\w*|wait_on_page\w*|io_schedule\w*)$"
)

_ROW = re.compile(
    r"^\d+\s+\d+\s+(?P<pid>\d+)\s+\d+\s+-?\d+\s+-?\d+\s+\d+\s+\d+\s+(?P<wchan>[A-Za-z_]\w*)\s+D\S*\s+\S+\s+\d+:\d\d\s"
)
_FILE = re.compile(r"/proc/(?P<pid>\d+)/wchan\b")


@dataclass(frozen=True)
class _Sample:
    pid: str
    wchan: str
    place: Place


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least, span = int(number(args, "min_samples", 3)), number(args, "min_s", 30)
    calls = re.compile(text(args, "calls", STORAGE))
    series: dict[tuple[str | None, str, str], list[_Sample]] = defaultdict(list)
    seen = False
    for sample in _samples(index):
        seen = True
        if calls.search(sample.wchan) and inside(index.window, sample.place):
            series[sample.place.instance, sample.pid, sample.wchan].append(sample)
    if not seen:
        return unknown("No sample tells in which call processes wait (ps axl, /proc/PID/wchan).")
    long = {key: kept for key, found in series.items() if len(kept := _moments(found)) >= least and _span(kept) >= span}
    if not long:
        return fails("No process waits in the same call of storage over several samples.")
    (worker, pid, wchan), kept = max(long.items(), key=lambda item: len(item[1]))
    pids = sorted({name for (where, name, call) in long if where == worker and call == wchan}, key=int)
    said = f"{len(pids)} process(es) ({', '.join(pids[:5])}) wait in {wchan},"
    said += f" in {len(kept)} samples over {_span(kept):.0f} s"
    others = [long[worker, name, wchan][0].place for name in pids[:4] if name != pid]
    return holds(
        f"{said}{f' on {worker}' if worker else ''}.",
        *(sample.place for sample in kept[:4]),
        *others[:2],
        **({"worker": worker} if worker else {}),
        pid=pid,
        pids=", ".join(pids[:5]),
        wchan=wchan,
        seconds=f"{_span(kept):.0f}",
        samples=str(len(kept)),
    )


def _samples(index: Index) -> Iterator[_Sample]:
    for place in index.facts.of(Kind.SHELL_TRANSCRIPT):
        if place.fields.get("is_prompt"):
            continue
        row = _ROW.match(place.excerpt)
        if row:
            yield _Sample(row["pid"], row["wchan"], place)
            continue
        named = _FILE.search(str(place.fields.get("command") or ""))
        if named and re.fullmatch(r"[A-Za-z_]\w*", place.excerpt.strip()):
            yield _Sample(named["pid"], place.excerpt.strip(), place)
    for place in index.facts.named(Kind.PROC_OTHER, "wchan"):
        if place.pid is not None:
            yield _Sample(str(place.pid), str(place.fields.get("value") or ""), place)


def _moments(found: list[_Sample]) -> list[_Sample]:
    """One sample a moment (or a file, where the time is not known), in order."""
    unique = {(sample.place.ts, sample.place.artifact.id): sample for sample in reversed(found)}
    return sorted(unique.values(), key=lambda sample: (sample.place.ts or OLDEST, sample.place.artifact.id))


def _span(kept: list[_Sample]) -> float:
    times = [sample.place.ts for sample in kept if sample.place.ts is not None]
    return (max(times) - min(times)).total_seconds() if times else 0.0


CORRELATOR = Correlator("stuck_in_call", frozenset({"min_samples", "min_s", "calls"}), _evaluate)
