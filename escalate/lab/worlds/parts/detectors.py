"""Detectors of App Service diagnostics: metadata, datasets of text cells, a status, topics of support."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from escalate.lab.world import Json, LabApp
from escalate.lab.worlds.parts.noise import Noise

Rows = Sequence[Sequence[object]]

_PRODUCTS = {"windows": "14748", "linux": "16170"}
"""Product ids of support: Web App (Windows), Web App (Linux)."""


def detector(
    name: str,
    title: str,
    *,
    windows: bool,
    topic: str,
    status: str,
    message: str,
    datasets: Sequence[Json] = (),
    description: str = "",
    category: str = "Availability and Performance",
) -> Json:
    """Whole `properties` of a detector; `status` is Critical, Warning, Info, Success or None."""
    return {
        "metadata": {
            "id": name,
            "name": title,
            "description": description or f"{title} of this app in the time that was asked for.",
            "author": "",
            "category": category,
            "supportTopicList": [{"id": topic, "pesId": _PRODUCTS["windows" if windows else "linux"]}],
            "analysisType": [],
            "type": "Detector",
            "score": 0.0,
        },
        "dataset": list(datasets),
        "status": {"message": message, "statusId": status},
        "dataProvidersMetadata": [],
    }


def dataset(name: str, columns: Sequence[tuple[str, str]], rows: Rows, *, kind: str = "Table", title: str = "") -> Json:
    """One table of a detector; every cell is text, whatever its column says."""
    types = {"datetime": "DateTime", "long": "Int64", "string": "String", "real": "Double"}
    return {
        "table": {
            "tableName": name,
            "columns": [{"columnName": column, "dataType": types[of], "columnType": of} for column, of in columns],
            "rows": [[str(cell) for cell in row] for row in rows],
        },
        "renderingProperties": {"type": kind, "title": title or name, "description": "", "isVisible": True},
    }


def insight(status: str, message: str, name: str, value: str) -> Json:
    """A dataset of the kind Insights: its first column is the status; values may hold markup."""
    columns = (("Status", "string"), ("Message", "string"), ("Data.Name", "string"), ("Data.Value", "string"))
    return dataset("Insights", columns, [(status, message, name, value)], kind="Insights")


def minute(moment: datetime) -> str:
    """`2026-04-04 05:58`, as detectors write times."""
    return f"{moment:%Y-%m-%d %H:%M}"


def usual_detectors(
    noise: Noise, app: LabApp, start: datetime, *, windows: bool, leave_out: frozenset[str] = frozenset()
) -> list[Json]:
    """What every app has and what says nothing here; they lag a quarter of an hour."""
    end = start - timedelta(minutes=15)
    times = [end - timedelta(minutes=5 * number) for number in range(12, 0, -1)]
    found = [
        detector(
            "runtimeavailability",
            "Availability over time",
            windows=windows,
            topic="32542218",
            status="Info",
            message="Platform availability was 100 %.",
            datasets=[
                dataset(
                    "Availability",
                    (("PreciseTimeStamp", "datetime"), ("Platform Availability", "real")),
                    [(f"{at:%Y-%m-%dT%H:%M:%SZ}", 100) for at in times],
                    kind="TimeSeries",
                )
            ],
        ),
        detector(
            "cpuanalysis",
            "CPU usage",
            windows=windows,
            topic="32583701",
            status="Success",
            message="No high CPU usage was found.",
            datasets=[
                dataset(
                    "CPU per instance",
                    (("TimeStamp", "datetime"), ("Process", "string"), ("PercentCpu", "real")),
                    [(minute(at), app.name, round(noise.between(8, 31), 1)) for at in times],
                    kind="TimeSeriesPerInstance",
                )
            ],
        ),
        detector(
            "snatportexhaustion",
            "SNAT Port Exhaustion",
            windows=windows,
            topic="32581616",
            status="Success",
            message="No SNAT port allocation failures",
            datasets=[
                dataset(
                    "SNAT per instance",
                    (("TimeStamp", "datetime"), ("Instance", "string"), ("Used", "long"), ("Failed", "long")),
                    [(minute(times[-1]), "all", noise.whole(4, 30), 0)],
                )
            ],
        ),
        detector(
            "siterestartuserinitiated",
            "Restarts by users",
            windows=windows,
            topic="32570954",
            status="Success",
            message="No restart by a user was found.",
        ),
        detector(
            "webappcerttroubleshooter",
            "Certificates",
            windows=windows,
            topic="32440122",
            status="Warning",
            message="A certificate of this app expires in 43 days.",
            datasets=[
                insight(
                    "Warning",
                    "A certificate of this app expires soon",
                    "Next step",
                    '<markdown>**Renew** it, see <a href="https://learn.microsoft.com/">here</a>. | a | b |</markdown>',
                )
            ],
            category="Configuration and Management",
        ),
    ]
    return [one for one in found if one["metadata"]["id"] not in leave_out]
