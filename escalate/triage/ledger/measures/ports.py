"""Ports for outgoing connections: columns of the SNAT detector."""

from __future__ import annotations

from escalate.model.exclusion import Measured
from escalate.triage.correlators import detector_value
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.result import Result, State

ALLOTTED = 128.0
"""Ports that are allotted to a worker in advance; more may be had or not (App Service docs on SNAT)."""


def snat(index: Index) -> Test:
    """Failed allocations decide; without them, more ports in use than are allotted keep the row open."""
    failed = detector_value.CORRELATOR.evaluate(None, {"detector": "snat", "column": "failed", "min": 1}, index)
    used = detector_value.CORRELATOR.evaluate(None, {"detector": "snat", "column": "used", "min": ALLOTTED}, index)
    numbers = tuple(
        Measured(name=f"SNAT ports {name}, most", value=value, limit=limit)
        for name, value, limit in (("failed", _top(index, "failed"), 1.0), ("used", _top(index, "used"), ALLOTTED))
        if value is not None
    )
    if failed.state is State.UNKNOWN and used.state is State.HOLDS:
        said = f"{used.sentence} More than the {ALLOTTED:.0f} that are allotted; whether requests failed is not told."
        return Test(Result(State.UNKNOWN, said), numbers)
    return Test(failed, numbers)


def _top(index: Index, column: str) -> float | None:
    found = detector_value.CORRELATOR.evaluate(None, {"detector": "snat", "column": column, "min": 0}, index)
    value = found.values.get("value")
    return float(value) if value else None
