"""Container logs: what the app, its side containers and the platform wrote, with the receive time in front."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.levels import level_of
from escalate.formats.lines import iter_texts, strip_ansi
from escalate.formats.names import container_log_name, instance_of, site_of
from escalate.formats.record import FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import at_start
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_NANO_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7,9}Z ")
_PLATFORM_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:TRACE|DEBUG|INFO|WARN|ERROR) {1,2}- ")
_CRI_TAG = re.compile(r"(?:stdout|stderr) [FP] ")
"""Kubernetes nodes put stream and full/partial between the time and the line."""

_PID = re.compile(r"^\[\d{4}-[^\]]{5,40}\] \[(\d{1,10})\] \[")
"""gunicorn's own prefix: time, process, level."""


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a physical line; a line without a time takes that of the line before."""
    instance, site = instance_of(path), site_of(path)
    ts, precision = None, Precision.UNKNOWN
    fields_of: dict[str | None, Mapping[str, FieldValue]] = {None: {}}
    for number, line in enumerate(iter_texts(stream), start=1):
        text = line.lstrip("\x00")
        if "\x1b" in text:
            text = strip_ansi(text)
        found = at_start(text)
        if found:
            (ts, precision), end = found
            text = text[end + 1 :] if text.startswith(" ", end) else text[end:]
            if text.startswith("std"):
                text = _CRI_TAG.sub("", text, count=1) if _CRI_TAG.match(text) else text
            if "\x1b" in text:  # what was cut off may have stood inside of one
                text = strip_ansi(text)
        level = level_of(text)
        fields = fields_of.get(level)
        if fields is None:
            fields = fields_of[level] = {"level": level}
        writer = _PID.match(text) if text.startswith("[") else None
        pid = int(writer[1]) if writer else None
        yield Record(number, text, ts, precision, None, site, instance, pid, fields)


def _shape(head: Head) -> Kind | None:
    """What most of the first lines with a time look like."""
    platform = sum(bool(_PLATFORM_LINE.match(line)) for line in head.lines[:40])
    nano = sum(bool(_NANO_LINE.match(line)) for line in head.lines[:40])
    if not platform and not nano:
        return None
    return Kind.PLATFORM_LOG if platform > nano else Kind.CONTAINER_LOG


def _kind(head: Head) -> Kind | None:
    name = container_log_name(head.name)
    if name is None:
        return _shape(head)
    return _shape(head) or (Kind.PLATFORM_LOG if name.is_platform else Kind.CONTAINER_LOG)


FORMATS = (
    Format(Kind.CONTAINER_LOG, "text/plain", lambda head: _kind(head) is Kind.CONTAINER_LOG, rank=34, read=read),
    Format(Kind.PLATFORM_LOG, "text/plain", lambda head: _kind(head) is Kind.PLATFORM_LOG, rank=34, read=read),
)
