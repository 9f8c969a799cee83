"""Class histograms of a JVM (`jcmd GC.class_histogram`, `jmap -histo`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.lines import iter_lines
from escalate.formats.names import instance_of, pid_of
from escalate.formats.record import FieldValue, Record
from escalate.formats.registry import Format, Head
from escalate.formats.stamps import of_path
from escalate.model.finding import Precision
from escalate.model.kind import Kind

_HEADER = re.compile(r"^ *num +#instances +#bytes +[Cc]lass")
_FURNITURE = re.compile(r"^(?: *num +#instances|-+$|Total +\d+ +\d+$)")
_ROW = re.compile(r"^ *(\d{1,9}): +(\d{1,18}) +(\d{1,18}) +(\S.*)$")


def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
    """One record a row; `class` is without the module that newer JVMs add in brackets.

    Lines of anything else that stands in the file give a record without fields.
    """
    stamp, instance, pid = of_path(path), instance_of(path), pid_of(path)
    for line in iter_lines(stream):
        row = _ROW.match(line.text)
        if row is None and (not line.text.strip() or _FURNITURE.match(line.text)):
            continue
        yield Record(
            line=line.number,
            text=line.text,
            ts=stamp.ts if stamp else None,
            precision=stamp.precision if stamp else Precision.UNKNOWN,
            instance=instance,
            pid=pid,
            fields=_fields(row) if row else {},
        )


def _fields(row: re.Match[str]) -> dict[str, FieldValue]:
    return {
        "rank": int(row[1]),
        "instances": int(row[2]),
        "bytes": int(row[3]),
        "class": row[4].split(" (", 1)[0].rstrip(),
    }


def _recognises(head: Head) -> bool:
    return any(_HEADER.match(line) for line in head.lines[:20])


FORMATS = (Format(Kind.CLASS_HISTOGRAM, "text/plain", _recognises, rank=33, read=read),)
