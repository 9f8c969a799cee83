"""Collection of garbage: the pauses that the runtime itself logged inside the window."""

from __future__ import annotations

from collections.abc import Mapping

from escalate.model.exclusion import Measured
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.place import inside
from escalate.triage.result import fails, holds, unknown

PAUSE = (
    r"(?:Pause (?:Young|Full|Remark|Cleanup|Initial Mark)|\[(?:Full )?GC\b)[^\n]{0,200}?"
    r"(?P<pause>\d+(?:[.,]\d+)?) ?(?P<unit>ms|secs)\b"
)
"""A line of a JVM's GC log, unified (`2.475ms`) or older (`0.0123 secs`)."""

LONG_MS = 1_000.0
SHARE = 0.1
"""Part of the window in pauses from which they explain slowness; GC guides of the JVMs speak of 5 to 10 %."""


def pauses(index: Index) -> Test:
    """Longest pause and part of the window that was spent in pauses."""
    window = index.window
    hits = [hit for hit in index.watched(PAUSE).hits if hit.place.ts is not None and inside(window, hit.place)]
    if not hits:
        return Test(unknown("No garbage collection log has records inside the window."))
    times = [_ms(hit.groups) for hit in hits]
    longest, total = max(times), sum(times)
    worst = hits[times.index(longest)].place
    seconds = (window.end - window.start).total_seconds() if window else 0.0
    numbers = (
        Measured(name="longest pause", value=round(longest, 3), unit="ms", limit=LONG_MS),
        Measured(name="sum of pauses", value=round(total, 3), unit="ms"),
    )
    said = f"{len(hits)} pauses inside the window, the longest {longest:.0f} ms, {total / 1000:.1f} s together"
    if longest >= LONG_MS or (seconds and total / 1000 >= SHARE * seconds):
        return Test(holds(f"{said}.", worst), numbers)
    return Test(fails(f"{said}: too short to explain it.", worst, hits[0].place), numbers)


def _ms(groups: Mapping[str, str]) -> float:
    value = float(groups["pause"].replace(",", "."))
    return value * 1000 if groups["unit"] == "secs" else value
