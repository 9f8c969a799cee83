"""A control group with a small memory limit, and a process that runs into it: a real kill, harmless to all others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

LIMIT = 48 << 20
ASKED = 160 << 20
"""Bytes that the process touches: more than the limit, and nothing to the machine."""
_ROOT = Path("/sys/fs/cgroup")
_EATER = f"""
import sys
sys.stdin.readline()
held = []
for piece in range({ASKED >> 20}):
    held.append(bytearray(b"x") * (1 << 20))
print("survived")
"""


@dataclass(frozen=True)
class Kill:
    """What a kill at the limit left behind."""

    pid: int
    code: int
    log: str
    """Lines of the system's log that name the process."""
    before: str
    after: str
    """The counters of the group, with its `oom_kill`."""


@contextmanager
def _group() -> Iterator[tuple[Path, str]]:
    """(a group of its own with the limit, the name of the file with its counters); version 2, then version 1."""
    name = f"escalate-test-{os.getpid()}"
    controllers = _ROOT / "cgroup.controllers"
    two = controllers.is_file() and "memory" in controllers.read_text().split()
    place = (_ROOT if two else _ROOT / "memory") / name
    limits = {"memory.max": LIMIT, "memory.swap.max": 0} if two else {"memory.limit_in_bytes": LIMIT}
    try:
        place.mkdir()
    except OSError as error:
        pytest.skip(f"no control group with a memory limit can be made here: {error.strerror}")
    try:
        for file, value in limits.items():
            if (place / file).exists() or file != "memory.swap.max":
                (place / file).write_text(str(value))
        yield place, "memory.events" if two else "memory.oom_control"
    except OSError as error:
        pytest.skip(f"the memory limit of a control group cannot be set here: {error.strerror}")
    finally:
        for _ in range(50):
            try:
                place.rmdir()
                break
            except OSError:
                time.sleep(0.1)


def killed_at_the_limit() -> Kill:
    """Let a process of ours be killed at the limit of its own control group; skips where that cannot be had."""
    if shutil.which("dmesg") is None or subprocess.run(["dmesg"], capture_output=True, check=False).returncode:
        pytest.skip("the log of this machine's system cannot be read (dmesg)")
    with _group() as (place, counters):
        before = (place / counters).read_text()
        process = subprocess.Popen([sys.executable, "-c", _EATER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            (place / "cgroup.procs").write_text(str(process.pid))
            process.communicate(b"go\n", timeout=60)
        finally:
            process.kill()
            process.wait()
        after = (place / counters).read_text()
        log = subprocess.run(["dmesg"], capture_output=True, text=True, errors="replace", check=True).stdout
    lines = log.splitlines(keepends=True)
    mine = [number for number, line in enumerate(lines) if f"pid={process.pid}," in line or f" {process.pid} (" in line]
    if process.returncode != -9 or not mine:
        pytest.skip(f"the limit is not enforced here: the process ended with {process.returncode}")
    return Kill(process.pid, process.returncode, "".join(lines[mine[0] : mine[-1] + 1]), before, after)
