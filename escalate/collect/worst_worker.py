"""Chooses the worker on which intrusive steps are done, and says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from escalate.collect.json_parts import Json, mapping, mappings, number, text
from escalate.model.survey import Worker

METRICS = ("Http5xx", "MemoryWorkingSet", "CpuTime")
"""In this order; a metric on which all workers are equal decides nothing."""
_ID = 64
"""Digits of an instance id: no name to show to people."""
_NEVER = "0001-01-01"
"""How siteStatus says that there was never an error (Azure/AppService, siteStatus, June 2026)."""
_BAD_STATES = {"blocked": 4, "unknown": 3, "stopped": 3, "stopping": 2, "starting": 2, "updating": 1}


@dataclass(frozen=True)
class Choice:
    """The worst worker."""

    arm_id: str | None
    why: str
    notes: tuple[str, ...] = ()


def named(workers: Sequence[Worker], name: str) -> Worker | None:
    """The worker of that name; the infix `RD0015_default` of a log file also finds `RD0015`."""
    key = name.strip().casefold()
    return next((each for each in workers if {key, key.split("_")[0]} & each.names), None)


def preferred(workers: Sequence[Worker], names: Sequence[str]) -> Choice | None:
    """The first of the workers that the user named, if it is still there."""
    gone = [name for name in names if len(name) < _ID and named(workers, name) is None]
    notes = (f"no worker of today is called {', '.join(gone)}: gone, or another kind of name",) if gone else ()
    for name in names:
        if (worker := named(workers, name)) is not None:
            return Choice(worker.arm_id, f"you named {name}", notes)
    return Choice(None, "", notes) if notes else None


def by_state(workers: Sequence[Worker], statuses: Sequence[Json]) -> Choice | None:
    """The one that siteStatus or its instance state show in a bad way, if not all are in the same."""
    told = {text(each.get("instanceId")).casefold(): each for each in statuses}
    marks = [_badness(worker, told.get(worker.arm_id.casefold(), {})) for worker in workers]
    worst = max(marks, default=0)
    if worst == 0 or marks.count(worst) != 1:
        return None
    worker = workers[marks.index(worst)]
    status = told.get(worker.arm_id.casefold(), {})
    said = text(status.get("lastError")) or text(status.get("state")) or worker.state or ""
    return Choice(worker.arm_id, f"its state is the worst: {said}")


def by_metrics(workers: Sequence[Worker], load: Mapping[str, Mapping[str, float]]) -> Choice | None:
    """The one with most of the first metric on which they differ; `load` is metric to ARM id to value."""
    for metric in METRICS:
        values = {arm_id: value for arm_id, value in load.get(metric, {}).items() if value > 0}
        if not values:
            continue
        arm_id, most = max(values.items(), key=lambda item: item[1])
        if len(workers) > 1 and list(values.values()).count(most) == 1:
            return Choice(arm_id, f"most {metric} in the window: {_shown(metric, most)}")
    return None


def load_of(answer: Json) -> dict[str, dict[str, float]]:
    """Metric to value of the dimension Instance to its load: sum of totals, or the highest average of memory."""
    load: dict[str, dict[str, float]] = {}
    for metric in mappings(answer.get("value")):
        name = text(mapping(metric.get("name")).get("value"))
        for series in mappings(metric.get("timeseries")):
            instance = next(
                (
                    text(each.get("value"))
                    for each in mappings(series.get("metadatavalues"))
                    if text(mapping(each.get("name")).get("value")).casefold() == "instance"
                ),
                "",
            )
            data = mappings(series.get("data"))
            if name == "MemoryWorkingSet":
                value = max((number(point.get("average")) for point in data), default=0.0)
            else:
                value = sum(number(point.get("total")) for point in data)
            if instance:
                load.setdefault(name, {})[instance] = value
    return load


def joined(
    workers: Sequence[Worker], load: Mapping[str, Mapping[str, float]]
) -> tuple[tuple[Worker, ...], dict[str, dict[str, float]], tuple[str, ...]]:
    """The workers with the name that metrics have for them, the load by ARM id, and names that no worker has.

    When one worker and one name are left over, they belong together.
    """
    names = sorted({instance for values in load.values() for instance in values})
    found = {name: worker.arm_id for name in names if (worker := named(workers, name)) is not None}
    left = [worker.arm_id for worker in workers if worker.arm_id not in found.values()]
    strange = [name for name in names if name not in found]
    if len(left) == 1 and len(strange) == 1:
        found[strange.pop()] = left[0]
    of_worker = {arm_id: name for name, arm_id in found.items()}
    known = tuple(
        worker.model_copy(update={"metric": of_worker[worker.arm_id]}) if worker.arm_id in of_worker else worker
        for worker in workers
    )
    by_id = {
        metric: {found[name]: value for name, value in values.items() if name in found}
        for metric, values in load.items()
    }
    notes = (f"metrics speak of {', '.join(strange)}: no worker of today has that name",) if strange else ()
    return known, by_id, notes


def first(workers: Sequence[Worker]) -> Choice:
    """The first, when nothing tells them apart."""
    if not workers:
        return Choice(None, "no worker is known")
    return Choice(workers[0].arm_id, "the only worker" if len(workers) == 1 else "nothing tells them apart: the first")


def with_notes(choice: Choice, notes: Sequence[str]) -> Choice:
    """The same, with more notes before its own."""
    return replace(choice, notes=(*notes, *choice.notes))


def _badness(worker: Worker, status: Json) -> int:
    """0 is well; a bad state of the container weighs more than a past error, and that more than the routing state."""
    state = _BAD_STATES.get(text(status.get("state")).casefold(), 0)
    erred = bool(status.get("lastError")) and not text(status.get("lastErrorTimestamp")).startswith(_NEVER)
    routed = 1 if (worker.state or "READY").casefold() == "stopped" else 0
    return state * 4 + (2 if erred else 0) + routed


def _shown(metric: str, value: float) -> str:
    if metric == "MemoryWorkingSet":
        return f"{value / 2**20:,.0f} MiB"
    return f"{value:,.0f} s" if metric == "CpuTime" else f"{value:,.0f}"
