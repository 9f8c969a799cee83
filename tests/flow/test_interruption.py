"""kill -9 at every write of the journal, then the same command again: nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flow.conftest import ROOT, Escalate, bundles

CRASH = """
import os, signal, sys
from escalate.case.journal import Journal
from escalate.cli.app import run
from escalate.cli.session import Session

point, when = int(sys.argv[1]), sys.argv[2]
written = 0
append = Journal._append

def crashing(self, event):
    global written
    written += 1
    if written == point and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    append(self, event)
    if written == point:
        os.kill(os.getpid(), signal.SIGKILL)

Journal._append = crashing
sys.exit(run(sys.argv[3:], Session()))
"""


def _evidence(folder: Path) -> None:
    folder.mkdir()
    for number in range(3):
        lines = "".join(
            f"2026-04-04T05:58:{second:02d}.0000000Z line {second} of {number}, Password=hunter{number}22xyz;\n"
            for second in range(30)
        )
        (folder / f"2026_04_04_lw0mdlwk00000{number}_default_docker.log").write_text(lines)


def _artifacts(case: Path) -> list[tuple[str, str, str]]:
    evidence = json.loads((case / "evidence.json").read_text())
    return [(item["id"], item["path"], item["sha256"]) for item in evidence["artifacts"]]


def _events(case: Path) -> list[dict[str, object]]:
    journal = case / "journal.jsonl"
    return [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []


@pytest.fixture
def undisturbed(tmp_path: Path, escalate: Escalate) -> Path:
    _evidence(tmp_path / "in")
    assert escalate("build", tmp_path / "in", "--case", tmp_path / "whole", "--no-input").code == 0
    return tmp_path / "whole"


def test_killed_at_any_write_the_same_command_completes(tmp_path: Path, escalate: Escalate, undisturbed: Path) -> None:
    total = len(_events(undisturbed))
    assert total >= 12
    for point in range(1, total + 1):
        when = "before" if point % 2 else "after"
        case = tmp_path / f"case-{point}"
        command = ["build", str(tmp_path / "in"), "--case", str(case), "--no-input"]
        killed = subprocess.run(
            [sys.executable, "-c", CRASH, str(point), when, *command],
            cwd=ROOT,
            capture_output=True,
            env=dict(os.environ),
            check=False,
        )
        assert killed.returncode == -9, f"the run was not killed at write {point}"
        finished = [(event["stage"], event.get("step")) for event in _events(case) if event["event"] == "step"]
        done = escalate(*command)
        assert done.code == 0, f"write {point}: {done.stderr}"
        assert _artifacts(case) == _artifacts(undisturbed), f"write {point}"
        steps = [(event["stage"], event.get("step")) for event in _events(case) if event["event"] == "step"]
        for step in finished:
            assert steps.count(step) == 1, f"write {point}: {step} was repeated"
        assert [path.name.split("-")[-1] for path in bundles(case)] == ["full.zip", "kit.zip"]
        assert not (case / ".scratch").exists() or not list((case / ".scratch").iterdir())


def test_a_finished_case_is_not_done_again(tmp_path: Path, escalate: Escalate, undisturbed: Path) -> None:
    before = len(_events(undisturbed))
    stamps = {path.name: path.stat().st_mtime_ns for path in bundles(undisturbed)}
    assert escalate("build", tmp_path / "in", "--case", undisturbed, "--no-input").code == 0
    assert len(_events(undisturbed)) == before
    assert {path.name: path.stat().st_mtime_ns for path in bundles(undisturbed)} == stamps


def test_the_same_command_with_a_relative_window_goes_on(tmp_path: Path, escalate: Escalate) -> None:
    _evidence(tmp_path / "in")
    command = ["build", str(tmp_path / "in"), "--case", str(tmp_path / "case"), "--since", "2h", "--no-input"]
    assert escalate(*command).code == 0
    window = json.loads((tmp_path / "case" / "case.json").read_text())["incident"]["window"]
    again = escalate(*command)
    assert again.code == 0, again.stderr
    assert json.loads((tmp_path / "case" / "case.json").read_text())["incident"]["window"] == window


def test_a_case_keeps_to_its_target(tmp_path: Path, escalate: Escalate, undisturbed: Path) -> None:
    (tmp_path / "other").mkdir()
    done = escalate("build", tmp_path / "other", "--case", undisturbed)
    assert done.code == 3
    assert "another target" in done.stderr
