"""Real faults of one's own, through the whole command: a segmentation fault out of a core, a kill at a memory limit."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.kernel_dump_maker import kdump, windows
from tests.fakes.memory_limit import killed_at_the_limit
from tests.fakes.real_crash import needs_gdb
from tests.flow.conftest import Escalate, bundles
from tests.formats.test_dumps import CRASH
from tests.triage.test_dumps import OOPS

pytestmark = pytest.mark.system

INCIDENT = """
title = "{title}"
symptom = "{title}"
[target]
os = "linux"
sku = "P1v3"
"""


def built(escalate: Escalate, folder: Path, case: Path, title: str) -> dict[str, Any]:
    """findings.json of `escalate build FOLDER`, after the bundle was verified."""
    (case.parent / "incident.toml").write_text(INCIDENT.format(title=title))
    done = escalate("build", folder, "--case", case, "--incident", case.parent / "incident.toml", "--no-input")
    assert done.code in (0, 5), done.stderr
    for archive in bundles(case):
        assert escalate("verify", archive, "--case", case).code == 0
    return json.loads((case / "triage" / "findings.json").read_text())


@needs_gdb
def test_a_real_segmentation_fault_is_the_customers_at_the_offset_that_gdb_tells(
    tmp_path: Path, escalate: Escalate
) -> None:
    program, folder = tmp_path / "billing", tmp_path / "evidence"
    folder.mkdir()
    (tmp_path / "crash.c").write_text(CRASH)
    subprocess.run(["gcc", "-O0", "-o", program, tmp_path / "crash.c"], check=True)
    looks = ["run", f"generate-core-file {folder / 'core.billing'}", "info proc mappings", 'printf "pc=%lx\\n", $pc']
    words = [word for look in looks for word in ("-ex", look)]
    told = subprocess.run(["gdb", "-nx", "-batch", *words, program], check=True, capture_output=True, text=True).stdout
    base = next(int(line.split()[0], 16) for line in told.splitlines() if line.strip().endswith(str(program)))
    counter = next(int(line.partition("=")[2], 16) for line in told.splitlines() if line.startswith("pc="))
    frame = f"billing+0x{counter - base:x}"

    found = built(escalate, folder, tmp_path / "case", "The billing worker ends with code 139")
    assert found["verdict"]["answerable_by"] == "customer"
    crash = next(finding for finding in found["findings"] if finding["rule"] == "E20")
    assert f"billing: SIGSEGV at {frame}" in crash["title"]
    evidence = json.loads((tmp_path / "case" / "redacted" / "case" / "evidence.json").read_text())
    (dump,) = [artifact["dump"] for artifact in evidence["artifacts"] if artifact["kind"] == "elf-core"]
    assert (dump["state"], dump["fault"]["frame"], dump["problems"]) == ("complete", frame, [])
    assert all(module["id"] for module in dump["modules"])
    assert frame in (tmp_path / "case" / "draft" / "report.html").read_text()


def test_a_real_kill_at_the_limit_of_a_control_group_is_the_customers(tmp_path: Path, escalate: Escalate) -> None:
    kill = killed_at_the_limit()
    folder = tmp_path / "evidence"
    for stamp, text in (("20260105T100000Z", kill.before), ("20260105T100030Z", kill.after)):
        place = folder / "procfs" / stamp
        place.mkdir(parents=True)
        (place / "memory.events").write_text(text)
    (folder / "node").mkdir()
    (folder / "node" / "dmesg.txt").write_text(kill.log)
    (folder / "app.log").write_text(f"2026-01-05T10:00:29Z worker {kill.pid} exited with code 137\n")

    found = built(escalate, folder, tmp_path / "case", "Workers end with code 137")
    assert found["verdict"]["answerable_by"] == "customer"
    titles = {finding["rule"]: finding["title"] for finding in found["findings"]}
    assert f"pid {kill.pid}" in titles["E27"]
    assert "L31" in titles
    assert found["verdict"]["layer"].startswith("application")


def test_dumps_and_logs_of_a_machine_of_ones_own_are_shown_as_context_and_blame_nobody(
    tmp_path: Path, escalate: Escalate
) -> None:
    folder = tmp_path / "evidence" / "vm"
    folder.mkdir(parents=True)
    (folder / "MEMORY.DMP").write_bytes(windows(4, driver="bad.sys"))
    (folder / "vmcore").write_bytes(kdump()[:-50])
    (folder / "dmesg.txt").write_text(OOPS)
    done = escalate("build", folder.parent, "--case", tmp_path / "case", "--no-input")
    assert done.code == 5, done.stderr
    found = json.loads((tmp_path / "case" / "triage" / "findings.json").read_text())
    assert found["verdict"]["answerable_by"] == "undetermined"
    roles = {finding["rule"]: finding["role"] for finding in found["findings"]}
    assert {roles[rule] for rule in ("E22", "E25", "E26", "L59")} == {"context"}
    timeline = json.loads((tmp_path / "case" / "triage" / "timeline.json").read_text())
    assert not timeline.get("first_bad")
    report = (tmp_path / "case" / "draft" / "report.html").read_text()
    assert "50 bytes are missing" in report
    assert "MEMORY.DMP" in report
    for archive in bundles(tmp_path / "case"):
        assert escalate("verify", archive, "--case", tmp_path / "case").code == 0
