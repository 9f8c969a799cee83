"""The really running processes of the lab."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from escalate.errors import TargetError
from escalate.lab.processes import java_available, sick_python, start_real
from tests.lab.kudu_sites import FIRST, scm

_LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z .+$")


def wait_for(check: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not check():
        assert time.monotonic() < until
        time.sleep(0.05)


def runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.system
@pytest.mark.parametrize("real", ["python", "java", "node"])
def test_the_program_of_a_world_runs_with_its_environment_and_ends_with_it(
    real: str, tmp_path: Path, socket_enabled: None
) -> None:
    if (real == "java" and not java_available()) or (real == "node" and shutil.which("node") is None):
        pytest.skip(f"needs {real}")
    with scm(tmp_path, "linux", real=real) as site:
        with ExitStack() as stack:
            start_real(site.state, stack)
            process = site.state.processes[FIRST.machine]
            environment = Path(f"/proc/{process.pid}/environ").read_bytes()
            assert f"WEBSITE_INSTANCE_ID={FIRST.arm_id}".encode() in environment
            assert b"PAYMENT_KEY=invented-value" in environment
            (log,) = process.logs
            assert log.parent == site.home / "LogFiles"
            assert log.name.endswith(f"_{FIRST.machine}_default_docker.log")
            wait_for(lambda: log.exists() and bool(log.read_text()))
            lines = log.read_text().splitlines()
            assert [line for line in lines if not _LINE.match(line)] == []
        assert not runs(process.pid)


def test_a_program_that_is_not_here_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with scm(tmp_path, "linux", real="node") as site, ExitStack() as stack, pytest.raises(TargetError) as caught:
        start_real(site.state, stack)
    assert "node" in caught.value.hint


def test_a_world_without_a_program_starts_none(tmp_path: Path) -> None:
    with scm(tmp_path) as site, ExitStack() as stack:
        start_real(site.state, stack)
        assert site.state.processes == {}


def test_the_python_service_blocks_and_logs(tmp_path: Path, socket_enabled: None) -> None:
    with sick_python(tmp_path) as process:
        (log,) = process.logs
        wait_for(lambda: log.read_text().count("waits for the order lock") >= 6)
        assert "took the order lock" in log.read_text()
    assert not runs(process.pid)
