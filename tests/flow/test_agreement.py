"""Two engines that share no code agree: what one has redacted, the other finds clean.

If they did not, bundles would be refused for what the redactor left on purpose.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from escalate.bundle.verify import verify
from escalate.model.manifest import Problem
from escalate.model.observer import QuietObserver
from escalate.redact.detectors.registry import Detector, detectors
from escalate.redact.engine import Engine
from escalate.redact.rules import EngineInputs
from escalate.triage.rulebook import load_rules

SETTINGS = [
    {"name": "WEBSITE_RUN_FROM_PACKAGE", "slotSetting": False, "value": "1"},
    {"name": "DB_PASSWORD", "slotSetting": False, "value": "value1"},
    {"name": "API_KEY", "slotSetting": False, "value": "changeme"},
    {"name": "JWT_SECRET", "slotSetting": True, "value": "secret"},
    {"name": "FeatureToken", "slotSetting": False, "value": "on"},
    {"name": "AzureWebJobsStorage", "slotSetting": False, "value": "UseDevelopmentStorage=true"},
    {
        "name": "SessionKey",
        "slotSetting": False,
        "value": "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/s/p)",
    },
]
CONFIGURATION = {
    "az appsettings": json.dumps(SETTINGS, indent=2),
    "az appsettings, one line": json.dumps(SETTINGS),
    "properties": json.dumps({entry["name"]: entry["value"] for entry in SETTINGS}, indent=1),
    "environment": "\n".join(f"{entry['name']}={entry['value']}" for entry in SETTINGS),
    "web.config": "\n".join(f'<add key="{entry["name"]}" value="{entry["value"]}" />' for entry in SETTINGS),
    "docker run": " ".join(f"-e {entry['name']}={entry['value']}" for entry in SETTINGS),
    "function call": "GET https://a.azurewebsites.net/api/run?code=Zk3uQyLr0aV4nJ1sXb7TgHc9mPw2EoKd5fRiUq8Yt6Bv&a=1",
}


def _second_look(folder: Path, text: str) -> list[Problem]:
    archive = folder / "one.zip"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("30-logs/app.log", text)
    archive.write_bytes(buffer.getvalue())
    found = verify(archive, observer=QuietObserver()).problems
    return [problem for problem in found if problem.check in ("secret", "known value")]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(EngineInputs(key=b"k" * 32))


@pytest.mark.parametrize("name", CONFIGURATION)
def test_redacted_configuration_is_clean(engine: Engine, tmp_path: Path, name: str) -> None:
    assert _second_look(tmp_path, engine.redact_text(CONFIGURATION[name])) == []


@pytest.mark.parametrize("detector", detectors(), ids=lambda one: one.id)
def test_redacted_samples_of_every_detector_are_clean(engine: Engine, tmp_path: Path, detector: Detector) -> None:
    samples = [sample[0] for sample in detector.positives] + list(detector.negatives)
    for sample in samples:
        assert _second_look(tmp_path, engine.redact_text(f"{sample}\n")) == [], sample


def test_the_samples_of_all_triage_rules_are_clean(engine: Engine, tmp_path: Path) -> None:
    for rule in load_rules(()):
        for sample in (*rule.provenance.positive, *rule.provenance.negative):
            assert _second_look(tmp_path, engine.redact_text(f"{sample}\n")) == [], sample


ONLY_THE_FIRST = {
    "cookie-header": "names of cookies are the redactor's rule; well-known ones are the verifier's too",
    "payment-card": "personal data, not a secret of the app",
    "password-in-words": "prose: the verifier would refuse bundles for sentences",
    "user-argument": "-u name:value is also how containers name users",
    "connection-string-phrase": "a value with blanks cannot be told from a sentence without the redactor's grammar",
    "connection-string-setting": "as above",
    "databricks-token": "the sample is a counting pattern, which the verifier takes for a placeholder",
    "twilio-key": "as above",
    "stripe-key": "the sample is shorter than real keys",
    "mysql-password": "-pVALUE is told from other options only by the program's name far before it",
    "tool-password": "as above",
    "short-assignment": "pw and pass are words of test reports, too: the verifier would refuse bundles for them",
    "phone-number": "personal data, not a secret of the app",
    "client-principal": "as above; the tokens that come with it are the verifier's, too",
    "debugger-string": "a pointer between name and value is the redactor's grammar",
    "us-social-security": "personal data, not a secret of the app",
    "german-tax-id": "as above",
    "uk-national-insurance": "as above",
}
"""Families the verifier does not look for, and why."""


def test_the_second_engine_sees_what_the_first_would_have_masked(tmp_path: Path) -> None:
    blind = {
        detector.id
        for detector in detectors()
        if detector.mask not in ("address", "email", "user", "person")  # names of people and clients are no secrets
        and not any(_second_look(tmp_path, f"{sample[0]}\n") for sample in detector.positives)
    }
    assert blind == set(ONLY_THE_FIRST)
