"""Azure Monitor metrics of site and plan, and their definitions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal, answer
from escalate.lab.arm.ask import Ask, both
from escalate.lab.arm.metric_names import PLAN, SITE, Metric
from escalate.lab.arm.times import duration, stamp, timespan
from escalate.lab.state import LabState
from escalate.lab.world import Json, Series

MOST_NAMES = 20
USUAL_SPAN = "PT1H"
AGGREGATIONS = ("average", "count", "maximum", "minimum", "total")
_INSTANCE = re.compile(r"Instance\s+eq\s+'(?P<value>[^']*)'", re.IGNORECASE)
_MINUTE = timedelta(minutes=1)

Samples = Mapping[datetime, Sequence[float]]
"""Values by minute: of one worker one each, of the whole resource one for each worker."""


def _known(ask: Ask) -> dict[str, Metric]:
    """By name in lower case; Linux lacks some."""
    known = PLAN if ask.scope == "plan" else SITE
    return {key: metric for key, metric in known.items() if not (metric.windows_only and ask.linux)}


def _metrics(ask: Ask) -> Response:
    """Names are checked, `$filter=Instance eq '*'` splits by worker; timespan, interval and aggregation count."""
    query = ask.request.args
    known = _known(ask)
    names = [name.strip() for name in query.get("metricnames", "").split(",") if name.strip()] or ["CpuTime"]
    if len(names) > MOST_NAMES:
        raise Refusal(400, "BadRequest", f"Requested metrics count: {len(names)} bigger than allowed max: {MOST_NAMES}")
    for name in names:
        if name.lower() not in known:
            raise _no_such_metric(ask, name, known)
    start, end = timespan(query.get("timespan", USUAL_SPAN))
    text = query.get("interval", "PT1M")
    grain = (end - start) if text.upper() == "FULL" else duration(text)
    aggregations = [part.strip().lower() for part in query.get("aggregation", "").split(",") if part.strip()]
    wrong = [part for part in aggregations if part not in AGGREGATIONS]
    if wrong:
        raise Refusal(400, "BadRequest", f"Invalid aggregation type: {wrong[0]}.")
    split = _split(query.get("$filter", ""))
    found = [_metric(ask, known[name.lower()], (start, end), text, grain, aggregations, split) for name in names]
    return answer(
        {
            "cost": len(names) * int((end - start) / _MINUTE),
            "timespan": f"{stamp(start)}/{stamp(end)}",
            "interval": text.upper(),
            "value": found,
            "namespace": f"Microsoft.Web/{_type(ask)}",
            "resourceregion": ask.state.world.region.lower().replace(" ", ""),
        }
    )


def _split(text: str) -> str | None:
    """The worker asked for, `*` for each, None for the whole."""
    if not text:
        return None
    found = _INSTANCE.fullmatch(text.strip())
    if found is None:
        raise Refusal(
            400, "BadRequest", f"The filter '{text}' names no dimension of this resource; there is: Instance."
        )
    return found["value"]


def _metric(
    ask: Ask,
    metric: Metric,
    span: tuple[datetime, datetime],
    text: str,
    grain: timedelta,
    aggregations: Sequence[str],
    split: str | None,
) -> Json:
    if text.upper() != "FULL" and text.upper() not in metric.grains:
        raise Refusal(
            400, "BadRequest", f"Detect invalid time grain input: {text}, supported ones are: {','.join(metric.grains)}"
        )
    chosen = aggregations or [metric.usual.lower()]
    workers = _samples(ask, metric.name)
    if split is None:
        whole: dict[datetime, list[float]] = defaultdict(list)
        for samples in workers.values():
            for at, values in samples.items():
                whole[at] += values
        groups: dict[str, Samples] = {"": whole} if whole else {}
    else:
        groups = {name: samples for name, samples in workers.items() if split in ("*", name)}
    return {
        "id": f"{ask.resource_id}/providers/Microsoft.Insights/metrics/{metric.name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": metric.name, "localizedValue": metric.name},
        "displayDescription": metric.name,
        "unit": metric.unit,
        "timeseries": [
            {
                "metadatavalues": []
                if split is None
                else [{"name": {"value": "instance", "localizedValue": "instance"}, "value": name}],
                "data": _data(samples, span, grain, chosen),
            }
            for name, samples in groups.items()
        ],
        "errorCode": "Success",
    }


def _samples(ask: Ask, name: str) -> dict[str, Samples]:
    """By the value of the dimension `Instance`. Only the world's own app, and the plan, were measured."""
    if ask.scope == "site" and ask.app is not ask.state.world.app:
        return {}
    found: dict[str, dict[datetime, list[float]]] = {}
    for series in ask.state.signals.metrics:
        if series.metric.lower() != name.lower() or series.of_plan != (ask.scope == "plan"):
            continue
        minutes = found.setdefault(_dimension(ask.state, series), {})
        first = _newest(ask.state) - _MINUTE * len(series.values)
        for at, value in enumerate(series.values):
            if value == value:  # not a number: nothing was measured in that minute
                minutes[first + _MINUTE * at] = [value]
    return dict(found)


def _newest(state: LabState) -> datetime:
    return state.started.replace(second=0, microsecond=0)


def _dimension(state: LabState, series: Series) -> str:
    """Linux names a worker by its computer name, Windows by its machine."""
    worker = next((each for each in state.world.workers if each.machine == series.machine), None)
    if worker is not None and state.world.platform.startswith("linux"):
        return worker.computer or worker.machine
    return series.machine


def _data(
    samples: Samples, span: tuple[datetime, datetime], grain: timedelta, aggregations: Sequence[str]
) -> list[Json]:
    """One row for each interval; an interval without samples has a time only."""
    start, end = span
    first = start if grain == end - start else _floor(start, grain)
    rows: list[Json] = []
    at = first
    while at < end:
        values = [
            value
            for minute in range(int(grain / _MINUTE))
            for value in samples.get((at + minute * _MINUTE).replace(second=0, microsecond=0), ())
        ]
        rows.append({"timeStamp": stamp(at), **(_aggregated(values, aggregations) if values else {})})
        at += grain
    return rows


def _floor(at: datetime, grain: timedelta) -> datetime:
    zero = datetime(1970, 1, 1, tzinfo=UTC)
    return zero + ((at - zero) // grain) * grain


def _aggregated(values: Sequence[float], wanted: Sequence[str]) -> Json:
    every = {
        "average": sum(values) / len(values),
        "count": float(len(values)),
        "maximum": max(values),
        "minimum": min(values),
        "total": sum(values),
    }
    return {name: every[name] for name in wanted}


def _no_such_metric(ask: Ask, name: str, known: Mapping[str, Metric]) -> Refusal:
    valid = ",".join(metric.name for metric in known.values())
    return Refusal(
        400,
        "BadRequest",
        f"Failed to find metric configuration for provider: Microsoft.Web, resource Type: {_type(ask)}, "
        f"metric: {name}, Valid metrics: {valid}",
    )


def _type(ask: Ask) -> str:
    return "serverfarms" if ask.scope == "plan" else ask.typed("sites")


def _definitions(ask: Ask) -> Response:
    found = [
        {
            "id": f"{ask.resource_id}/providers/microsoft.insights/metricdefinitions/{metric.name}",
            "resourceId": ask.resource_id,
            "namespace": f"Microsoft.Web/{_type(ask)}",
            "name": {"value": metric.name, "localizedValue": metric.name},
            "displayDescription": metric.name,
            "isDimensionRequired": False,
            "unit": metric.unit,
            "primaryAggregationType": metric.usual,
            "supportedAggregationTypes": ["None", "Average", "Minimum", "Maximum", "Total", "Count"],
            "metricAvailabilities": [{"timeGrain": grain, "retention": "P93D"} for grain in metric.grains],
            "dimensions": [{"value": "Instance", "localizedValue": "Instance"}],
        }
        for metric in _known(ask).values()
    ]
    return answer({"value": found})


_INSIGHTS = "/providers/microsoft.insights"
ROUTES = (
    *both(f"{_INSIGHTS}/metrics", "Microsoft.Insights/metrics/read", _metrics),
    *both(f"{_INSIGHTS}/metricdefinitions", "Microsoft.Insights/metricDefinitions/read", _definitions),
)
