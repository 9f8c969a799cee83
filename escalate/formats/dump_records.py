"""Dumps of memory as records that rules match: the dump itself, its problems, its modules, what fills its heap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from escalate.formats.dump import check_dump
from escalate.formats.dump_words import counted
from escalate.formats.hprof_suspects import Row, heap_rows
from escalate.formats.names import instance_of, pid_of, site_of
from escalate.formats.record import FieldValue, Record
from escalate.formats.registry import Reader
from escalate.formats.stamps import of_path
from escalate.model.dump import DumpCheck
from escalate.model.finding import Precision
from escalate.model.kind import Kind


def reader(kind: Kind) -> Reader:
    """The reader of one kind of dump."""

    def read(stream: BinaryIO, path: PurePosixPath) -> Iterator[Record]:
        check = check_dump(kind, stream)
        if check is None:
            return
        stamp, instance, site = of_path(path), instance_of(path), site_of(path)
        ts = check.captured_at or (stamp.ts if stamp else None)
        if kind is Kind.KERNEL_DUMP:
            ts = None  # the clock of a machine of one's own: its times are not on the axis of the incident
        pid = check.pid if check.pid is not None else pid_of(path)
        for number, (text, fields) in enumerate(_rows(check, kind, stream), start=1):
            yield Record(
                line=1,
                text=text,
                ts=ts,
                precision=Precision.SECOND if ts else Precision.UNKNOWN,
                pointer=f"{fields['what']} {number}",
                site=site,
                instance=instance,
                pid=pid,
                fields=fields,
            )

    return read


def _rows(check: DumpCheck, kind: Kind, stream: BinaryIO) -> Iterator[Row]:
    yield check.summary, _of_dump(check)
    for problem in check.problems:
        yield problem, {"what": "problem"}
    for place in check.places:
        fields: dict[str, FieldValue] = {"what": "place", "frame": place.frame, "threads": place.threads}
        yield f"{counted(place.threads, 'thread')} at {place.frame}", fields
    for module in check.modules:
        text = f"module {module.name}, {f'id {module.id}' if module.id else 'without an id'}"
        yield text, {"what": "module", "name": module.name, "id": module.id}
    if kind is Kind.HPROF:
        yield from heap_rows(stream)


def _of_dump(check: DumpCheck) -> dict[str, FieldValue]:
    """The fields of the record of the dump itself."""
    fault = check.fault
    return {
        "what": "dump",
        "format": check.format,
        "state": check.state,
        "missing": check.missing,
        "process": check.process,
        "threads": check.threads,
        "modules": check.module_count,
        "system": check.system,
        "arch": check.arch,
        "signal": fault.name if fault else None,
        "code": fault.code if fault else None,
        "parameters": " ".join(f"0x{each:x}" for each in fault.parameters) if fault and fault.parameters else None,
        "pc": f"0x{fault.address:x}" if fault and fault.address is not None else None,
        "touched": f"0x{fault.touched:x}" if fault and fault.touched is not None else None,
        "module": fault.module if fault else None,
        "offset": fault.offset if fault else None,
        "frame": fault.frame if fault else None,
        "sent_by_kill": fault.sent if fault else None,
        "build_id": _id_of(check),
    }


def _id_of(check: DumpCheck) -> str | None:
    """The id of the faulting module."""
    name = check.fault.module if check.fault else None
    return next((module.id for module in check.modules if name is not None and module.name == name), None)
