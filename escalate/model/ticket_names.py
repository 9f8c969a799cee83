"""Names of everything that filing makes on the server; all derive from the case id, so a retry computes them again."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath

from escalate.model.base import CaseId

FILE_NAME = 110
"""Longest name of a file on the server, extension included."""


def workspace_name(case_id: CaseId, attempt: int = 1) -> str:
    """`esc-20260404-055845-3f9a1c-files`, then `...-files-2`: letters, digits, `_ - .` and spaces only."""
    base = f"{re.sub(r'[^0-9A-Za-z_.-]', '-', case_id)}-files"
    return base if attempt == 1 else f"{base}-{attempt}"


def file_name(name: str, attempt: int = 1) -> str:
    """`kit.zip`, then `kit-r2.zip`, within 110 characters."""
    path = PurePosixPath(name)
    suffix = ("" if attempt == 1 else f"-r{attempt}") + path.suffix
    return path.stem[: FILE_NAME - len(suffix)] + suffix


def communication_name(number: int, text: str) -> str:
    """`note-3-1a2b3c4d`: never a bare GUID, which the server refuses; the same text gets the same name again."""
    return f"note-{number}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
