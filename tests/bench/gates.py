"""What must be right for a measured speed to count."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

PLANTED = re.compile(rb"Password=pw-[0-9a-f]{16}")
"""How the corpus plants its secrets."""


@dataclass(frozen=True)
class Gate:
    """One thing that was looked at."""

    name: str
    open: bool
    detail: str = ""


def readable(archive: Path) -> list[Gate]:
    """Whether three readers that are not ours take the zip."""
    gates = [_program(["unzip", "-tqq", str(archive)]), _program(["7z", "t", str(archive)])]
    with zipfile.ZipFile(archive) as opened:
        gates.append(Gate("zipfile.testzip", opened.testzip() is None))
    return gates


def _program(command: list[str]) -> Gate:
    name = " ".join(command[:2])
    if shutil.which(command[0]) is None:
        return Gate(name, True, "not installed, not asked")
    done = subprocess.run(command, capture_output=True, check=False)
    return Gate(name, done.returncode == 0)


def clean(kind: str, source: Path, archive: Path) -> Gate:
    """Whether none of the secrets planted in the source is left in the zip, and no line was lost."""
    planted = {match[0] for match in PLANTED.finditer(source.read_bytes())}
    with zipfile.ZipFile(archive) as opened:
        [member] = [info for info in opened.infolist() if info.filename.endswith("docker.log")]
        data = opened.read(member)
    left = sum(secret in data for secret in planted)
    lines = data.count(b"\n") == source.read_bytes().count(b"\n")
    detail = f"{len(planted)} planted, {left} left, lines {'kept' if lines else 'LOST'}"
    return Gate(f"redaction of {kind}", bool(planted) and not left and lines, detail)
