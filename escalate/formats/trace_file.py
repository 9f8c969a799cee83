"""Recordings, by their magic bytes: event pipe and ETW traces, heap graphs, flight recordings, EVTX."""

from __future__ import annotations

from escalate.formats.registry import Format, Head
from escalate.model.kind import Kind

_FAST_SERIALIZATION = b"!FastSerialization.1"
"""A nettrace has it after its own magic, a gcdump after a length."""


def _is_gcdump(head: Head) -> bool:
    return head.data[4:24] == _FAST_SERIALIZATION


_ETL_LOGGER_HEADER = b"\x68\x00\x02\xc0"
"""The marker of a SYSTEM_TRACE_HEADER, behind a WMI_BUFFER_HEADER of 72 bytes (evntrace.h); its size varies."""


def _is_etl(head: Head) -> bool:
    return head.name.suffix.lower() == ".etl" or (head.data[72:76] == _ETL_LOGGER_HEADER and head.data[:2] == b"\0\0")


FORMATS = (
    Format(Kind.EVTX, "application/x-evtx", lambda head: head.data.startswith(b"ElfFile\x00"), rank=10),
    Format(Kind.ETL, "application/x-etl", _is_etl, rank=11),
    Format(Kind.NETTRACE, "application/x-nettrace", lambda head: head.data.startswith(b"Nettrace"), rank=10),
    Format(Kind.GCDUMP, "application/x-gcdump", _is_gcdump, rank=10),
    Format(Kind.JFR, "application/x-jfr", lambda head: head.data.startswith(b"FLR\x00"), rank=10),
)
