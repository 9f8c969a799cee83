"""Every detector proves itself with its own examples."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from escalate.redact.detectors.registry import Detector, detectors
from escalate.redact.engine import Engine
from escalate.redact.rules import EngineInputs
from tests.redact.conftest import KEY

POSITIVES = [
    pytest.param(text, secret, id=f"{one.id}-{number}")
    for one in detectors()
    for number, (text, secret) in enumerate(one.positives)
]
NEGATIVES = [
    pytest.param(text, id=f"{one.id}-{number}") for one in detectors() for number, text in enumerate(one.negatives)
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    """With the detectors that take part on request only."""
    return Engine(EngineInputs(key=KEY, national_ids=True))


@pytest.mark.parametrize(("text", "secret"), POSITIVES)
def test_a_secret_of_the_family_does_not_survive(engine: Engine, text: str, secret: str):
    assert secret in text
    result = engine.redact_text(text)
    assert secret not in result
    assert result.count("\n") == text.count("\n")
    assert engine.redact_text(result) == result


@pytest.mark.parametrize("text", NEGATIVES)
def test_what_only_looks_like_a_secret_stays(engine: Engine, text: str):
    assert engine.redact_text(text) == text


@pytest.mark.parametrize(("text", "secret"), POSITIVES)
def test_a_secret_in_a_json_string_goes_and_the_document_still_parses(engine: Engine, text: str, secret: str):
    for ascii_only in (True, False):
        document = json.dumps({"message": text, "next": 1}, ensure_ascii=ascii_only)
        redacted = json.loads(engine.redact_text(document))
        assert redacted["next"] == 1
        assert secret not in redacted["message"]


@pytest.mark.parametrize(("text", "secret"), POSITIVES)
def test_a_secret_in_xml_goes_and_the_document_is_still_well_formed(engine: Engine, text: str, secret: str):
    root = ET.Element("event")
    ET.SubElement(root, "data", {"text": text}).text = text
    after = ET.SubElement(root, "after")
    after.text = "stays"
    redacted = ET.fromstring(engine.redact_text(ET.tostring(root, encoding="unicode")))
    assert redacted.findtext("after") == "stays"
    assert secret not in (redacted.findtext("data") or "")


@pytest.mark.parametrize("one", detectors(), ids=lambda one: one.id)
def test_a_detector_has_examples_of_both_kinds_and_a_mark_that_reads_as_one(one: Detector):
    assert one.positives
    assert one.negatives
    assert one.kind.isupper()
    assert one.before <= 2048
    assert one.after <= 32 * 1024
    assert "secret" in one.pattern.groupindex


def test_ids_of_detectors_are_unique():
    ids = [one.id for one in detectors()]
    assert len(ids) == len(set(ids))
