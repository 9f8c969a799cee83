"""What every model shares: frozen, closed, aware UTC times, and a schema name with a version."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Annotated, NewType, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from escalate.errors import DocumentError

CaseId = NewType("CaseId", str)
ArtifactId = NewType("ArtifactId", str)
EvidenceId = NewType("EvidenceId", str)
CollectorId = NewType("CollectorId", str)
RuleId = NewType("RuleId", str)
StepId = NewType("StepId", str)


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Utc = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An aware datetime, held in UTC; a naive one is refused."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Bytes = Annotated[int, Field(ge=0, description="bytes")]
RelativePath = Annotated[str, Field(min_length=1, description="POSIX, relative, no '..' and no drive")]


class Frozen(BaseModel):
    """Base of all values: cannot be changed, refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class Document(Frozen):
    """A value that is written as one JSON file; `schema` is its name and major version."""

    schema_: str = Field(alias="schema")

    @classmethod
    def schema_name(cls) -> str:
        """The name this class writes, such as `escalate.plan/v1`."""
        return str(cls.model_fields["schema_"].default)

    def to_json(self) -> bytes:
        """UTF-8 JSON with a final newline; equal values give equal bytes."""
        return (self.model_dump_json(by_alias=True, indent=1) + "\n").encode()


D = TypeVar("D", bound=Document)

_NAME = re.compile(r"^(?P<name>[a-z][a-z.\-]*)/v(?P<major>\d+)$")


def parse_document(kind: type[D], data: bytes, *, where: str) -> D:
    """Read one document.

    Raises:
        DocumentError: not JSON, another document, an unknown major version, or fields that do not fit.
    """
    try:
        raw = json.loads(data)
    except ValueError as error:
        raise DocumentError(
            f"{where} is not JSON: {error}", hint="delete it and run the stage that writes it again"
        ) from error
    found = raw.get("schema") if isinstance(raw, dict) else None
    if found != kind.schema_name():
        match = _NAME.match(found) if isinstance(found, str) else None
        expected = _NAME.match(kind.schema_name())
        if match and expected and match["name"] == expected["name"]:
            raise DocumentError(
                f"{where} has version v{match['major']} of {match['name']}; this program knows v{expected['major']}",
                hint="use the version of escalate that wrote it, or run the stage again into a new case",
            )
        raise DocumentError(
            f"{where} is {found!r}, not {kind.schema_name()!r}",
            hint="name a file that escalate wrote for this purpose",
        )
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DocumentError(
            f"{where} does not fit {kind.schema_name()}: {place}: {first['msg']} ({error.error_count()} in all)",
            hint="it was edited or damaged: run the stage that writes it again",
        ) from error
