"""Documents: closed, versioned, in UTC, and equal to the schemas that are checked in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import jsonschema
import pytest
from pydantic import TypeAdapter, ValidationError

from escalate import resources
from escalate.errors import DocumentError
from escalate.model.base import CaseId, parse_document
from escalate.model.case import CaseDocument
from escalate.model.documents import DOCUMENTS, schema_file_name
from escalate.model.incident import Incident, Window
from escalate.model.outcome import Collected, Denied, Outcome
from escalate.model.target import LocalTarget


def _case() -> CaseDocument:
    return CaseDocument(
        id=CaseId("esc-20260404-055845-3f9a1c"),
        created_at=datetime(2026, 4, 4, 5, 58, 45, tzinfo=UTC),
        tool_version="0.1.0",
        target=LocalTarget(pid=7),
        incident=Incident(),
    )


def test_a_document_reads_back_as_it_was() -> None:
    assert parse_document(CaseDocument, _case().to_json(), where="case.json") == _case()


def test_a_document_of_an_unknown_major_version_is_refused_with_a_way_out() -> None:
    data = _case().to_json().replace(b"escalate.case/v1", b"escalate.case/v2")
    with pytest.raises(DocumentError, match=r"version v2 .* knows v1") as caught:
        parse_document(CaseDocument, data, where="case.json")
    assert "version of escalate that wrote it" in caught.value.hint


@pytest.mark.parametrize("data", [b"", b"[]", b"not json", b'{"schema": 3}', b'{"schema": "escalate.plan/v1"}'])
def test_what_is_not_the_document_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError):
        parse_document(CaseDocument, data, where="case.json")


def test_unknown_fields_are_refused() -> None:
    raw = json.loads(_case().to_json())
    raw["surprise"] = 1
    with pytest.raises(DocumentError, match="surprise"):
        parse_document(CaseDocument, json.dumps(raw).encode(), where="case.json")


def test_documents_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        _case().tool_version = "9"  # type: ignore[misc]


def test_times_without_a_zone_are_refused_and_others_become_utc() -> None:
    with pytest.raises(ValidationError):
        Window(start=datetime(2026, 4, 4, 5), end=datetime(2026, 4, 4, 6))  # noqa: DTZ001
    berlin = timezone(timedelta(hours=2))
    start = datetime(2026, 4, 4, 7, tzinfo=berlin)
    assert Window(start=start, end=start).start.isoformat() == "2026-04-04T05:00:00+00:00"


def test_a_window_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValidationError, match="before"):
        Window(start=datetime(2026, 4, 4, 6, tzinfo=UTC), end=datetime(2026, 4, 4, 5, tzinfo=UTC))


def test_a_gap_has_a_reason_and_a_hint() -> None:
    outcome: TypeAdapter[Collected | Denied] = TypeAdapter(Outcome)
    assert outcome.validate_python({"state": "collected"}) == Collected()
    with pytest.raises(ValidationError):
        outcome.validate_python({"state": "denied", "reason": "", "hint": "ask"})
    with pytest.raises(ValidationError):
        outcome.validate_python({"state": "denied"})


@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_every_document_has_a_schema_that_is_itself_valid(name: str) -> None:
    schema = json.loads((resources.schemas() / schema_file_name(name)).read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)


def test_what_we_write_fits_the_schema_we_publish() -> None:
    schema = json.loads((resources.schemas() / "case.v1.schema.json").read_bytes())
    jsonschema.validate(json.loads(_case().to_json()), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"schema": "escalate.case/v1"}, schema)
