"""How verdict, gates, questions and missing evidence are drawn from what matched."""

from __future__ import annotations

import json

from escalate.model.incident import Incident, TargetFacts, Window
from tests.triage.test_variations import ACTIVITY, QUIET_PROC, SICK, http_rows

RESOURCE = "/subscriptions/0/resourceGroups/r/providers/Microsoft.Web/sites/s"
NAMES = "2026-01-05T10:05:{:02d}.1234567Z Error: getaddrinfo EAI_AGAIN db.example\n"
BROKEN = "2026-01-05T10:05:{:02d}.1234567Z [ERROR] Worker (pid:1901) exited with code 3.\n"
START = "2026-01-05T10:04:00.101Z INFO  - Starting container for site\n"


def restart_in(log: str, at: str = "2026-01-05T10:04:00Z") -> str:
    document = json.loads(log)
    row = {
        **document["value"][0],
        "eventTimestamp": at,
        "operationName": {"value": "Microsoft.Web/sites/restart/Action"},
    }
    document["value"].append(row)
    return json.dumps(document, indent=1)


def one_sick(**more: str) -> dict[str, str]:
    return {
        "azure/AppServiceHTTPLogs.json": http_rows("lw1", "lw2", 18),
        "azure/activitylog.json": ACTIVITY,
        **QUIET_PROC,
        **more,
    }


def lines(text: str, count: int = 6) -> str:
    return "".join(text.format(second) for second in range(count))


def state(got, gate: str) -> str:
    return next(row.state for row in got.findings.verdict.gates if row.id == gate)


def test_a_customer_first_sign_on_one_worker_waits_for_a_restart_as_control(triaged):
    got = triaged(one_sick(**{"LogFiles/2026_01_05_lw1_default_docker.log": lines(NAMES)}), SICK)
    assert got.who == "undetermined"
    assert state(got, "G5") == "unknown"
    assert any("restart" in row.what for row in got.findings.missing_evidence)


def test_a_restart_in_the_activity_log_is_a_control_as_well(triaged):
    files = one_sick(**{"LogFiles/2026_01_05_lw1_default_docker.log": lines(NAMES)})
    files["azure/activitylog.json"] = restart_in(ACTIVITY)
    got = triaged(files, SICK)
    assert got.who == "microsoft", got.findings.verdict
    assert got.questions[0].worker == "lw1"


def test_what_only_a_healthy_worker_shows_does_not_explain_the_sick_one(triaged):
    files = one_sick(
        **{
            "LogFiles/2026_01_05_lw2_default_docker.log": lines(BROKEN),
            "LogFiles/2026_01_05_lw1_docker.log": START,
        }
    )
    got = triaged(files, SICK)
    assert got.who == "microsoft", got.findings.verdict
    assert state(got, "G3") == "pass"


def test_the_same_on_the_sick_worker_does(triaged):
    files = one_sick(
        **{
            "LogFiles/2026_01_05_lw1_default_docker.log": lines(BROKEN),
            "LogFiles/2026_01_05_lw1_docker.log": START,
        }
    )
    assert triaged(files, SICK).who == "customer"


def test_the_first_row_of_every_failing_status_is_cited(triaged):
    document = json.loads(http_rows("lw1", "lw2", 18))
    bad = [row for row in document["tables"][0]["rows"] if row[2] == "500"]
    for number, row in enumerate(bad):
        row[2] = ("503", "502", "500")[min(number, 2)]
    got = triaged({"azure/AppServiceHTTPLogs.json": json.dumps(document, indent=1)}, SICK)
    cited = {entry.excerpt.split(" | ")[2] for entry in got.cited("azure/AppServiceHTTPLogs.json")}
    assert {"500", "502", "503"} <= cited


def test_the_verdict_says_which_open_sign_the_shortage_of_memory_answers(triaged):
    files = {
        "LogFiles/2026_01_05_lw1_default_docker.log": "2026-01-05T10:05:00.1234567Z python exited with code 137\n",
        "procfs/20260105T100500Z/meminfo": "MemTotal: 1955532 kB\nMemFree: 9000 kB\nMemAvailable: 44760 kB\n",
        "procfs/20260105T100500Z/pressure_memory": "some avg10=72.06 avg60=38.69 avg300=11.36 total=177364870\n",
    }
    got = triaged(files, SICK)
    assert got.who == "customer"
    assert "L08" in got.findings.verdict.why


def test_errors_in_the_front_ends_log_alone_are_no_log_of_the_worker(triaged):
    log = "2026-01-05T10:05:00.1234567Z ready\n"
    files = one_sick(**{"LogFiles/2026_01_05_lw2_default_docker.log": log})
    files["azure/activitylog.json"] = restart_in(ACTIVITY)
    got = triaged(files, SICK)
    assert got.who == "undetermined"
    assert state(got, "G6") == "unknown"
    assert any(row.what.startswith("container and platform logs") for row in got.findings.missing_evidence)


def test_resource_health_is_asked_for_where_nothing_was_found(triaged):
    target = TargetFacts(os="linux", resource_id=RESOURCE)
    incident = Incident(window=Window(start="2026-01-05T10:00:00Z", end="2026-01-05T10:10:00Z"), target=target)
    rows = [row for row in triaged({}, incident).findings.missing_evidence if "Resource Health" in row.what]
    assert RESOURCE in rows[0].command


def test_a_question_names_instance_plan_folder_and_first_sign(triaged):
    target = TargetFacts(os="linux", sku="P1v3", instances=("lw1000",), instance_ids={"lw1000": "ab" * 32})
    incident = Incident(window=Window(start="2026-01-05T10:00:00Z", end="2026-01-05T10:10:00Z"), target=target)
    text = "root@x:/home/site# date -u\nMon Jan  5 10:05:00 UTC 2026\nroot@x:/home/site/wwwroot# ls -la\n"
    text += "-rw-r--r-- 1 root root 812 Jan  4 10:00 index.php\n"
    text += "-????????? ? ?      ?          ?            ? dcg\nroot@x:/home/site# ls -l /home/other\n"
    files = {"ssh/lw1000.txt": text, "azure/activitylog.json": ACTIVITY, **QUIET_PROC}
    files["LogFiles/2026_01_05_lw1000_docker.log"] = START
    files["azure/AppServiceHTTPLogs.json"] = http_rows("lw1000", "lw2000", 18)
    got = triaged(files, incident)
    asked = got.questions[0].text
    for word in ("ab" * 32, "P1v3", "10:05:00 UTC", "/home/site/wwwroot lists 'dcg'", "lw1000"):
        assert word in asked
