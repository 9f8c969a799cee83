"""Plain requests to ARM: what is saved of answers that are whole, paged, empty, or not what they claim to be."""

from __future__ import annotations

import pytest

from escalate.model.target import AzureTarget
from tests.fakes.arm_answers import run_against, serving
from tests.fakes.survey import GROUP, SITE

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def case(make_case):
    return make_case(target=AzureTarget(resource_id=SITE))


def test_an_answer_is_saved_byte_by_byte(case):
    body = b'{ "id": "x",  "properties": {"state": "Running"} }'
    with serving({"/sites/shop": body}) as arm:
        ran = run_against(case, arm, "site.get")

    assert ran.steps["site.get"].outcome.state == "collected"
    assert ran.data("azure/site/site.json") == body
    assert arm.queries("/sites/shop") == [{"api-version": "2025-05-01"}]


def test_pages_become_one_list(case):
    def page(request):
        if request.args.get("$skiptoken"):
            return {"value": [{"name": "b"}]}
        return {"value": [{"name": "a"}], "nextLink": f"{request.base_url}?api-version=1&$skiptoken=2"}

    with serving({"/instances": page}) as arm:
        ran = run_against(case, arm, "site.instances")

    assert ran.json("azure/site/instances.json") == {"value": [{"name": "a"}, {"name": "b"}]}


def test_a_next_page_on_another_host_is_never_asked_for_and_what_came_is_kept(case):
    with (
        serving({"/stolen": {"value": []}}) as other,
        serving({"/instances": {"value": [{"name": "a"}], "nextLink": f"{other.url}/stolen"}}) as arm,
    ):
        ran = run_against(case, arm, "site.instances")

    outcome = ran.steps["site.instances"].outcome
    assert outcome.state == "partial"
    assert "another host" in outcome.reason
    assert other.asked == []
    assert ran.json("azure/site/instances.json") == {"value": [{"name": "a"}]}


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"value": []}, "empty"),
        ((204, b""), "empty"),
        (b"<!DOCTYPE html><title>Sign in</title>", "invalid"),
        ((404, {"error": {"code": "NotFound", "message": "gone"}}), "missing"),
        (
            (403, {"error": {"code": "AuthorizationFailed", "message": "may not perform action 'X/read' over"}}),
            "denied",
        ),
    ],
)
def test_what_is_no_answer_is_an_outcome_and_no_file(case, answer, state):
    with serving({"/config/web": answer}) as arm:
        ran = run_against(case, arm, "cfg.web")

    assert ran.steps["cfg.web"].outcome.state == state
    assert ran.artifacts == ()


def test_secrets_inside_an_answer_are_known_to_redaction(case):
    signed = "https://logs.blob.core.windows.net/c?sv=2022&sp=rwdl&sig=Zm9vYmFyYmF6cXV4MTIzNDU2"
    answer = {
        "properties": {
            "applicationLogs": {"azureBlobStorage": {"sasUrl": signed}},
            "publishingPassword": "Sw0rdfish-Sw0rdfish",
            "machineKey": {"decryptionKey": "ABCDEF0123456789ABCDEF01"},
            "linuxFxVersion": "PYTHON|3.11",
        }
    }
    with serving({"/config/logs": answer}) as arm:
        ran = run_against(case, arm, "cfg.logs")

    assert "Zm9vYmFyYmF6cXV4MTIzNDU2" in ran.secrets
    assert "Sw0rdfish-Sw0rdfish" in ran.secrets
    assert "ABCDEF0123456789ABCDEF01" in ran.secrets
    assert "PYTHON|3.11" not in ran.secrets


def test_an_environment_of_which_only_the_name_is_known_is_never_made_into_an_address(case):
    with serving({"": {}}) as arm:
        ran = run_against(case, arm, "ase.get", environment="my-ase")

    assert ran.steps["ase.get"].outcome.state == "missing"
    assert arm.asked == []


def test_a_sibling_is_saved_under_its_own_name_and_marked(case):
    with serving({"/sites/import": {"name": "import", "properties": {"state": "Running"}}}) as arm:
        ran = run_against(case, arm, "sibling.get")

    (artifact,) = ran.artifacts
    assert artifact.path == "azure/siblings/import/site.json"
    assert artifact.site == "import"
    assert arm.asked[0].path == f"{GROUP}/sites/import"
