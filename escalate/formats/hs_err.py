"""`hs_err_pid*.log`: what HotSpot writes when it crashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.lines import iter_lines
from escalate.formats.names import instance_of
from escalate.formats.record import MAX_TEXT, FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import Stamp, of_date_command
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_TITLE = re.compile(r"^# (?:A fatal error has been detected by the Java|There is insufficient memory for the Java)")
_SIGNAL = re.compile(r"^#  (SIG[A-Z]+|EXCEPTION_\w+|Internal Error)\b(?:.*? at pc=(0x[0-9a-f]+))?")
_PID = re.compile(r"\bpid=(\d{1,10})\b")
_JVM = re.compile(r"^# Java VM: (.+)$")
_OUT_OF_MEMORY = re.compile(r"^#\s+(Out of Memory Error .*|Native memory allocation .*)$")
_TIME = re.compile(r"^Time: (?P<time>.+?)(?: elapsed time: .*)?$")
_ELAPSED = re.compile(r"elapsed time: (\d{1,12}(?:\.\d+)?) seconds")


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record; its text is the beginning of the file, at most MAX_TEXT characters.

    `signal` is None where the JVM ran out of native memory (`reason` says so); `sent_by_kill` tells that another
    process sent the signal, so that no code of this one is to blame for it.
    """
    fields: dict[str, FieldValue] = dict.fromkeys(("signal", "pc", "frame", "frame_line", "jvm", "elapsed_s", "reason"))
    fields["sent_by_kill"] = False
    text: list[str] = []
    size, first, next_is_frame = 0, 0, False
    stamp: Stamp | None = None
    pid: int | None = None
    for line in iter_lines(stream):
        if not first and _TITLE.match(line.text):
            first = line.number
        if size < MAX_TEXT:
            text.append(line.text)
            size += len(line.text) + 1
        if next_is_frame:
            fields["frame"], fields["frame_line"] = line.text.removeprefix("#").strip(), line.number
            next_is_frame = False
        next_is_frame = line.text == "# Problematic frame:"
        _note(line.text, fields)
        if pid is None and line.text.startswith("#"):
            found = _PID.search(line.text)
            pid = int(found[1]) if found else None
        when = _TIME.match(line.text) if stamp is None else None
        stamp = of_date_command(_with_zone_in_place(when["time"])) if when else stamp
    if not text:
        return
    yield Record(
        line=first or 1,
        text="\n".join(text)[:MAX_TEXT],
        ts=stamp.ts if stamp else None,
        precision=stamp.precision if stamp else Precision.UNKNOWN,
        instance=instance_of(path),
        pid=pid,
        fields=fields,
    )


def _note(text: str, fields: dict[str, FieldValue]) -> None:
    signal = _SIGNAL.match(text) if fields["signal"] is None else None
    if signal:
        fields["signal"], fields["pc"] = signal[1], signal[2]
        fields["sent_by_kill"] = "(sent by kill)" in text
    elif text.startswith("siginfo:"):
        fields["sent_by_kill"] = (
            fields["sent_by_kill"] is True or "SI_USER" in text or "sent by kill" in text or "SI_TKILL" in text
        )
    for key, pattern in (("jvm", _JVM), ("reason", _OUT_OF_MEMORY), ("elapsed_s", _ELAPSED)):
        found = pattern.search(text) if fields[key] is None else None
        if found:
            fields[key] = float(found[1]) if key == "elapsed_s" else found[1].rstrip()


def _with_zone_in_place(text: str) -> str:
    """HotSpot writes the zone last (`... 2026 UTC`), `date` before the year."""
    return re.sub(r" (\d{4}) ([A-Z]{3,4})$", r" \2 \1", text)


def _recognises(head: Head) -> bool:
    return any(_TITLE.match(line) for line in head.lines[:10])


FORMATS = (Format(Kind.HS_ERR, "text/plain", _recognises, rank=31, read=read),)
