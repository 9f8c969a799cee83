"""The differential is computed from records: sick against healthy workers, during against before, app against app."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.model.differential import DifferentialDocument
from escalate.model.incident import Incident, TargetFacts, Window
from escalate.triage.differential.effect import cliffs_delta, of_rates, of_samples, of_shares

START = datetime(2026, 4, 4, 6, 0, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(minutes=30))
SITE = "/subscriptions/0c3f7a52-9d1e-4e2f-8f0b-5a6b7c8d9e0f/resourceGroups/rg/providers/Microsoft.Web/sites/shop"
INCIDENT = Incident(window=WINDOW, target=TargetFacts(resource_id=SITE, os="linux", sibling_apps=("report",)))
NUMBERS = st.lists(st.floats(min_value=-1e6, max_value=1e6, allow_nan=False), min_size=1, max_size=40)


def http(rows) -> str:
    """AppServiceHTTPLogs as the portal saves them."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["TimeGenerated [UTC]", "ComputerName", "CsUriStem", "ScStatus", "TimeTaken", "TenantId"])
    for when, worker, status, taken in rows:
        writer.writerow([f"{when:%Y-%m-%dT%H:%M:%SZ}", worker, "/cart", status, taken, "t"])
    return out.getvalue()


def steady(worker, minutes, status=200, taken=80):
    return [(START + timedelta(minutes=m, seconds=7), worker, status, taken + m % 5) for m in minutes]


def compared(triaged, files) -> tuple[DifferentialDocument, set[str]]:
    result = triaged(files, INCIDENT)
    return result.case.read(DifferentialDocument), {entry.id for entry in result.findings.evidence}


def test_the_sick_worker_is_set_against_the_others(triaged):
    rows = [
        *steady("10-30-0-101", range(30)),
        *steady("10-30-0-102", range(30)),
        *steady("10-30-0-103", range(30), 502, 15_000),
    ]
    document, known = compared(triaged, {"azure/loganalytics/AppServiceHTTPLogs.csv": http(rows)})
    found = {one.measure: one for one in document.comparisons if one.axis == "instances"}
    errors, slow = found["requests that ended in 5xx"], found["duration of requests"]
    assert (errors.sick.name, errors.sick.value, errors.sick.n) == ("10-30-0-103", 100, 30)
    assert (errors.healthy.value, errors.healthy.n) == (0, 60)
    assert errors.ratio is None
    assert slow.cliffs_delta == 1
    assert slow.ratio == pytest.approx(15_002 / 82, rel=0.01)
    assert {errors.strength, slow.strength} == {"large"}
    assert "15002 ms" in slow.sentence
    for one in document.comparisons:
        assert one.evidence
        assert set(one.evidence) <= known


def test_during_is_set_against_before_and_against_after(triaged):
    rows = [
        *steady("10-30-0-101", range(-60, -5)),
        *steady("10-30-0-101", range(30), taken=9_000),
        *steady("10-30-0-101", range(35, 80)),
    ]
    document, _ = compared(triaged, {"azure/loganalytics/AppServiceHTTPLogs.csv": http(rows)})
    slow = {one.healthy.name: one for one in document.comparisons if one.measure == "duration of requests"}
    assert set(slow) == {"before", "after"}
    assert slow["before"].sick.n == 30
    assert slow["before"].healthy.n == 55
    assert slow["after"].strength == "large"
    assert any("workers are not compared" in one for one in document.not_compared)


def test_the_app_is_set_against_each_sibling(triaged):
    def processes(amount):
        return (
            f'[{{"id": 7, "name": "w3wp", "private_memory": {amount}, "handle_count": 900, "thread_count": 40,'
            ' "href": "https://x.scm.azurewebsites.net/api/processes/7"}]'
        )

    files = {
        f"kudu/{site}/processes_20260404T06{minute:02d}Z.json": processes(amount)
        for site, amount in (("shop", 300 << 20), ("report", 5 << 30))
        for minute in (5, 10, 15)
    }
    document, _ = compared(triaged, files)
    memory = next(one for one in document.comparisons if one.measure == "private memory of the process")
    assert (memory.axis, memory.sick.name, memory.healthy.name) == ("apps", "shop", "report")
    assert memory.cliffs_delta == -1
    assert memory.strength == "large"


def test_errors_in_logs_are_a_rate_of_the_time_that_the_log_covers(triaged):
    lines = [f"{START + timedelta(minutes=m):%Y-%m-%dT%H:%M:%SZ} [INFO] fine" for m in range(-60, 31)]
    lines += [f"{START + timedelta(minutes=m, seconds=9):%Y-%m-%dT%H:%M:%SZ} [ERROR] boom" for m in range(30)] * 3
    document, _ = compared(triaged, {"LogFiles/app.log": "\n".join(sorted(lines)) + "\n"})
    rate = next(one for one in document.comparisons if one.measure == "errors in the app's logs")
    assert rate.sick.value == pytest.approx(3, rel=0.05)
    assert rate.healthy.value == 0
    assert rate.strength == "large"


def test_without_a_window_nothing_is_compared_and_that_is_said(triaged):
    result = triaged({"LogFiles/app.log": "2026-04-04T06:00:00Z [ERROR] boom\n"}, Incident())
    document = result.case.read(DifferentialDocument)
    assert document.comparisons == ()
    assert document.not_compared


@given(NUMBERS, NUMBERS)
def test_cliffs_delta_is_what_its_definition_says(sick, healthy):
    above = sum(a > b for a in sick for b in healthy)
    below = sum(a < b for a in sick for b in healthy)
    assert cliffs_delta(sick, healthy) == pytest.approx((above - below) / (len(sick) * len(healthy)), abs=1e-9)
    assert cliffs_delta(sick, healthy) == pytest.approx(-cliffs_delta(healthy, sick), abs=1e-9)


@given(NUMBERS)
def test_a_sample_does_not_differ_from_itself(values):
    effect = of_samples(values, values)
    assert effect.strength == "none"
    assert effect.delta == 0


def test_shares_and_rates_from_nothing_are_large_and_have_no_ratio():
    assert of_shares((30, 30), (0, 60)).strength == "large"
    assert of_shares((0, 30), (0, 60)).strength == "none"
    assert (of_rates(4, 0).strength, of_rates(4, 0).ratio) == ("large", None)
    assert of_rates(0, 0).strength == "none"
    assert of_rates(10, 9).strength == "none"
