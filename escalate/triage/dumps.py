"""Dumps as correlators see them: crashes of processes with their place, and faults of machines of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from escalate.formats.signals import CRASHES, FAULTS
from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import WINDOW_MARGIN, Place, inside

PROCESS_DUMPS = (Kind.ELF_CORE, Kind.MINIDUMP)
DUMPS = (*PROCESS_DUMPS, Kind.HPROF, Kind.KERNEL_DUMP)
_STOPS = frozenset({0x80000003, 0x80000004, 0x40010006})
"""Exceptions by which debuggers stop a process to look at it: breakpoint, single step, debug output."""
_FIRST_EXCEPTION = 0x40000000
_RAISES = ("kernelbase.dll", "libc.so.6", "libpthread.so.0", "coreclr.dll")
"""Modules in which a process stands that raised or aborted by itself, whatever the cause: the offset tells nothing."""


@dataclass(frozen=True)
class ProcessCrash:
    """One crash of a process, out of its dump."""

    place: Place
    app: str
    process: str
    signal: str
    frame: str | None
    """None where the place tells nothing: outside of every module, or in what raises for all."""
    sent: bool
    """By a signal that a process sent, not by an instruction."""


def dumps_of(index: Index, *kinds: Kind) -> list[Place]:
    """The first record of every dump: what it says of itself."""
    return [place for place in index.facts.of(*kinds) if place.fields.get("what") == "dump"]


def process_crashes(index: Index) -> Iterator[ProcessCrash]:
    """Crashes inside the incident window; a core has no time of its own: it counts unless its file is older."""
    for place in dumps_of(index, *PROCESS_DUMPS):
        code = amount(place, "code")
        if code is None or not _is_crash(int(code)) or not inside(index.window, place) or _is_older(index, place):
            continue
        module, frame = str(place.fields.get("module") or ""), place.fields.get("frame")
        tells = isinstance(frame, str) and (module.lower() not in _RAISES or int(code) in FAULTS)
        yield ProcessCrash(
            place=place,
            app=place.site or place.artifact.path.rpartition("/")[0],
            process=str(place.fields.get("process") or "a process"),
            signal=str(place.fields.get("signal")),
            frame=str(frame) if tells else None,
            sent=place.fields.get("sent_by_kill") is True,
        )


def _is_older(index: Index, place: Place) -> bool:
    """A core whose file was there before the incident began."""
    saved = place.artifact.captured_at
    before = index.window is not None and saved is not None and saved < index.window.start - WINDOW_MARGIN
    return place.ts is None and before


def _is_crash(code: int) -> bool:
    return code in CRASHES if code < _FIRST_EXCEPTION else code not in _STOPS
