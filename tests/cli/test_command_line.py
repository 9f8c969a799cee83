"""The command line as a user meets it: another process, its streams, its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from escalate.cli.app import VERBS
from escalate.cli.reference import generated_files


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, "-m", "escalate", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=cwd or root,
        env={**os.environ, "PYTHONPATH": str(root), "NO_COLOR": "1"},
        check=False,
    )


def test_help_loads_neither_azure_nor_pydantic_nor_rich() -> None:
    script = (
        "import sys\n"
        "from escalate.cli.app import run\n"
        "from escalate.cli.session import Session\n"
        "run(['--help'], Session())\n"
        "heavy = [name for name in ('azure', 'pydantic', 'rich', 'jinja2', 'hyperscan') if name in sys.modules]\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_that_begins_with_a_sentence(verb: str) -> None:
    done = run(verb, "--help")
    assert done.returncode == 0
    sentence = done.stdout.split("\n\n")[1].strip()
    assert sentence[0].isupper()
    assert "--format" in done.stdout


def test_a_misspelt_verb_is_a_usage_error_with_a_suggestion() -> None:
    done = run("bulid")
    assert done.returncode == 2
    assert "did you mean 'build'?" in done.stderr
    assert "hint:" in done.stderr
    assert done.stdout == ""


def test_a_misspelt_flag_is_a_usage_error_with_a_suggestion() -> None:
    done = run("verify", "--formt", "json", "x.zip")
    assert done.returncode == 2
    assert "--format" in done.stderr


def test_no_arguments_shows_the_help() -> None:
    done = run()
    assert done.returncode == 2
    assert "Verbs:" in done.stderr


def test_an_error_in_json_form_is_one_document_on_stdout() -> None:
    done = run("build", "/no/such/place", "--format", "json")
    assert done.returncode == 3
    error = json.loads(done.stdout)
    assert error["schema"] == "escalate.error/v1"
    assert error["hint"]
    assert "error:" in done.stderr


def test_a_stage_on_a_folder_without_a_case_says_how_to_start_one(tmp_path: Path) -> None:
    done = run("triage", "--case", str(tmp_path))
    assert done.returncode == 3
    assert "escalate build TARGET --case DIR" in done.stderr


def test_a_folder_that_holds_other_things_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("do not touch")
    done = run("build", str(tmp_path), "--case", str(tmp_path))
    assert done.returncode == 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_each_shell(shell: str) -> None:
    done = run("completion", shell)
    assert done.returncode == 0
    assert "_ESCALATE_COMPLETE" in done.stdout


def test_completion_completes_verbs() -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "escalate"],
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "_ESCALATE_COMPLETE": "bash_complete", "COMP_WORDS": "escalate bu", "COMP_CWORD": "1"},
        check=False,
    )
    assert "build" in done.stdout


def test_generated_pages_and_schemas_are_checked_in() -> None:
    root = Path(__file__).resolve().parents[2]
    generated = generated_files()
    stale = [str(name) for name, text in generated.items() if not _equals(root / name, text)]
    assert stale == [], "run: make docs"
    for folder in ("docs/verbs", "docs/collectors", "docs/rules", "schemas"):
        extra = {entry.name for entry in (root / folder).iterdir()} - {
            name.name for name in generated if str(name.parent) == folder
        }
        assert extra == set(), "run: make docs"


def _equals(place: Path, text: str) -> bool:
    return place.is_file() and place.read_text(encoding="utf-8") == text


def test_a_bug_leaves_a_traceback_for_us_and_two_lines_for_the_user(tmp_path: Path) -> None:
    script = (
        "import functools, sys\n"
        "from escalate.cli.app import report_bug\n"
        "from escalate.cli.session import Session\n"
        "sys.excepthook = functools.partial(report_bug, [], Session())\n"
        "raise ZeroDivisionError('oops')\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root), "TMPDIR": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    [saved] = tmp_path.glob("escalate-bug-*.txt")
    assert "ZeroDivisionError: oops" in saved.read_text()
    assert saved.stat().st_mode & 0o777 == 0o600
