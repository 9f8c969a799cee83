"""Asks the unzip programs of this machine whether they read a zip to its end, as those of its reader will have to."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

MOST = 4 << 30
"""Unpacked bytes beyond which nobody is asked: it takes as long as all other checks together."""
_SECONDS = 60
_BYTES_A_SECOND = 5_000_000
"""Slower than any disk of today."""

_READERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "unzip": ("unzip", "-tqq"),
        "7z": ("7z", "t", "-bso0", "-bsp0", "-p"),  # -p: an empty password instead of a question
        "bsdtar": ("bsdtar", "-xOf"),
    }
)
_WARNING = 1
"""Exit code of unzip and 7z where they read everything and disliked something."""


def ask(archive: Path, unpacked: int) -> tuple[str, tuple[str, ...]]:
    """What was asked, in words, and the complaints; to be called only after the zip was found to be no bomb."""
    if unpacked > MOST:
        return f"not asked, it unpacks to more than {MOST:,} bytes", ()
    here = [name for name in _READERS if shutil.which(name)]
    complaints = [complaint for name in here if (complaint := _ask_one(name, archive, unpacked))]
    missing = [name for name in _READERS if name not in here]
    said = f"asked {', '.join(here) or 'none'}"
    if missing:
        said += f"; not installed: {', '.join(missing)}"
    return said, tuple(complaints)


def _ask_one(name: str, archive: Path, unpacked: int) -> str | None:
    try:
        said = subprocess.run(
            [*_READERS[name], str(archive.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            timeout=_SECONDS + unpacked / _BYTES_A_SECOND,
        )
    except subprocess.TimeoutExpired:
        return f"{name} did not read it to its end in time"
    except OSError as error:
        return f"{name} could not be asked: {error.strerror}"
    if said.returncode == 0 or (said.returncode == _WARNING and name != "bsdtar"):
        return None
    return f"{name} does not read it to its end (exit code {said.returncode})"
