"""A metric of the app or its plan held against a limit, inside the window."""

from __future__ import annotations

from collections.abc import Iterable

from escalate.model.exclusion import Measured
from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Measure, Test
from escalate.triage.place import Place, inside
from escalate.triage.result import fails, holds, unknown

ENOUGH = 3
"""Values inside the window: fewer say little of a peak."""


def metric(name: str, *, high: float, low: float, what: str, unit: str = "%") -> Measure:
    """A metric that explains the trouble from `high` on, and is no matter below `low`; between them it stays open."""

    def measure(index: Index) -> Test:
        found = values(index, name)
        if len(found) < ENOUGH:
            return Test(unknown(f"The metric {name} has fewer than {ENOUGH} values inside the window."))
        place, top = max(found, key=lambda item: item[1])
        numbers = (Measured(name=f"{name}, highest", value=top, unit=unit, limit=high),)
        where = f" on {place.instance}" if place.instance else ""
        said = f"{what} is at most {top:.0f} {unit}{where} in {len(found)} values of the window"
        if top >= high:
            return Test(holds(f"{what} reaches {top:.0f} {unit}{where}.", place), numbers)
        if top < low:
            return Test(fails(f"{said}.", place), numbers)
        return Test(unknown(f"{said}: neither high nor low."), numbers)

    return measure


def values(index: Index, name: str) -> list[tuple[Place, float]]:
    """(place, value) of a metric inside the window; averages where there are any."""
    rows = [
        (place, value)
        for place in index.facts.of(Kind.METRICS)
        if str(place.fields.get("metric", "")).lower() == name.lower()
        and inside(index.window, place)
        and (value := amount(place, "value")) is not None
    ]
    return _of(rows, "average") or rows


def _of(rows: Iterable[tuple[Place, float]], aggregation: str) -> list[tuple[Place, float]]:
    return [item for item in rows if item[0].fields.get("aggregation") == aggregation]
