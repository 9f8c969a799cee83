"""Azure Monitor metrics of one resource: those of the wanted ones that it has, by instance where it can be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from escalate.azure.call import Answer
from escalate.azure.failure import AzureFailure, Why
from escalate.collect.arm_request import kept
from escalate.collect.context import Context, now
from escalate.collect.outcomes import outcome_of_failure
from escalate.collect.piece import Piece
from escalate.collect.placeholders import RFC3339
from escalate.model.incident import Window
from escalate.model.outcome import Gap, Missing

VERSION = "2024-02-01"
MOST_NAMES = 20
"""Names that one request may have (Azure Monitor: Metrics - List)."""
AROUND = timedelta(hours=1)
POINTS = 3000
"""Wanted at most in one series: a window of days is asked for in longer intervals."""
LONG_GRAINS = 4
"""So many intervals back are asked for when one is longer than an hour: a day-old value is better than none."""
SERIES = 100
"""Without `top` the service gives ten instances."""

_GRAIN = re.compile(r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?)?")
_AGGREGATIONS = ("Average", "Total", "Maximum")


@dataclass(frozen=True)
class Group:
    """Metrics that can be asked for in one request."""

    grain: str
    per_instance: bool
    aggregations: tuple[str, ...]
    names: tuple[str, ...]


def gather_metrics(
    context: Context,
    resource_id: str,
    wanted: Sequence[str],
    folder: str,
    *,
    site: str | None = None,
    learn: Callable[[Any], None] = lambda data: None,
) -> Iterator[Piece | Gap]:
    """One piece a request, `folder/<grain>-<number>.json`; `learn` is given every decoded answer."""
    arm = context.site.arm
    base = f"{resource_id}/providers/Microsoft.Insights"
    definitions = arm.get(f"{base}/metricDefinitions", VERSION).json()
    window = context.site.survey.window.widened(AROUND)
    groups = list(groups_of(definitions, wanted, window))
    if not groups:
        yield Missing(reason=f"{resource_id} has none of the wanted metrics", hint=context.obtain)
    for number, group in enumerate(groups, 1):
        query = {
            "metricnames": ",".join(group.names),
            "timespan": _timespan(window, group.grain),
            "interval": group.grain,
            "aggregation": ",".join(group.aggregations),
            **({"$filter": "Instance eq '*'", "top": str(SERIES)} if group.per_instance else {}),
        }
        try:
            answer = arm.get(f"{base}/metrics", VERSION, query)
            data = _checked(answer)
        except AzureFailure as failure:
            yield outcome_of_failure(failure, context.obtain)
            continue
        learn(data)
        output = str(PurePosixPath(folder, f"{group.grain.lower()}-{number}.json"))
        yield from kept(context, output, answer.body, origin=f"GET {base}/metrics", site=site)


def groups_of(definitions: Any, wanted: Sequence[str], window: Window) -> Iterator[Group]:
    """The wanted metrics that the resource defines, by interval, dimension and aggregations; each at most 20 names."""
    listed = definitions.get("value") if isinstance(definitions, dict) else None
    known = {_name(each).casefold(): each for each in listed or () if isinstance(each, dict)}
    alike: dict[tuple[str, bool, tuple[str, ...]], list[str]] = {}
    for name in wanted:
        definition = known.get(name.casefold())
        grain = _grain(definition, window.end - window.start) if definition else None
        if definition is None or grain is None:
            continue
        dimensions = [_text(each).casefold() for each in definition.get("dimensions") or ()]
        key = (grain, "instance" in dimensions, _aggregations(definition))
        alike.setdefault(key, []).append(_name(definition))
    for (grain, per_instance, aggregations), names in alike.items():
        for start in range(0, len(names), MOST_NAMES):
            yield Group(grain, per_instance, aggregations, tuple(names[start : start + MOST_NAMES]))


def instances_of(data: Any) -> Iterator[str]:
    """The values of the dimension `Instance` in an answer."""
    for metric in data.get("value") or ():
        for series in metric.get("timeseries") or ():
            for each in series.get("metadatavalues") or ():
                if _text(each.get("name")).casefold() == "instance" and each.get("value"):
                    yield str(each["value"])


def duration(grain: str) -> timedelta | None:
    """`PT1M`, `PT6H`, `P1D` as a duration; None for anything else."""
    match = _GRAIN.fullmatch(grain.upper())
    if match is None or not any(match.groupdict().values()):
        return None
    return timedelta(**{unit: int(value) for unit, value in match.groupdict().items() if value})


def _checked(answer: Answer) -> Any:
    data = answer.json()
    if not isinstance(data, dict) or not isinstance(data.get("value"), list):
        raise AzureFailure(Why.INVALID, f"{answer.url} is no answer of Azure Monitor", status=answer.status)
    return data


def _grain(definition: dict[str, Any], span: timedelta) -> str | None:
    """The shortest interval the metric is kept in that does not give too many points."""
    grains = [
        str(each.get("timeGrain")) for each in definition.get("metricAvailabilities") or () if isinstance(each, dict)
    ]
    timed = sorted((length, grain) for grain in grains if (length := duration(grain)) is not None)
    fitting = [grain for length, grain in timed if span / length <= POINTS]
    return fitting[0] if fitting else (timed[-1][1] if timed else None)


def _timespan(window: Window, grain: str) -> str:
    length = duration(grain) or timedelta(minutes=1)
    back = LONG_GRAINS * length if length > AROUND else timedelta()
    end = max(min(window.end, now()), window.start + length)
    return f"{(window.start - back).strftime(RFC3339)}/{end.strftime(RFC3339)}"


def _aggregations(definition: dict[str, Any]) -> tuple[str, ...]:
    """The usual one, and the maximum: an average over a minute hides the moment that mattered."""
    usual = str(definition.get("primaryAggregationType") or "Average")
    offered = {str(each) for each in definition.get("supportedAggregationTypes") or _AGGREGATIONS}
    chosen = [each for each in dict.fromkeys((usual, "Maximum")) if each in offered and each in _AGGREGATIONS]
    return tuple(chosen) or ("Average",)


def _name(definition: dict[str, Any]) -> str:
    return _text(definition.get("name"))


def _text(value: Any) -> str:
    """`{"value": x}` or x."""
    return str((value.get("value") if isinstance(value, dict) else value) or "")
