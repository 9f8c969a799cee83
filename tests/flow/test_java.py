"""A real JVM with a real deadlock."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from escalate.lab.processes import SickProcess, sick_java
from tests.flow.conftest import Escalate, bundles

pytestmark = pytest.mark.system


@pytest.fixture
def jvm() -> Iterator[SickProcess]:
    for program in ("java", "javac", "jcmd"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    with sick_java() as process:
        yield process


def test_the_deadlock_is_named_from_three_thread_dumps_and_nothing_else_was_opened(
    tmp_path: Path, escalate: Escalate, jvm: SickProcess
) -> None:
    case = tmp_path / "case"
    done = escalate("build", f"local:{jvm.pid}", "--case", case, "--no-input")
    assert done.code in (0, 5), done.stderr
    report = (case / "draft" / "report.html").read_text()
    assert "deadlock" in report
    assert "stock-sync" in report
    assert "order-export" in report
    evidence = json.loads((case / "evidence.json").read_text())
    kinds = [item["kind"] for item in evidence["artifacts"]]
    assert kinds.count("thread-dump") == 3
    assert not {"elf-core", "hprof", "jfr", "pcap", "class-histogram"} & set(kinds)
    skipped = {step["collector"] for step in evidence["steps"] if step["outcome"]["state"] == "skipped"}
    assert len(skipped) >= 4
    found = json.loads((case / "triage" / "findings.json").read_text())
    assert found["verdict"]["answerable_by"] == "customer"
    for archive in bundles(case):
        assert escalate("verify", archive, "--case", case).code == 0
