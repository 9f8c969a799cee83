"""What a person copied out of a terminal: prompts, commands and their output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.lines import iter_lines, strip_ansi
from escalate.formats.names import instance_of
from escalate.formats.record import Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import Stamp, of_date_command
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_USER_PROMPT = re.compile(
    r"^(?:\([\w.-]+\) ?)?\[?[A-Za-z_][\w.-]*@[\w.-]+(?::| )[~/][^#$%\s]*\]?[#$%](?: (?P<command>.*)|)$"
)
_BARE_PROMPT = re.compile(r"^\$ (?P<command>\S.*)$")
_WINDOWS_PROMPT = re.compile(r"^(?:PS )?[A-Za-z]:\\[^<>|?*\"]*> ?(?P<command>.*)$")
_PROMPTS = (_USER_PROMPT, _BARE_PROMPT, _WINDOWS_PROMPT)
_DATE = re.compile(r"^(?:TZ=UTC0? )?date(?: -u\b| --utc\b| --universal\b|$)")


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a line; what follows a `date` whose answer names UTC has its time, to the minute at best."""
    instance = instance_of(path)
    command: str | None = None
    stamp: Stamp | None = None
    expects_date = False
    for line in iter_lines(stream):
        text = strip_ansi(line.text)
        prompt = _prompt(text)
        found: Stamp | None = None
        if prompt:
            command = (prompt["command"] or "").strip()
            expects_date = bool(_DATE.match(command))
        elif expects_date and text.strip():
            found, expects_date = of_date_command(text), False
            stamp = Stamp(found.ts, Precision.MINUTE) if found else stamp
        at = found or stamp
        yield Record(
            line=line.number,
            text=text,
            ts=at.ts if at else None,
            precision=at.precision if at else Precision.UNKNOWN,
            instance=instance,
            fields={"command": command, "is_prompt": prompt is not None},
        )


def _prompt(text: str) -> re.Match[str] | None:
    return next((match for match in (pattern.match(text) for pattern in _PROMPTS) if match), None)


def _recognises(head: Head) -> bool:
    lines = [strip_ansi(line) for line in head.lines]
    if any(_USER_PROMPT.match(line) or _WINDOWS_PROMPT.match(line) for line in lines):
        return True
    bare = sum(bool(_BARE_PROMPT.match(line)) for line in lines)
    return bare >= 2 or (bare == 1 and bool(_BARE_PROMPT.match(lines[0])))


FORMATS = (Format(Kind.SHELL_TRANSCRIPT, "text/plain", _recognises, rank=50, read=read),)
