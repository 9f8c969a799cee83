"""What a command left: its output, its errors, its exit code."""

from __future__ import annotations

from dataclasses import dataclass

NOT_FOUND_FILE = "The system cannot find the file specified.\r\n"
NOT_FOUND_PATH = "The system cannot find the path specified.\r\n"


@dataclass(frozen=True)
class Result:
    """Lines end with CRLF on Windows."""

    output: str = ""
    error: str = ""
    code: int = 0

    def then(self, after: Result) -> Result:
        """Both, one after the other; the code is the last one's."""
        return Result(self.output + after.output, self.error + after.error, int(after.code))
