"""Fixtures that every package's tests share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from escalate.case.store import Case
from escalate.model.base import CaseId
from escalate.model.case import CaseDocument
from escalate.model.incident import Incident
from escalate.model.target import PathTarget, Target

settings.register_profile("house", deadline=None)  # a busy machine is no defect: tests assert no times
settings.load_profile("house")

CaseMaker = Callable[..., Case]


@pytest.fixture
def shared() -> Path:
    """Reference material beside the checkout; a test that needs it skips by name where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("needs ../shared beside the checkout")
    return folder


@pytest.fixture
def make_case(tmp_path: Path) -> CaseMaker:
    """Makes a case folder: make_case(target=..., incident=...)."""

    def make(target: Target | None = None, incident: Incident | None = None, name: str = "case") -> Case:
        return Case.create(
            tmp_path / name,
            CaseDocument(
                id=CaseId("esc-20260404-055845-3f9a1c"),
                created_at=datetime(2026, 4, 4, 5, 58, 45, tzinfo=UTC),
                tool_version="0.1.0",
                target=target or PathTarget(path="/nowhere"),
                incident=incident or Incident(),
            ),
        )

    return make
