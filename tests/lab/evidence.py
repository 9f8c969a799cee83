"""Writes what a world's Azure would give into a folder, file by file, without any server."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from pathlib import Path

from escalate.lab.world import Series, Signals, Table, World
from escalate.model.incident import Incident, TargetFacts

SAMPLES = (0, 5, 10)
"""Seconds after the start at which processes, counters and /proc are sampled."""


def incident_of(world: World, start: datetime) -> Incident:
    """The incident with what a survey would have found out of the target."""
    facts = TargetFacts(
        resource_id=world.app.resource_id,
        os=world.platform,
        sku=world.sku,
        region=world.region,
        runtime=world.app.runtime or None,
        instances=tuple(worker.machine for worker in world.workers),
        instance_ids={worker.machine: worker.arm_id for worker in world.workers},
        sibling_apps=tuple(sibling.name for sibling in world.siblings),
    )
    return world.incident(start).model_copy(update={"target": facts})


def write_evidence(world: World, folder: Path, start: datetime) -> None:
    """All that is within reach: with the SCM site blocked neither files nor processes."""
    signals = world.signals(start)
    _control_plane(world, signals, folder / "azure", start)
    if "scm-private" in world.faults:
        return
    world.write_home(folder, start)
    for seconds in SAMPLES:
        _samples(world, folder, start + timedelta(seconds=seconds), seconds // 5)


def _control_plane(world: World, signals: Signals, folder: Path, start: datetime) -> None:
    for kind in (False, True):
        of_kind = [series for series in signals.metrics if series.of_plan is kind]
        _save(folder / f"metrics-{'plan' if kind else 'site'}.json", {"value": _metrics(of_kind, start)})
    _save(
        folder / "resourcehealth.json",
        {"value": [{"id": f"{world.app.resource_id}/x", "properties": entry} for entry in signals.health]},
    )
    if signals.events:
        events = [
            {"name": entry["_name"], "properties": {key: value for key, value in entry.items() if key != "_name"}}
            for entry in signals.events
        ]
        _save(folder / "servicehealth.json", {"value": events})
    _save(folder / "activitylog.json", {"value": list(signals.activity)})
    for properties in signals.detectors:
        name = properties["metadata"]["id"]
        _save(
            folder / "detectors" / f"{name}.json",
            {
                "id": f"{world.app.resource_id}/detectors/{name}",
                "name": name,
                "type": "Microsoft.Web/sites/detectors",
                "location": world.region,
                "properties": properties,
            },
        )
    _save(folder / "deployments.json", {"value": [{"properties": entry} for entry in signals.deployments]})
    _save(folder / "sitestatus.json", {"properties": [dict(entry) for entry in signals.site_status.values()]})
    for table in signals.tables:
        _save(folder / "queries" / f"{table.name}.json", _table(table))


def _metrics(series: list[Series], start: datetime) -> list[object]:
    names = dict.fromkeys(one.metric for one in series)
    last = start.replace(second=0, microsecond=0)
    return [
        {
            "name": {"value": name, "localizedValue": name},
            "unit": next(one.unit for one in series if one.metric == name),
            "timeseries": [
                {
                    "metadatavalues": [{"name": {"value": "instance"}, "value": one.machine}],
                    "data": [
                        {"timeStamp": f"{last - timedelta(minutes=120 - minute):%Y-%m-%dT%H:%M:%SZ}"}
                        | ({} if math.isnan(value) else {"average": value})
                        for minute, value in enumerate(one.values)
                    ],
                }
                for one in series
                if one.metric == name
            ],
        }
        for name in names
    ]


def _table(table: Table) -> object:
    columns = [{"name": name, "type": kind} for name, kind in table.columns]
    return {"tables": [{"name": "PrimaryResult", "columns": columns, "rows": [list(row) for row in table.rows]}]}


def _samples(world: World, folder: Path, at: datetime, number: int) -> None:
    stamp = f"{at:%Y%m%dT%H%M%SZ}"
    for app in (world.app, *world.siblings):
        if app.counters:
            counted = app.counters["app"]
            _save(folder / "kudu" / app.name / f"counters_{stamp}.json", counted)
        if app is world.app:
            for process in app.processes:
                _save(
                    folder / "kudu" / app.name / f"process-{process['id']}-{stamp}.json", _process(process, at, number)
                )
    for machine, samples in world.proc.items():
        for path, text in samples[min(number, len(samples) - 1)].items():
            name = path.removeprefix("/proc/").removeprefix("/sys/fs/cgroup/").replace("/", "_")
            place = folder / "local" / machine / "procfs" / stamp / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)


def _process(process: dict[str, object], at: datetime, number: int) -> object:
    """As Kudu would answer: steps taken, spans of time as text, nothing that begins with an underscore."""
    found: dict[str, object] = {"time_stamp": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    for key, value in process.items():
        now = value[0] + number * value[1] if isinstance(value, list) and _is_step(value) else value
        if not key.startswith("_"):
            found[key] = str(timedelta(seconds=now)).zfill(8) if key.endswith("_time") else now  # type: ignore[arg-type]
    return found


def _is_step(value: list[object]) -> bool:
    return len(value) == 2 and all(isinstance(item, int | float) for item in value)


def _save(place: Path, data: object) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(data, indent=1))
