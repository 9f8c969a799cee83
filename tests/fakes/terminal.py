"""Runs the command on a terminal of its own, and types."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def on_a_terminal(*words: str, typed: Sequence[str], **environment: str) -> tuple[int, str]:
    """Exit code and all that was shown; the lines are typed ahead."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "escalate", *words],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "NO_COLOR": "1", "TERM": "dumb", **environment},
    )
    os.close(theirs)
    os.write(ours, "".join(f"{line}\n" for line in typed).encode())
    shown = bytearray()
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break  # Linux says EIO when the other side is closed
        if not piece:
            break
        shown += piece
    code = process.wait(60)
    os.close(ours)
    return code, shown.decode()
