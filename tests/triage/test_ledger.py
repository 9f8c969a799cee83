"""The exclusion ledger: each cause is ruled out by a measurement, kept open by one, or said to be untested."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from escalate.model.incident import Incident, TargetFacts, Window
from escalate.triage.ledger.causes import CAUSES
from escalate.triage.rulebook import load_rules

START = datetime(2026, 4, 4, 6, 0, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(minutes=20))
WORKER = "10-30-0-103"
SITE = "/subscriptions/0c3f7a52-9d1e-4e2f-8f0b-5a6b7c8d9e0f/resourceGroups/rg/providers/Microsoft.Web/sites/shop"
INCIDENT = Incident(window=WINDOW, target=TargetFacts(resource_id=SITE, os="linux", sku="P1v3", instances=(WORKER,)))
WINDOWS = INCIDENT.model_copy(update={"target": TargetFacts(resource_id=SITE, os="windows", sku="S1")})
APP_LOG = f"LogFiles/2026_04_04_{WORKER}_default_docker.log"
PLATFORM_LOG = f"LogFiles/2026_04_04_{WORKER}_docker.log"

RULED_OUT, OPEN, UNTESTED = "ruled out", "not ruled out", "could not test"


def at(minutes: float) -> str:
    return f"{START + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S.000000000Z}"


def log(*lines: str, first: float = -30, last: float = 30) -> str:
    """A log of the app with a quiet line every minute, and these lines at minute 5 and after."""
    quiet = [f"{at(minute)} [INFO] served" for minute in range(int(first), int(last) + 1)]
    loud = [f"{at(5 + number / 60)} {line}" for number, line in enumerate(lines)]
    return "\n".join(sorted([*quiet, *loud])) + "\n"


def platform(*starts: float, heal: float | None = None) -> str:
    lines = [f"{at(minute)} INFO  - Pull of image is not needed, minute {minute}" for minute in range(-60, 61)]
    lines += [f"{at(minute)} INFO  - Starting container for site" for minute in starts]
    lines += [f"{at(heal)} INFO  - AutoHeal triggered recycle"] if heal is not None else []
    return "\n".join(sorted(lines)).replace(".000000000Z", ".000Z") + "\n"


def metric(name: str, value: float) -> str:
    points = [{"timeStamp": f"{START + timedelta(minutes=m):%Y-%m-%dT%H:%M:%SZ}", "average": value} for m in range(20)]
    return json.dumps({"value": [{"name": {"value": name}, "unit": "Percent", "timeseries": [{"data": points}]}]})


def activity(*entries: tuple[float, str]) -> str:
    rows = [
        {
            "eventTimestamp": f"{START + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}",
            "operationName": {"value": operation},
            "status": {"value": "Succeeded"},
            "resourceId": SITE,
        }
        for minute, operation in entries
    ]
    return json.dumps({"value": rows})


def deployments(minute: float) -> str:
    received = f"{START + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}"
    return json.dumps([{"id": "d1", "status": 4, "received_time": received, "author": "N/A"}], indent=1)


def http(status: int) -> str:
    rows = [
        [f"{START + timedelta(minutes=m):%Y-%m-%dT%H:%M:%SZ}", WORKER, "/x", 200 if m else status, 90]
        for m in range(20)
        for _ in range(3)
    ]
    columns = [{"name": n} for n in ("TimeGenerated", "ComputerName", "CsUriStem", "ScStatus", "TimeTaken")]
    return json.dumps({"tables": [{"name": "AppServiceHTTPLogs", "columns": columns, "rows": rows}]})


def calls(success: str, taken: int) -> str:
    rows = [
        [f"{START + timedelta(minutes=m):%Y-%m-%dT%H:%M:%SZ}", "api.example", success if m % 2 else "True", taken, "r"]
        for m in range(20)
        for _ in range(2)
    ]
    columns = [{"name": n} for n in ("TimeGenerated", "Target", "Success", "DurationMs", "AppRoleInstance")]
    return json.dumps({"tables": [{"name": "AppDependencies", "columns": columns, "rows": rows}]})


def threads(idle: int) -> str:
    waiting = "\tat java.util.concurrent.ThreadPoolExecutor.getTask(ThreadPoolExecutor.java:1074)"
    working = "\tat shop.Cart.total(Cart.java:31)"
    parts = ["2026-04-04 06:05:00", "Full thread dump OpenJDK 64-Bit Server VM (17.0.9+9 mixed mode):", ""]
    for number in range(1, 11):
        parts += [
            f'"http-nio-8080-exec-{number}" #{number} daemon prio=5 os_prio=0 tid=0x00007f0 nid=0x{number:x} runnable',
            "   java.lang.Thread.State: RUNNABLE",
            waiting if number <= idle else working,
            "",
        ]
    return "\n".join(parts)


def processes(handles: int) -> str:
    return json.dumps([{"id": 7, "name": "w3wp", "handle_count": handles, "thread_count": 40, "private_memory": 9}])


GC = "[{}+0000][info][gc] GC(41) Pause Full (G1 Compaction Pause) 182M->61M(512M) {}ms"
DF = "Filesystem 1024-blocks Used Available Capacity Mounted on\n{0} overlay 9 8 1 {1}% /\n{0} //x/y 9 1 8 12% /home\n"
NOW = f"{START + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"

ROWS = [
    ("deployment", OPEN, {"deployments/deployments.json": deployments(-4)}, INCIDENT),
    ("deployment", RULED_OUT, {"deployments/deployments.json": deployments(-4000)}, INCIDENT),
    ("deployment", UNTESTED, {"azure/activitylog.json": activity((-500, "Microsoft.Web/sites/write"))}, INCIDENT),
    ("change", OPEN, {"azure/activitylog.json": activity((-3, "Microsoft.Web/sites/config/write"))}, INCIDENT),
    ("change", RULED_OUT, {"azure/activitylog.json": activity((-500, "Microsoft.Web/sites/write"))}, INCIDENT),
    ("scale", OPEN, {"azure/activitylog.json": activity((-3, "Microsoft.Web/serverfarms/write"))}, INCIDENT),
    ("scale", RULED_OUT, {"azure/activitylog.json": activity((-500, "Microsoft.Web/serverfarms/write"))}, INCIDENT),
    ("exceptions", OPEN, {APP_LOG: log(*["[ERROR] java.lang.IllegalStateException: no cart"] * 200)}, INCIDENT),
    ("exceptions", RULED_OUT, {APP_LOG: log()}, INCIDENT),
    ("exceptions", UNTESTED, {APP_LOG: log(first=-30, last=4)}, INCIDENT),
    ("heap", OPEN, {"LogFiles/gc.log": GC.format(f"{START:%Y-%m-%dT%H:05:00.000}", 4200.5)}, INCIDENT),
    ("heap", RULED_OUT, {"LogFiles/gc.log": GC.format(f"{START:%Y-%m-%dT%H:05:00.000}", 4.5)}, INCIDENT),
    ("heap", UNTESTED, {APP_LOG: log()}, INCIDENT),
    ("thread-pool", OPEN, {"dumps/threads.txt": threads(0)}, INCIDENT),
    ("thread-pool", RULED_OUT, {"dumps/threads.txt": threads(4)}, INCIDENT),
    ("memory", OPEN, {"azure/metrics/plan.json": metric("MemoryPercentage", 96)}, WINDOWS),
    ("memory", RULED_OUT, {"azure/metrics/plan.json": metric("MemoryPercentage", 55)}, WINDOWS),
    ("memory", UNTESTED, {"azure/metrics/plan.json": metric("MemoryPercentage", 85)}, WINDOWS),
    ("cpu", OPEN, {"azure/metrics/plan.json": metric("CpuPercentage", 99)}, INCIDENT),
    ("cpu", RULED_OUT, {"azure/metrics/plan.json": metric("CpuPercentage", 12)}, INCIDENT),
    ("handles", OPEN, {"kudu/processes_20260404T0605Z.json": processes(20_000)}, WINDOWS),
    ("handles", RULED_OUT, {"kudu/processes_20260404T0605Z.json": processes(900)}, WINDOWS),
    ("handles", OPEN, {APP_LOG: log("java.io.IOException: Too many open files")}, INCIDENT),
    ("dependency", OPEN, {"azure/appinsights/dependencies.json": calls("False", 90)}, INCIDENT),
    ("dependency", OPEN, {"azure/appinsights/dependencies.json": calls("True", 30_000)}, INCIDENT),
    ("dependency", RULED_OUT, {"azure/appinsights/dependencies.json": calls("True", 90)}, INCIDENT),
    ("disk", OPEN, {"state/df.txt": DF.format(NOW, 99)}, INCIDENT),
    ("disk", RULED_OUT, {"state/df.txt": DF.format(NOW, 40)}, INCIDENT),
    ("disk", UNTESTED, {"state/df.txt": DF.format("2026-04-05T06:00:00Z", 40)}, INCIDENT),
    ("cold-start", OPEN, {PLATFORM_LOG: platform(-2)}, INCIDENT),
    ("cold-start", RULED_OUT, {PLATFORM_LOG: platform(-50)}, INCIDENT),
    ("cold-start", RULED_OUT, {PLATFORM_LOG: platform(9)}, INCIDENT),
    ("certificate", OPEN, {"certs.json": '{"expirationDate": "2026-04-04T05:59:00Z"}'}, INCIDENT),
    ("certificate", RULED_OUT, {"certs.json": '{"expirationDate": "2027-04-04T05:59:00Z"}'}, INCIDENT),
    ("certificate", OPEN, {APP_LOG: log("[WARN] certificate has expired")}, INCIDENT),
    ("easy-auth", OPEN, {"azure/loganalytics/AppServiceHTTPLogs.json": http(401)}, INCIDENT),
    ("easy-auth", RULED_OUT, {"azure/loganalytics/AppServiceHTTPLogs.json": http(200)}, INCIDENT),
    ("auto-heal", OPEN, {PLATFORM_LOG: platform(heal=6)}, INCIDENT),
    ("auto-heal", UNTESTED, {PLATFORM_LOG: platform()}, INCIDENT),
]


@pytest.mark.parametrize(
    ("cause", "state", "files", "incident"), ROWS, ids=[f"{r[0]}-{r[1]}-{n}" for n, r in enumerate(ROWS)]
)
def test_the_evidence_decides_a_cause(triaged, cause, state, files, incident):
    result = triaged(files, incident)
    row = result.exclusions[cause]
    assert row.state == state, row.result
    assert bool(row.evidence) == (state != UNTESTED)
    assert {*row.evidence} <= {entry.id for entry in result.findings.evidence}
    assert bool(row.how_to_test) == (state != RULED_OUT)


def test_numbers_stand_beside_the_sentence(triaged):
    row = triaged({"azure/metrics/plan.json": metric("CpuPercentage", 12)}, INCIDENT).exclusions["cpu"]
    assert [(one.value, one.limit, one.unit) for one in row.measured] == [(12, 90, "%")]


def test_the_silence_of_a_log_rules_nothing_out_and_says_what_was_looked_at(triaged):
    for row in triaged({APP_LOG: log()}, INCIDENT).exclusions.values():
        if row.id in ("dns", "storage", "handles"):
            assert row.state == UNTESTED
            assert "that alone rules nothing out" in row.result
            assert row.looked_at[0].startswith(
                f"61 records of {APP_LOG}, 2026-04-04 05:30:00 to 2026-04-04 06:30:00 UTC"
            )
            assert "100 % of the window" in row.looked_at[0]


def test_a_log_of_another_time_is_not_even_silent(triaged):
    row = triaged({APP_LOG: log(first=-30, last=-10)}, INCIDENT).exclusions["dns"]
    assert row.state == UNTESTED
    assert "does not cover the window" in row.result


def test_an_empty_case_tests_nothing(triaged):
    found = triaged({}, Incident()).exclusions
    assert {row.state for row in found.values()} == {UNTESTED}
    assert set(found) == {cause.id for cause in CAUSES}


def test_ids_are_unique_and_every_cause_that_a_rule_names_has_its_row():
    ids = [cause.id for cause in CAUSES]
    assert len(ids) == len(set(ids))
    rules = load_rules()
    assert {rule.cause for rule in rules if rule.cause} <= {*ids}
    assert {name for cause in CAUSES for name in cause.rules} <= {rule.id for rule in rules}
