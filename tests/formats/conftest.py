"""What the tests of formats share: reading bytes as if they were a file of that name."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import PurePosixPath

import pytest

from escalate.formats.record import Record
from escalate.formats.registry import HEAD_BYTES, Format, Head
from escalate.formats.sniff import identify
from escalate.model.kind import Kind


def head_of(data: bytes, name: str = "file") -> Head:
    return Head(name=PurePosixPath(name), data=data[:HEAD_BYTES], size=len(data))


def read_bytes(data: bytes, name: str = "file") -> tuple[Format, list[Record]]:
    found = identify(head_of(data, name))
    records = list(found.read(io.BytesIO(data), PurePosixPath(name))) if found.read else []
    return found, records


@pytest.fixture
def kind_of() -> Callable[[bytes, str], Kind]:
    """kind_of(data, name): what the bytes are recognised as."""

    def kind(data: bytes, name: str = "file") -> Kind:
        return identify(head_of(data, name)).kind

    return kind


@pytest.fixture
def records_of() -> Callable[..., list[Record]]:
    """records_of(text or bytes, name, kind): the records, after checking that it is recognised as that kind."""

    def read(data: str | bytes, name: str, kind: Kind) -> list[Record]:
        raw = data.encode() if isinstance(data, str) else data
        found, records = read_bytes(raw, name)
        assert found.kind is kind
        return records

    return read
