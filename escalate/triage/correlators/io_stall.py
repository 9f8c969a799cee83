"""Tasks of a worker wait for I/O (pressure/io) while the app's own reads and writes are few."""

from __future__ import annotations

from collections import defaultdict

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import OLDEST, Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least, most = number(args, "min_avg10", 30), number(args, "max_bytes_per_s", 1_000_000)
    stalls = [
        place
        for place in index.facts.of(Kind.PROC_PRESSURE)
        if place.fields.get("resource") == "io" and place.fields.get("share") == "full" and inside(index.window, place)
    ]
    if not stalls:
        return unknown("No sample of pressure/io was taken.")
    top = max(stalls, key=lambda place: amount(place, "avg10") or 0.0)
    level = amount(top, "avg10") or 0.0
    if level < least:
        return fails(f"I/O stalls stay at or below {level:.0f} (full avg10).", top)
    rate, shown = _own(index)
    if rate is None:
        return unknown("Own reads and writes (/proc/PID/io) were not sampled twice, so the stalls may be our own.")
    if rate > most:
        return fails(f"Our own processes read and write {rate / 1e6:.1f} MB/s.", *shown)
    worker = {"worker": top.instance} if top.instance else {}
    said = f"I/O stalls of {level:.0f} (full avg10) while our processes read and write {rate / 1e6:.2f} MB/s."
    return holds(said, top, *shown, level=f"{level:.0f}", **worker)


def _own(index: Index) -> tuple[float | None, list[Place]]:
    """(bytes per second of all sampled processes, samples)."""
    series: dict[tuple[int | None, str], list[Place]] = defaultdict(list)
    for name in ("read_bytes", "write_bytes"):
        for place in index.facts.named(Kind.PROC_OTHER, name):
            if place.ts is not None and inside(index.window, place):
                series[place.pid, name].append(place)
    rates: list[float] = []
    shown: list[Place] = []
    for found in series.values():
        found.sort(key=lambda place: place.ts or OLDEST)
        first, last = found[0], found[-1]
        seconds = (last.ts - first.ts).total_seconds() if first.ts and last.ts else 0.0
        if seconds > 0:
            rates.append(((amount(last, "value") or 0.0) - (amount(first, "value") or 0.0)) / seconds)
            shown += [first, last]
    return (sum(rates), shown[:4]) if rates else (None, [])


CORRELATOR = Correlator("io_stall", frozenset({"min_avg10", "max_bytes_per_s"}), _evaluate)
