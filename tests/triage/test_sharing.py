"""Who uses up what all apps of a plan share."""

from __future__ import annotations

import json

import pytest

from escalate.model.incident import Incident, TargetFacts, Window
from escalate.triage.correlators.heaviest_app import capacity

GB = 2**30
RESOURCE = "/subscriptions/0/resourceGroups/r/providers/Microsoft.Web/sites/shop"


def incident(sku: str = "S3", resource: str | None = RESOURCE) -> Incident:
    return Incident(
        window=Window(start="2026-01-05T10:00:00Z", end="2026-01-05T10:20:00Z"),
        target=TargetFacts(os="windows", sku=sku, resource_id=resource, instances=("RD1234567890AB",)),
    )


def metric(name: str, level: float) -> str:
    data = [{"timeStamp": f"2026-01-05T10:0{n}:00Z", "average": level} for n in range(9)]
    series = [{"metadatavalues": [{"name": {"value": "instance"}, "value": "RD1234567890AB"}], "data": data}]
    return json.dumps({"value": [{"name": {"value": name}, "unit": "Percent", "timeseries": series}]}, indent=1)


def process(minute: int, memory: float, cpu_seconds: float, pid: int) -> str:
    return json.dumps(
        {
            "id": pid,
            "name": "w3wp",
            "machineName": "RD1234567890AB",
            "href": f"https://x.scm.azurewebsites.net/api/processes/{pid}",
            "total_cpu_time": f"00:{int(cpu_seconds // 60):02d}:{cpu_seconds % 60:010.7f}",
            "private_memory": int(memory),
            "handle_count": 900,
            "thread_count": 40,
            "time_stamp": f"2026-01-05T10:{minute:02d}:00Z",
        },
        indent=1,
    )


def apps(level: float = 95, name: str = "MemoryPercentage", **held: tuple[float, float]) -> dict[str, str]:
    """Two samples of one process of each app: (bytes, processors)."""
    files = {"azure/metrics/m.json": metric(name, level)}
    for number, (site, (memory, cores)) in enumerate(held.items()):
        for minute in (2, 12):
            text = process(minute, memory, 20 + cores * 60 * minute, 4000 + number)
            files[f"kudu/{site}/processes_{minute:02d}.json"] = text
    return files


def test_another_app_that_holds_the_memory_is_named_with_both_numbers(triaged):
    got = triaged(apps(shop=(0.4 * GB, 0), reports=(5 * GB, 0)), incident())
    assert got.who == "customer"
    found = got.finding("E10")
    assert "reports" in found.title
    assert "another app of the plan" in got.findings.verdict.layer
    assert {"kudu/reports/processes_12.json", "kudu/shop/processes_12.json", "azure/metrics/m.json"} <= {
        entry.path for entry in got.findings.evidence
    }


def test_the_app_itself_is_called_so(triaged):
    got = triaged(apps(shop=(5 * GB, 0), reports=(0.3 * GB, 0)), incident())
    assert "the app itself" in got.findings.verdict.layer


def test_apps_that_hold_little_of_a_full_worker_are_not_blamed(triaged):
    got = triaged(apps(shop=(0.2 * GB, 0), reports=(0.9 * GB, 0)), incident())
    assert "E10" not in got.rules
    assert got.who != "customer"


def test_a_worker_with_room_blames_nobody(triaged):
    assert "E10" not in triaged(apps(60, shop=(0.4 * GB, 0), reports=(3.9 * GB, 0)), incident()).rules


def test_without_metric_size_or_name_of_the_app_it_stays_open(triaged):
    files = apps(shop=(0.4 * GB, 0), reports=(5 * GB, 0))
    assert "E10" not in triaged({k: v for k, v in files.items() if "metrics" not in k}, incident()).rules
    assert "E10" not in triaged(files, incident(sku="X9")).rules
    assert "E10" not in triaged(files, incident(resource=None)).rules


def test_processor_use_is_taken_between_two_samples(triaged):
    got = triaged(apps(96, "CpuPercentage", shop=(GB, 0.1), reports=(GB, 3.2)), incident())
    assert "reports" in got.finding("E11").title
    assert got.who == "customer"


def test_idle_apps_on_a_busy_worker_are_not_blamed(triaged):
    assert "E11" not in triaged(apps(96, "CpuPercentage", shop=(GB, 0.05), reports=(GB, 0.2)), incident()).rules


@pytest.mark.parametrize(
    ("sku", "cores", "memory"),
    [
        ("S1", 1, 1.75),
        ("P2v3", 4, 16),
        ("p1V2", 1, 3.5),
        ("B3", 4, 7),
        ("I2v2", 4, 16),
        ("F1", None, None),
        ("", None, None),
    ],
)
def test_sizes_of_plans(sku, cores, memory):
    assert capacity(sku, "cpu") == cores
    assert capacity(sku, "memory") == (memory * GB if memory else None)
