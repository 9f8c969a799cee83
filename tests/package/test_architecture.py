"""The house keeps its own rules: rooms, sizes, names."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "escalate").rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_in_one_sentence_what_lives_in_it(module: Path) -> None:
    first = module.read_text(encoding="utf-8").lstrip().splitlines()[0]
    assert first.startswith(('"""', 'r"""'))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_outgrows_what_one_can_read(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 400


def test_requirements_are_hashed_and_name_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert not re.search(r"(?m)^\s*--(index-url|extra-index-url|find-links|trusted-host)|https?://", text)
        pinned = re.findall(r"(?m)^[a-z0-9][a-z0-9._-]*==", text)
        assert len(pinned) > 20
        assert text.count("--hash=sha256:") >= len(pinned)


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)
    groups = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    for requirement in {each for group in groups for each in group if isinstance(each, str)}:
        lines = [line for line in text.splitlines() if line.strip().startswith(f'"{requirement}"')]
        assert lines, f"{requirement} does not stand in a line of its own"
        for line in lines:
            assert re.search(r'",\s+# \w.{15,}', line), f"{requirement} has no reason"


def test_offline_rooms_open_no_urls() -> None:
    rooms = ("triage", "redact", "draft", "bundle", "case", "formats", "model")
    for module in MODULES:
        if module.relative_to(ROOT / "escalate").parts[0] in rooms:
            assert "urllib.request" not in module.read_text(encoding="utf-8"), module
