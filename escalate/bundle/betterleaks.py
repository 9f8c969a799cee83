"""Betterleaks as one more pair of eyes, where it is installed: it gets the texts over a pipe, and asks nobody."""

from __future__ import annotations

import bisect
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from pydantic import BaseModel, Field, ValidationError

_ARGUMENTS = (
    "stdin",
    "--no-banner",
    "--redact",
    "--no-allow-signatures",
    "--log-level=error",
    "--confidence=high",  # below that it takes our masks for passwords
    "--output=-",
    "--jsonl",
)
_CLEAN, _FOUND = 0, 1
_TEXT_HEAD = 512
_SECONDS = 600
"""For what is left to search when the last byte was handed over."""
_MOST = 20
"""Findings told; a bundle full of secrets needs no longer list."""


class _Place(BaseModel):
    start_line: int


class _Finding(BaseModel):
    rule_id: str = Field(pattern=r"^[\w.-]{1,80}$")
    location: _Place


class _Record(BaseModel):
    finding: _Finding | None = None
    scan: dict[str, object] | None = None


@dataclass(frozen=True)
class Seen:
    """One finding: what was found, in which text and on which line of it (from 1)."""

    rule: str
    member: str
    line: int


@contextmanager
def guest() -> Iterator[Betterleaks | None]:
    """The running program; None where it is not installed. It is gone afterwards."""
    program = shutil.which("betterleaks")
    if program is None:
        yield None
        return
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BETTERLEAKS")}
    with (
        tempfile.TemporaryFile() as report,  # rules and lines: with --redact it holds no value
        subprocess.Popen(
            [program, *_ARGUMENTS],
            stdin=subprocess.PIPE,
            stdout=report,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=os.sep,  # no configuration of the folder that happens to be the current one
        ) as process,
    ):
        running = Betterleaks(process, report)
        try:
            yield running
        finally:
            process.kill()
            running.hang_up()


class Betterleaks:
    """One process that reads all texts of a bundle, one after the other."""

    def __init__(self, process: subprocess.Popen[bytes], report: IO[bytes]) -> None:
        self._process = process
        self._report = report
        self._input = process.stdin
        self._line = 1
        self._starts: list[int] = []
        self._names: list[str] = []
        self.whole = True
        """Whether it read everything and came to its end."""

    def text(self, name: str) -> Callable[[bytes], None]:
        """Takes the pieces of one content; one that does not begin as a text is dropped."""
        is_text: bool | None = None

        def take(piece: bytes) -> None:
            nonlocal is_text
            if is_text is None:
                is_text = b"\0" not in piece[:_TEXT_HEAD]
                if is_text:
                    self._begin(name)
            if is_text:
                self._feed(piece)

        return take

    def seen(self) -> Iterator[Seen]:
        """What it found in all texts; to be asked once, after the last."""
        self.hang_up()
        try:
            ended = self._process.wait(_SECONDS) in (_CLEAN, _FOUND)
        except subprocess.TimeoutExpired:
            ended = False
        self._report.seek(0)
        told = summed_up = False
        count = 0
        for line in self._report:
            record = _record(line)
            told = record is not None
            if record is None:
                break
            summed_up = summed_up or record.scan is not None
            if record.finding is not None and count < _MOST:
                count += 1
                yield self._placed(record.finding)
        self.whole = self.whole and ended and told and summed_up

    def _begin(self, name: str) -> None:
        self._feed(b"\n")
        self._starts.append(self._line)
        self._names.append(name)

    def _placed(self, finding: _Finding) -> Seen:
        line = finding.location.start_line
        number = bisect.bisect_right(self._starts, line) - 1
        if number < 0:
            return Seen(finding.rule_id, "", line)
        return Seen(finding.rule_id, self._names[number], line - self._starts[number] + 1)

    def _feed(self, piece: bytes) -> None:
        self._line += piece.count(b"\n")
        if self._input is None:
            return
        try:
            self._input.write(piece)
        except OSError:  # it ended before its time
            self.whole = False
            self._input = None

    def hang_up(self) -> None:
        """There is no more text."""
        if self._input is None:
            return
        try:
            self._input.close()
        except OSError:
            self.whole = False
        self._input = None


def _record(line: bytes) -> _Record | None:
    try:
        return _Record.model_validate_json(line)
    except ValidationError:
        return None
