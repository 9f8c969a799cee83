"""Memory of the worker and of the container, and whose it is."""

from __future__ import annotations

from escalate.model.exclusion import Measured
from escalate.model.kind import Kind
from escalate.triage.correlators import memory_pressure_at, sum_of_processes_vs_metric
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.ledger.measures.metric import metric
from escalate.triage.place import Place, inside
from escalate.triage.result import Result, State, fails, holds, unknown

_PERCENT = metric("MemoryPercentage", high=90, low=80, what="memory of the plan")


def pressure(index: Index) -> Test:
    """Stall and MemAvailable of the worker, as /proc of a Linux container shows them."""
    result = memory_pressure_at.CORRELATOR.evaluate(None, {}, index)
    numbers = []
    shares = [item for item in memory_pressure_at.available_shares(index) if inside(index.window, item[0])]
    if shares:
        numbers.append(
            Measured(
                name="MemAvailable, lowest",
                value=round(min(share for _, share in shares), 1),
                unit="% of MemTotal",
                limit=memory_pressure_at.MEMAVAILABLE_PCT,
            )
        )
    stalls = [
        value
        for place in index.facts.of(Kind.PROC_PRESSURE)
        if place.fields.get("resource") == "memory"
        and place.fields.get("share") == "some"
        and inside(index.window, place)
        and (value := amount(place, "avg10")) is not None
    ]
    if stalls:
        numbers.append(
            Measured(
                name="memory stall (some avg10), highest",
                value=max(stalls),
                unit="%",
                limit=memory_pressure_at.PSI_AVG10,
            )
        )
    return Test(result, tuple(numbers))


def of_the_plan(index: Index) -> Test:
    """The plan's MemoryPercentage; where it is high and the apps do not use it, their memory is no cause."""
    test = _PERCENT(index)
    if test.result.state is not State.HOLDS:
        return test
    summed = sum_of_processes_vs_metric.CORRELATOR.evaluate(None, {"resource": "memory"}, index)
    if summed.state is State.HOLDS:
        return Test(Result(State.FAILS, f"Not by the apps: {summed.sentence}", summed.cites), test.measured)
    return test


def container_limit(index: Index) -> Test:
    """Processes that the container's own limit ended, by the counter of the cgroup."""
    rows = [
        (place, value)
        for place in index.facts.named(Kind.PROC_OTHER, "oom_kill")
        if inside(index.window, place) and (value := amount(place, "value")) is not None
    ]
    if not rows:
        return Test(unknown("The container's own memory events were not sampled inside the window."))
    place, top = max(rows, key=lambda item: item[1])
    first, low = min(rows, key=lambda item: item[1])
    numbers = (Measured(name="processes ended by the container's limit", value=top - low),)
    if top > low:
        said = f"The container's own memory limit ended {top - low:.0f} process(es) between two samples of the window."
        return Test(holds(said, first, place), numbers)
    return _not_since(place, top, numbers)


def _not_since(place: Place, top: float, numbers: tuple[Measured, ...]) -> Test:
    if top == 0:
        return Test(fails("The container's own memory limit has ended no process.", place), numbers)
    return Test(unknown(f"The container's limit has ended {top:.0f} process(es), when is not known."), numbers)
