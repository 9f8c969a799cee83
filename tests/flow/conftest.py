"""Runs the command as a user does, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

Escalate = Callable[..., "Done"]


class Done:
    """A finished run of the command."""

    def __init__(self, process: subprocess.CompletedProcess[str]) -> None:
        self.code = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def run_command(data: Path, *arguments: str | Path, stdin: str | None = None, **environment: str) -> Done:
    """The command with a data directory of its own and these variables."""
    return Done(
        subprocess.run(
            [sys.executable, "-m", "escalate", *map(str, arguments)],
            capture_output=True,
            text=True,
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "XDG_DATA_HOME": str(data), "NO_COLOR": "1", **environment},
            timeout=540,
            check=False,
        )
    )


@pytest.fixture
def escalate(tmp_path: Path) -> Escalate:
    """escalate("build", target, "--case", folder) -> Done."""

    def run(*arguments: str | Path, stdin: str | None = None, **environment: str) -> Done:
        return run_command(tmp_path / "data", *arguments, stdin=stdin, **environment)

    return run


def members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of a zip."""
    with zipfile.ZipFile(archive) as zipped:
        for name in zipped.namelist():
            yield name, zipped.read(name)


def bundles(case: Path) -> list[Path]:
    """The zips of a case."""
    return sorted((case / "bundle").glob("*.zip"))
