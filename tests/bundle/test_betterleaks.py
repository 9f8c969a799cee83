"""Another program's search, where it is installed."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from escalate.bundle import stage
from escalate.bundle.verify import verify
from escalate.model.manifest import VerificationDocument
from escalate.model.observer import QuietObserver
from tests.bundle.test_second_engine import SECRETS
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import File, fill

FINDS_MARK = """
import json, os, sys
for number, line in enumerate(sys.stdin.buffer, start=1):
    if b"MARK" in line:
        print(json.dumps({"finding": {"rule_id": "a-rule", "location": {"start_line": number}}}))
    if b"BETTERLEAKS_VALIDATE" in line or "BETTERLEAKS_VALIDATE" in os.environ:
        sys.exit(5)
print(json.dumps({"scan": {}}))
"""
FAILS = "import sys; sys.stdin.buffer.read(10); sys.exit(3)"
BABBLES = "import sys; sys.stdin.buffer.read(); print('no json')"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def write(code: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "betterleaks"
        program.write_text(f"#!{sys.executable}\n{code}")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return write


def _verified(make_case: CaseMaker, *files: File) -> VerificationDocument:
    case = make_case()
    fill(case, files, (), cited=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.defpath)  # the bundle is made without it
        stage.run(case, QuietObserver())
    return verify(case.root / "bundle" / f"{case.document.id}-full.zip", observer=QuietObserver())


def test_what_it_finds_is_told_with_file_and_line(
    make_case: CaseMaker, install: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(FINDS_MARK)
    monkeypatch.setenv("BETTERLEAKS_VALIDATE", "true")
    proof = _verified(
        make_case,
        File("a.log", b"one\ntwo MARK\nthree"),
        File("b.bin", b"\0MARK\n" * 9),
        File("c.log", b"x\n" * 700_000 + b"MARK"),
    )
    found = [(problem.member[-5:], problem.line) for problem in proof.problems]
    assert found == [("a.log", 2), ("c.log", 700_001)]
    assert all("a-rule, found by betterleaks" in problem.detail for problem in proof.problems)


@pytest.mark.parametrize("code", [FAILS, BABBLES])
def test_a_program_that_fails_is_told_and_changes_nothing(
    make_case: CaseMaker, install: Callable[[str], None], code: str
) -> None:
    install(code)
    proof = _verified(make_case, File("a.log", b"one line\n" * 500_000))
    assert proof.problems == ()
    assert proof.checks[-1] == "betterleaks: it did not come to its end, and proves nothing"


def test_without_it_the_proof_says_so(make_case: CaseMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert _verified(make_case, File("a.log", b"one\n")).checks[-1] == "betterleaks: not installed, not asked"


@pytest.mark.system
def test_the_real_program_finds_a_token_and_nothing_else(make_case: CaseMaker, tmp_path: Path) -> None:
    if shutil.which("betterleaks") is None:
        pytest.skip("needs betterleaks")
    proof = _verified(make_case, File("a.log", b"one\n"))
    assert proof.problems == ()
    assert proof.checks[-1].startswith("betterleaks: texts")
    place = tmp_path / "x.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("a.txt", f"one\n{SECRETS['github']}\n")
    found = [problem for problem in verify(place, observer=QuietObserver()).problems if "betterleaks" in problem.detail]
    assert [(problem.member, problem.line) for problem in found] == [("a.txt", 2)]
