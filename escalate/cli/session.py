"""What one run of the command line remembers: where its case is."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path


class Session:
    """State of one run; lives in click's context."""

    def __init__(self) -> None:
        self.case_folder: Path | None = None

    def resume_hint(self) -> str:
        """How to go on after an interruption."""
        if self.case_folder is None:
            return "run the same command again"
        return f"run the same command again with --case {self.case_folder}"

    def save_traceback(self, text: str, now: datetime) -> Path:
        """Write a traceback where only its owner can read it: into the case if there is one."""
        folder = self.case_folder if self.case_folder and self.case_folder.is_dir() else Path(tempfile.gettempdir())
        place = folder / f"escalate-bug-{now:%Y%m%dT%H%M%SZ}.txt"
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        return place
