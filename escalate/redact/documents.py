"""Our own documents, redacted value by value: their schema holds, their paths follow the files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeVar

from pydantic import ValidationError

from escalate.errors import DocumentError
from escalate.model.artifact import EvidenceDocument
from escalate.model.base import Document
from escalate.model.case import CaseDocument
from escalate.model.incident import Contact
from escalate.model.plan import Plan
from escalate.model.redaction import Sealed
from escalate.model.target import PathTarget
from escalate.redact.engine import Engine
from escalate.redact.names import words

D = TypeVar("D", bound=Document)

GUESSABLE = 1024
"""Bytes; the hash of an original smaller than this could be guessed back, so it does not leave."""

_CLOSED = words(
    """
    schema kind state step event stage method severity role confidence polarity precision category answerable_by
    sensitivity sha256 original_sha256 ts_utc ts first_utc last_utc captured_at started_at finished_at created_at
    start end start_utc end_utc window_utc available_until_utc digest consents status os
    axis statistic strength urgency
    """
)
"""Fields that hold a closed vocabulary, a time or a hash: nothing of the user's is in them."""
_CUT = 390
"""Characters from which a text may have been cut in the middle of a secret."""


@dataclass(frozen=True)
class Sealer:
    """Redacts documents of one case."""

    engine: Engine
    paths: Mapping[str, str]
    """Evidence path to redacted path."""
    hashes: Mapping[str, str]
    """Redacted path to the hash that stands for a small original."""

    def seal(self, document: D) -> D:
        """The same document without what must not leave.

        Raises:
            DocumentError: what is left does not fit the schema.
        """
        data = self.value(_without_people(document).model_dump(mode="json", by_alias=True))
        for _ in range(2):
            try:
                return type(document).model_validate_json(json.dumps(data))
            except ValidationError as error:
                _shorten(data, error)
        raise DocumentError(
            f"the redacted copy of {document.schema_} does not fit its schema",
            hint="this is a defect of escalate: report it; nothing was bundled",
        )

    def value(self, node: Any, name: str = "") -> Any:
        """Any JSON value; `name` is the field it stands in."""
        if isinstance(node, str):
            return self._text(node, name)
        if isinstance(node, list):
            return [self.value(item, name) for item in node]
        if isinstance(node, dict):
            return self._object(node)
        return node

    def _object(self, node: Mapping[str, Any]) -> dict[str, Any]:
        result = {self.engine.redact_text(key): self.value(inner, key) for key, inner in node.items()}
        small = isinstance(node.get("size"), int) and node["size"] < GUESSABLE
        if small and isinstance(node.get("sha256"), str) and isinstance(result.get("path"), str):
            result["sha256"] = self.hashes.get(result["path"], "0" * 64)
        return result

    def _text(self, text: str, name: str) -> str:
        if name in _CLOSED:
            return text
        if name == "path" and text in self.paths:
            return self.paths[text]
        redacted = self.engine.redact_text(text)
        return self.engine.redact_cut(redacted) if len(text) >= _CUT or text.endswith("…") else redacted


def _without_people(document: D) -> D:
    changes: dict[str, Any] = {}
    if isinstance(document, CaseDocument):
        changes["incident"] = document.incident.model_copy(update={"contact": Contact()})
    if isinstance(document, CaseDocument | Plan | EvidenceDocument) and isinstance(document.target, PathTarget):
        name = PurePosixPath(document.target.path.replace("\\", "/")).name
        changes["target"] = PathTarget(path=name or "evidence")
        if isinstance(document, EvidenceDocument):
            changes["host"] = "elsewhere"
    return document.model_copy(update=changes)


def _shorten(data: Any, error: ValidationError) -> None:
    """Cut texts that pseudonyms have made longer than their field."""
    for problem in error.errors():
        if problem["type"] != "string_too_long":
            continue
        node = data
        for part in problem["loc"][:-1]:
            node = node[part]
        last = problem["loc"][-1]
        node[last] = node[last][: problem["ctx"]["max_length"]]


def small_hashes(items: Mapping[str, Sealed]) -> dict[str, str]:
    """Redacted path to the hash of the redacted file, for originals whose own hash does not leave."""
    return {path: sealed.sha256 for path, sealed in items.items() if sealed.original_sha256 is None}
