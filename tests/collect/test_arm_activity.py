"""The activity log: a week before the incident, without what tokens claim, without rows that are there twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from escalate.model.incident import Window
from escalate.model.target import AzureTarget
from tests.fakes.arm_answers import evidence_text, run_against, serving
from tests.fakes.survey import GROUP, SITE

pytestmark = pytest.mark.enable_socket
VALUES = "/eventtypes/management/values"


def event(name, resource, **more):
    return {
        "eventTimestamp": "2026-04-04T10:00:00Z",
        "operationName": {"value": name},
        "status": {"value": "Succeeded"},
        "caller": "robin.example@contoso.example",
        "resourceId": resource,
        "claims": {"oid": "claimed-object-id"},
        "authorization": {"scope": "authorized-scope"},
        **more,
    }


def ended(ago):
    """An hour that ended so long ago."""
    end = datetime.now(UTC).replace(microsecond=0) - ago
    return Window(start=end - timedelta(hours=1), end=end)


@pytest.fixture
def case(make_case):
    return make_case(target=AzureTarget(resource_id=SITE))


def test_claims_and_authorization_are_dropped_before_anything_is_saved(case):
    with serving({VALUES: {"value": [event("Microsoft.Web/sites/restart/action", SITE)]}}) as arm:
        ran = run_against(case, arm, "act.log", window=ended(timedelta(hours=1)))

    (saved,) = ran.json("azure/activity/site.json")["value"]
    assert saved["operationName"]["value"] == "Microsoft.Web/sites/restart/action"
    assert "claimed-object-id" not in evidence_text(case.root)
    assert "authorized-scope" not in evidence_text(case.root)
    assert ran.artifacts[0].kind.value == "activity-log"


def test_the_week_before_the_incident_is_asked_for(case):
    window = ended(timedelta(days=2))
    with serving({VALUES: {"value": []}}) as arm:
        ran = run_against(case, arm, "act.log", window=window)

    asked = arm.queries(VALUES)[0]["$filter"]
    assert asked == (
        f"eventTimestamp ge '{window.start - timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}'"
        f" and eventTimestamp le '{window.end + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}'"
        f" and resourceUri eq '{SITE}'"
    )
    assert ran.steps["act.log"].outcome.state == "empty"


def test_of_the_group_only_what_the_other_logs_do_not_have_is_kept(case):
    neighbour = f"{GROUP}/sites/import"
    events = [event("a/write", SITE), event("b/write", f"{SITE}/config/web"), event("c/write", neighbour)]
    with serving({VALUES: {"value": events}}) as arm:
        ran = run_against(case, arm, "act.log.group", window=ended(timedelta(hours=1)))

    assert [each["resourceId"] for each in ran.json("azure/activity/group.json")["value"]] == [neighbour]


def test_the_second_pass_keeps_only_events_that_came_late(case):
    asked = []

    def values(request):
        asked.append(request)
        late = [event("b/write", SITE)] if len(asked) > 1 else []
        return {"value": [event("a/write", SITE), *late]}

    with serving({VALUES: values}) as arm:
        ran = run_against(case, arm, "act.log", window=ended(timedelta(hours=1)))

    (late,) = ran.json("azure/activity/site.late.json")["value"]
    assert late["operationName"]["value"] == "b/write"


def test_an_incident_older_than_the_log_is_missing_without_a_request(case):
    with serving({VALUES: {"value": []}}) as arm:
        ran = run_against(case, arm, "act.log", window=ended(timedelta(days=200)))

    assert ran.steps["act.log"].outcome.state == "missing"
    assert arm.asked == []
