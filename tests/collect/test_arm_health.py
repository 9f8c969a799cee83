"""Service health: events as they came, and of what they hit only what belongs to this site."""

from __future__ import annotations

import pytest

from escalate.model.target import AzureTarget
from tests.fakes.arm_answers import evidence_text, run_against, serving
from tests.fakes.survey import GROUP, SITE

pytestmark = pytest.mark.enable_socket

EVENT = {"name": "XK7P-9QR", "properties": {"eventType": "ServiceIssue", "status": "Active", "impactStartTime": "x"}}


@pytest.fixture
def case(make_case):
    return make_case(target=AzureTarget(resource_id=SITE))


def test_of_the_resources_that_an_event_hit_only_ours_are_kept(case):
    hit = [
        {"properties": {"targetResourceId": target}}
        for target in (SITE.upper(), f"{GROUP}/sites/import", f"{GROUP}/sites/somebody-elses")
    ]
    answers = {"/events": {"value": [EVENT]}, "/events/XK7P-9QR/impactedResources": {"value": hit}}
    with serving(answers) as arm:
        ran = run_against(case, arm, "rh.service")

    impacted = ran.json("azure/health/impacted/XK7P-9QR.json")
    assert ran.steps["rh.service"].outcome.state == "collected"
    assert ran.json("azure/health/service.json")["value"] == [EVENT]
    assert impacted["trackingId"] == "XK7P-9QR"
    assert len(impacted["value"]) == 2
    assert impacted["others"] == 1
    assert "somebody-elses" not in evidence_text(case.root)
    assert arm.queries("/events")[0]["queryStartTime"] == "4/1/2026"


def test_an_event_without_a_list_of_resources_is_no_gap(case):
    with serving({"/events": {"value": [EVENT]}}) as arm:
        ran = run_against(case, arm, "rh.service")

    assert ran.steps["rh.service"].outcome.state == "collected"
    assert [artifact.kind.value for artifact in ran.artifacts] == ["service-health"]


def test_no_event_is_an_answer(case):
    with serving({"/events": {"value": []}}) as arm:
        ran = run_against(case, arm, "rh.service")

    assert ran.steps["rh.service"].outcome.state == "empty"
