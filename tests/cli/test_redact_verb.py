"""`escalate redact`: what a user adds, looks at before, and lets go."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.model.kind import Kind
from escalate.redact import canary
from escalate.redact.canary import missed, untrusted
from escalate.redact.engine import Engine
from escalate.redact.rules import EngineInputs
from tests.flow.conftest import run_command

RULES = """
[[rule]]
id = "order-number"
title = "Order numbers"
kind = "ORDER"
regex = 'SO-[0-9]{8}'
positives = ["SO-20260404"]
"""


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "app.log").write_text(
        "2026-04-04T05:58:45Z order SO-20260404 for falcon by kim.larsen, code Tango!Whiskey9\npassword=hunter2x;\n"
    )
    (folder / "app.nettrace").write_bytes(b"Nettrace" + bytes(range(256)) * 8)
    run = run_command(tmp_path / "data", "build", folder, "--case", tmp_path / "case", "--no-input")
    assert run.code in (0, 5), run.stderr
    return tmp_path / "case"


def _text(case: Path) -> str:
    return Case(case).path(Room.REDACTED, "app.log").read_text()


def test_values_words_and_rules_are_added_by_file_and_stay_with_the_case(built: Path, tmp_path: Path):
    assert "Tango!Whiskey9" in _text(built)
    (tmp_path / "words").write_text("project falcon\nperson kim.larsen\n")
    (tmp_path / "rules.toml").write_text(RULES)
    added = ("--words", tmp_path / "words", "--own-rules", tmp_path / "rules.toml", "--secrets-from", "-")
    first = run_command(tmp_path / "data", "redact", "--case", built, *added, stdin="CODE=Tango!Whiskey9\n")
    assert first.code == 0, first.stderr
    second = run_command(tmp_path / "data", "redact", "--case", built)
    assert second.code == 0, second.stderr
    text = _text(built)
    for gone in ("Tango!Whiskey9", "SO-20260404", "falcon", "kim.larsen", "hunter2x"):
        assert gone not in text
    assert "[R:ORDER:" in text
    for name in built.rglob("private/*"):
        assert name.stat().st_mode & 0o077 == 0


def test_a_dry_run_counts_and_writes_nothing(built: Path, tmp_path: Path):
    before = {path: path.read_bytes() for path in built.rglob("*") if path.is_file()}
    run = run_command(tmp_path / "data", "redact", "--case", built, "--dry-run", "--format", "json")
    assert run.code == 0, run.stderr
    assert run.json["totals"] == {"connection-string-password": 1}
    assert "hunter2x" not in run.stdout
    assert [item["path"] for item in run.json["items"] if item["withheld"]] == ["app.nettrace"]
    assert {path: path.read_bytes() for path in built.rglob("*") if path.is_file()} == before


def test_secrets_are_shown_on_a_terminal_only(built: Path, tmp_path: Path):
    run = run_command(tmp_path / "data", "redact", "--case", built, "--dry-run", "--show-context")
    assert run.code == 2
    assert "hunter2x" not in run.stdout + run.stderr


def test_a_file_nobody_can_redact_leaves_when_it_is_named(built: Path, tmp_path: Path):
    run = run_command(
        tmp_path / "data", "redact", "--case", built, "--as-it-is", "app.nettrace", "--format", "json", "--workers", "1"
    )
    assert run.code == 0, run.stderr
    assert {item["state"] for item in run.json["items"]} == {"sealed"}


def test_the_vectors_run_without_a_case(tmp_path: Path):
    run = run_command(tmp_path / "data", "redact", "--selftest", "--format", "json")
    assert run.code == 0, run.stdout
    assert run.json["vectors"] > 300


@pytest.mark.parametrize(
    "arguments", [("--executor", "spark://x"), ("--heap", "some"), ("--workers", "0"), ("--own-rules", "-")]
)
def test_what_cannot_be_meant_is_refused(built: Path, tmp_path: Path, arguments: tuple[str, ...]):
    run = run_command(tmp_path / "data", "redact", "--case", built, *arguments, stdin="no toml [")
    assert run.code == 2, run.stderr


def test_a_handler_that_misses_a_canary_is_not_trusted_with_its_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    engine = Engine(EngineInputs(key=b"k" * 32))

    class Blind:
        name, kinds = "blind", frozenset({Kind.TEXT})

        def redact(self, source, sink, engine, advance):
            sink.write(source.read_bytes())

    for kind in (Kind.TEXT, Kind.JSON, Kind.XML, Kind.W3C_LOG, Kind.CSV):
        assert missed(engine, kind, b"#Fields: date time\n2026-04-04 05:58:45\n", tmp_path) is None
    monkeypatch.setattr(canary, "handler_of", lambda kind: Blind())
    place = tmp_path / "x.log"
    place.write_bytes(b"a line\n")
    assert untrusted(engine, [(Kind.TEXT, place)], tmp_path) == {
        Kind.TEXT: "its handler missed 2 of 2 planted canaries"
    }
