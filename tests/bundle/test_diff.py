"""What changed between two cases or bundles, whichever form each has."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.bundle import stage
from escalate.bundle.diff import compare
from escalate.bundle.settings import settings_of
from escalate.case.layout import SEALED_PATHS, Room
from escalate.case.store import Case
from escalate.errors import CaseError, ConfigError, TargetError
from escalate.model.base import CaseId, Document
from escalate.model.exclusion import ExclusionsDocument
from escalate.model.finding import FindingsDocument
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.question import QuestionsDocument
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import DEFAULT_FILES, File, Secret, fill

SETTINGS = [
    {"name": "WEBSITE_X", "value": "1", "slotSetting": False},
    {"name": "DB", "value": "[R:CONNSTR:0A1B2C]", "slotSetting": True},
]


def _config(**values: str) -> File:
    data = [{**each, "value": values.get(str(each["name"]), each["value"])} for each in SETTINGS]
    return File("azure/config/appsettings.json", json.dumps(data).encode(), Kind.CONFIG, instance=None)


def _edit(case: Case, document: Document) -> None:
    with case.new_file(Room.REDACTED, SEALED_PATHS[type(document)]) as handle:
        handle.write(document.to_json())


@pytest.fixture
def before(make_case: CaseMaker) -> Case:
    case = make_case(name="before")
    fill(case, [*DEFAULT_FILES, _config(), File("gone.log", b"x\n")])
    return case


@pytest.fixture
def after(make_case: CaseMaker) -> Case:
    case = make_case(name="after")
    changed = File(DEFAULT_FILES[1].path, b'{"name": "other"}\n', Kind.DETECTOR, instance=None)
    fill(case, [DEFAULT_FILES[0], changed, *DEFAULT_FILES[2:], _config(WEBSITE_X="2"), File("new.log", b"y\n")])
    findings = case.read_sealed(FindingsDocument)
    gate = findings.verdict.gates[0].model_copy(update={"state": "fail", "sentence": "Nobody knows the worker."})
    verdict = findings.verdict.model_copy(update={"answerable_by": "microsoft", "layer": "host", "gates": (gate,)})
    demoted = findings.findings[0].model_copy(update={"demoted": True})
    added = findings.findings[0].model_copy(update={"rule": "N02", "title": "A new finding"})
    _edit(case, findings.model_copy(update={"verdict": verdict, "findings": (demoted, added)}))
    question = case.read_sealed(QuestionsDocument).questions[0]
    other = question.model_copy(update={"text": "Was the host out of memory?"})
    _edit(case, QuestionsDocument(questions=(question.model_copy(update={"status": "answered"}), other)))
    exclusion = case.read_sealed(ExclusionsDocument).exclusions[0]
    _edit(case, ExclusionsDocument(exclusions=(exclusion.model_copy(update={"state": "not ruled out"}),)))
    return case


def _zip(case: Case, tier: int) -> Path:
    return case.root / stage.run(case, QuietObserver()).bundles[tier].path


@pytest.mark.parametrize("form", ["case and case", "kit and full", "case and full"])
def test_everything_that_changed_is_told(before: Case, after: Case, form: str) -> None:
    one = before.root if form.startswith("case") else _zip(before, 0)
    two = after.root if form.endswith("case") else _zip(after, 1)
    found = compare(one, two)
    assert found.verdict is not None
    assert (found.verdict.before, found.verdict.after) == (
        "customer, app (high confidence)",
        "microsoft, host (high confidence)",
    )
    assert [(gate.id, gate.before, gate.after) for gate in found.gates] == [("G1", "pass", "fail")]
    assert [(each.rule, each.change) for each in found.findings] == [("L38", "changed"), ("N02", "new")]
    assert [(each.text, each.change, each.after) for each in found.questions] == [
        ("Was the worker moved?", "changed", "answered"),
        ("Was the host out of memory?", "new", "open"),
    ]
    assert [(each.id, each.after) for each in found.exclusions] == [("X1", "not ruled out")]
    assert [(each.setting, each.before, each.after) for each in found.settings] == [("/WEBSITE_X", "1", "2")]
    assert [(each.path, each.change) for each in found.evidence] == [
        ("azure/config/appsettings.json", "changed"),
        ("azure/detectors/snatportexhaustion.json", "changed"),
        ("gone.log", "removed"),
        ("new.log", "new"),
    ]
    assert found.evidence_same == 4


def test_a_case_and_its_own_zip_do_not_differ(before: Case) -> None:
    found = compare(before.root, _zip(before, 1))
    assert (found.verdict, found.gates, found.findings, found.questions, found.exclusions) == (None, (), (), (), ())
    assert (found.settings, found.evidence, found.notes) == ((), (), ())


def test_masks_of_two_cases_are_no_change(before: Case, make_case: CaseMaker) -> None:
    other = make_case(name="other")
    other.write(other.document.model_copy(update={"id": CaseId("esc-20260404-055845-ffffff")}))
    fill(other, [*DEFAULT_FILES, _config(DB="[R:CONNSTR:FFFFFF]")], [Secret("dumps/core.1905")])
    found = compare(before.root, other.root)
    assert (found.settings, found.settings_masked) == ((), 1)
    assert any("two cases" in note for note in found.notes)
    other.write(other.document.model_copy(update={"id": before.document.id}))
    assert [each.setting for each in compare(before.root, other.root).settings] == ["/DB"]


def test_configuration_that_the_kit_does_not_carry_is_noted(before: Case, after: Case) -> None:
    after.path(Room.REDACTED, "azure/config/appsettings.json").unlink()
    found = compare(before.root, after.root)
    assert found.settings == ()
    assert any("cannot be told" in note for note in found.notes)


def test_what_is_neither_is_refused(before: Case, tmp_path: Path, make_case: CaseMaker) -> None:
    text = tmp_path / "text"
    text.write_text("hello")
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as target:
        target.writestr("90-meta/manifest.json", b"{}")
    for place, kind in (
        (text, ConfigError),
        (other, ConfigError),
        (tmp_path / "nowhere", TargetError),
        (tmp_path, CaseError),
        (make_case(name="unredacted").root, CaseError),
    ):
        with pytest.raises(kind):
            compare(before.root, place)


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        (b'[{"name": "A", "value": "1", "slotSetting": true}]', {"/A": "1", "/A/slotSetting": "true"}),
        (b'{"properties": {"alwaysOn": true, "list": [1, 2]}}', {
            "/properties/alwaysOn": "true", "/properties/list/0": "1", "/properties/list/1": "2",
        }),
        (b"A=1\nexport B = two words\n# note\n\n", {"A": "1", "B": "two words", "# note": ""}),
        (b"<configuration>\n</configuration>", {"<configuration>": "", "</configuration>": ""}),
        (b"", {}),
    ],
)  # fmt: skip
def test_configuration_becomes_settings(data: bytes, settings: dict[str, str]) -> None:
    assert settings_of(data) == settings


@given(
    st.binary(max_size=400) | st.recursive(st.none() | st.text(), st.lists).map(lambda each: json.dumps(each).encode())
)
def test_any_bytes_become_settings(data: bytes) -> None:
    assert all(isinstance(value, str) for value in settings_of(data).values())


def test_a_deeply_nested_file_is_no_trouble() -> None:
    assert settings_of(b"[" * 100_000) == {"[" * 200: ""}
