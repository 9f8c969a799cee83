"""App settings and connection strings: names and facts, never values."""

from __future__ import annotations

import pytest

from escalate.collect.fingerprints import kind_of, length_class
from escalate.model.target import AzureTarget
from tests.fakes.arm_answers import evidence_text, run_against, serving
from tests.fakes.survey import SITE

pytestmark = pytest.mark.enable_socket

KEY = "q9T0+Zk3fE1hS8vYx2nB7mLr5cPd6wUaJgHiKoQeRtZsXyVb=="
SETTINGS = {
    "STORE": f"DefaultEndpointsProtocol=https;AccountName=shopdata;AccountKey={KEY};EndpointSuffix=core.windows.net",
    "API_TOKEN": "tok-1234567890abcdef",
    "SAME_TOKEN": "tok-1234567890abcdef",
    "FEATURE_SLOT": "true",
    "WORKERS": "4",
    "FROM_VAULT": "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)",
    "EMPTY": "",
}
STRINGS = {"Billing": {"value": "Server=db;User ID=app;Password=Very-Secret-1;", "type": "SQLAzure"}}
ANSWERS = {
    "/config/appsettings/list": {"properties": SETTINGS},
    "/config/connectionstrings/list": {"properties": STRINGS},
    "/config/slotConfigNames": {"properties": {"appSettingNames": ["feature_slot"], "connectionStringNames": None}},
}


@pytest.fixture
def case(make_case):
    return make_case(target=AzureTarget(resource_id=SITE))


def test_values_go_to_redaction_and_nowhere_else(case):
    with serving(ANSWERS) as arm:
        ran = run_against(case, arm, "cfg.appsettings", "cfg.connstrings")

    rows = {row["name"]: row for row in ran.json("azure/config/appsettings.json")["settings"]}
    assert {step.outcome.state for step in ran.steps.values()} == {"collected"}
    assert set(rows) == set(SETTINGS)
    text = evidence_text(case.root)
    for value in ("tok-1234567890abcdef", KEY, "shopdata", "Very-Secret-1", "vault.azure.net"):
        assert value not in text
    for value in ("tok-1234567890abcdef", KEY, "Very-Secret-1"):
        assert value in ran.secrets


def test_facts_of_values_tell_what_support_asks(case):
    with serving(ANSWERS) as arm:
        ran = run_against(case, arm, "cfg.appsettings", "cfg.connstrings")

    rows = {row["name"]: row for row in ran.json("azure/config/appsettings.json")["settings"]}
    assert rows["API_TOKEN"]["fingerprint"] == rows["SAME_TOKEN"]["fingerprint"] != rows["STORE"]["fingerprint"]
    assert {name: row["kind"] for name, row in rows.items()} == {
        "STORE": "parts",
        "API_TOKEN": "text",
        "SAME_TOKEN": "text",
        "FEATURE_SLOT": "boolean",
        "WORKERS": "number",
        "FROM_VAULT": "key-vault-reference",
        "EMPTY": "empty",
    }
    assert [name for name, row in rows.items() if row["sticky"]] == ["FEATURE_SLOT"]
    assert "fingerprint" not in rows["EMPTY"]
    (billing,) = ran.json("azure/config/connectionstrings.json")["settings"]
    assert billing["type"] == "SQLAzure"
    assert billing["sticky"] is False


def test_settings_are_there_also_when_the_sticky_names_are_not(case):
    answers = {**ANSWERS, "/config/slotConfigNames": (403, {"error": {"code": "AuthorizationFailed", "message": "no"}})}
    with serving(answers) as arm:
        ran = run_against(case, arm, "cfg.appsettings")

    assert ran.steps["cfg.appsettings"].outcome.state == "partial"
    assert "sticky" not in ran.json("azure/config/appsettings.json")["settings"][0]


@pytest.mark.parametrize(("length", "said"), [(0, "0"), (1, "1-8"), (8, "1-8"), (9, "9-16"), (5000, "over 1024")])
def test_lengths_are_told_as_classes(length, said):
    assert length_class(length) == said


def test_a_json_value_is_told_as_json():
    assert kind_of('{"a": 1}') == "json"
