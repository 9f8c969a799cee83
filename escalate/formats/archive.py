"""Archives and compressed files, by their magic bytes."""

from __future__ import annotations

from collections.abc import Callable

from escalate.formats.registry import Format, Head
from escalate.model.kind import Kind

_TAR_MAGIC_AT = 257


def _starts(*magics: bytes) -> Callable[[Head], bool]:
    return lambda head: head.data.startswith(magics)


def _is_tar(head: Head) -> bool:
    return head.data[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar"


def _is_bzip2(head: Head) -> bool:
    return head.data[:3] == b"BZh" and head.data[4:10] in (b"1AY&SY", b"\x17rE8P\x90")


FORMATS = (
    Format(Kind.ARCHIVE, "application/zip", _starts(b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"), rank=10),
    Format(Kind.ARCHIVE, "application/gzip", _starts(b"\x1f\x8b\x08"), rank=10),
    Format(Kind.ARCHIVE, "application/x-tar", _is_tar, rank=10),
    Format(Kind.ARCHIVE, "application/x-7z-compressed", _starts(b"7z\xbc\xaf\x27\x1c"), rank=10),
    Format(Kind.ARCHIVE, "application/x-xz", _starts(b"\xfd7zXZ\x00"), rank=10),
    Format(Kind.ARCHIVE, "application/x-bzip2", _is_bzip2, rank=10),
    Format(Kind.ARCHIVE, "application/zstd", _starts(b"\x28\xb5\x2f\xfd"), rank=10),
    Format(Kind.ARCHIVE, "application/vnd.rar", _starts(b"Rar!\x1a\x07"), rank=10),
    Format(Kind.ARCHIVE, "application/vnd.ms-cab-compressed", _starts(b"MSCF\x00\x00\x00\x00"), rank=10),
)
