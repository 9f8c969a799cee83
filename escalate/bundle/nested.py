"""Goes into archives inside of archives, streaming, with bounds against bombs."""

from __future__ import annotations

import lzma
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

import zstandard

from escalate.bundle import seven_zip
from escalate.bundle.betterleaks import Betterleaks
from escalate.bundle.limits import BombError, Limits
from escalate.bundle.second_engine import KNOWN_VALUE, SecondEngine
from escalate.bundle.streams import CHUNK, MAGIC, Reader, Section, Unpacked, Watched
from escalate.bundle.verify_secrets import SecretScanner
from escalate.bundle.zip_directory import directory_problem
from escalate.bundle.zip_member import READABLE, ZipMember, contents_of
from escalate.model.manifest import Problem

BROKEN = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zstandard.ZstdError,
)
"""What the libraries raise over damaged or encrypted archives."""

_TAR_BLOCK = 512
_HEAD = 1024
"""Bytes at the start of an archive that are searched as they are: names and comments of gzip stand there."""
_OPAQUE = {
    b"Rar!\x1a\x07": "rar",
    b"MSCF\0\0\0\0": "cabinet",
    b"\x04\x22\x4d\x18": "lz4",
}
_BZIP2 = re.compile(rb"^BZh[1-9](?:1AY&SY|\x17rE8P\x90)")

Check = Literal["archive", "hash", "schema", "layout", "portability", "secret", "known value", "nested"]


@dataclass
class Identity:
    """What a zip says of itself; unknown until its manifest was read."""

    unpacked: int = 0
    """Bytes of all members."""
    manifest_sha256: str | None = None
    part: int | None = None
    parts: int | None = None


@dataclass
class Findings:
    """What one verification has found so far."""

    limits: Limits
    engine: SecondEngine
    guest: Betterleaks | None = None
    problems: list[Problem] = field(default_factory=list)
    scanned: int = 0
    """Bytes looked through, those of unpacked archives included."""
    unpacked: int = 0
    """Bytes that came out of nested archives."""
    members: int = 0
    """Members of nested archives."""
    identity: Identity = field(default_factory=Identity)

    def report(self, check: Check, member: str, detail: str, line: int | None = None) -> None:
        """Add one problem."""
        self.problems.append(Problem(check=check, member=member, line=line, detail=detail))

    def scan_name(self, name: str, number: str, within: str = "") -> str:
        """What to call a member (of a nested archive `within`): its name; its number where the name is a secret."""
        scanner = SecretScanner(self.engine)
        scanner.feed(name.encode("utf-8", "surrogatepass"))
        leaks = scanner.finish()
        shown = f"{within} > {number if leaks else name}" if within else number if leaks else name
        for leak in leaks:
            self.report("known value" if leak.rule == KNOWN_VALUE else "secret", shown, f"{leak.rule}, in the name")
        return shown


@dataclass(frozen=True)
class Fingerprint:
    """What a stream was: size in bytes."""

    size: int
    sha256: str


def walk(source: Reader, name: str, depth: int, findings: Findings, count: Callable[[int], None]) -> Fingerprint:
    """Read a stream to its end, look for secrets in it, and go into it if it is an archive.

    `count` is told how many bytes came out, and may raise BombError. Errors of `source` itself are raised on; those of
    archives inside become problems.
    """
    scanner = SecretScanner(findings.engine)
    show = findings.guest.text(name) if findings.guest else None

    def watch(data: bytes) -> None:
        count(len(data))
        findings.scanned += len(data)
        scanner.feed(data)
        if show is not None:
            show(data)

    stream = Watched(source, watch)
    packed: list[tuple[int, int]] = []
    try:
        packed = _enter(stream, name, depth, findings)
        stream.drain()
    finally:
        for leak in scanner.finish():
            if leak.rule != KNOWN_VALUE and any(start <= leak.offset < end for start, end in packed):
                continue  # packed bytes look like anything; what they hold was searched unpacked
            check: Check = "known value" if leak.rule == KNOWN_VALUE else "secret"
            findings.report(check, name, f"{leak.rule}, at byte {leak.offset}", leak.line)
    return Fingerprint(stream.size, stream.sha256)


def container(head: bytes) -> str | None:
    """The kind of archive that begins with these bytes (at least 512 of them, if there are as many)."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if _BZIP2.match(head):
        return "bzip2"
    if head.startswith(MAGIC["xz"]):
        return "xz"
    if head.startswith(MAGIC["zstd"]):
        return "zstd"
    if head.startswith(seven_zip.MAGIC):
        return "7z"
    if head[257:262] == b"ustar":
        return "tar"
    return next((kind for magic, kind in _OPAQUE.items() if head.startswith(magic)), None)


def _enter(stream: Watched, name: str, depth: int, findings: Findings) -> list[tuple[int, int]]:
    """Where in the stream there are packed bytes, all of which were unpacked and searched."""
    kind = container(stream.peek(_TAR_BLOCK))
    if kind is None:
        return []
    if kind in _OPAQUE.values():
        findings.report("nested", name, f"a {kind} archive cannot be looked into")
        return []
    if depth >= findings.limits.depth:
        findings.report("nested", name, f"archives nested deeper than {findings.limits.depth}")
        return []
    try:
        if kind == "zip":
            return _enter_zip(stream, name, depth, findings)
        if kind == "7z":
            _enter_7z(stream, name, depth, findings)
            return [(_HEAD, stream.size)]
        if kind == "tar":
            _enter_tar(stream, name, depth, findings)
            return []
        unpacked = Unpacked(stream, kind)
        walk(unpacked, f"{name} > unpacked", depth + 1, findings, _counter(stream, findings))
        return [(_HEAD, stream.size - unpacked.beyond)]
    except BROKEN as error:
        findings.report("nested", name, f"the {kind} archive cannot be read to its end ({type(error).__name__})")
    return []


def _counter(packed: Watched, findings: Findings) -> Callable[[int], None]:
    """Counts what comes out of one archive against what went in."""
    total, limits = 0, findings.limits

    def count(size: int) -> None:
        nonlocal total
        total += size
        findings.unpacked += size
        if total > limits.free and total > limits.ratio * max(1, packed.size):
            raise BombError(f"unpacks to more than {limits.ratio} times its size")
        if findings.unpacked > limits.nested:
            raise BombError(f"more than {limits.nested:,} bytes in nested archives")

    return count


def _count_member(findings: Findings) -> None:
    findings.members += 1
    if findings.members > findings.limits.members:
        raise BombError(f"more than {findings.limits.members:,} members in nested archives")


def _enter_zip(stream: Watched, name: str, depth: int, findings: Findings) -> list[tuple[int, int]]:
    with tempfile.TemporaryFile() as spool:  # a zip is read from its end
        _copy(stream, spool)
        if problem := directory_problem(spool, stream.size, findings.limits):
            raise BombError(problem)
        count = _counter(stream, findings)
        with zipfile.ZipFile(spool) as archive:
            for number, info in enumerate(archive.infolist(), start=1):
                _count_member(findings)
                inner = findings.scan_name(info.filename, f"member {number}", within=name)
                if info.is_dir():
                    continue
                if info.flag_bits & 1:
                    findings.report("nested", inner, "encrypted: cannot be looked into")
                    continue
                if info.compress_type in READABLE:
                    walk(ZipMember(spool, info), inner, depth + 1, findings, count)
                    continue
                with archive.open(info) as member:
                    walk(member, inner, depth + 1, findings, count)
            return contents_of(spool, archive)


def _enter_7z(stream: Watched, name: str, depth: int, findings: Findings) -> None:
    with tempfile.TemporaryFile() as spool:  # its directory stands at its end, too
        _copy(stream, spool)
        count = _counter(stream, findings)
        for number, member in enumerate(seven_zip.members(spool), start=1):
            _count_member(findings)
            inner = findings.scan_name(member.name, f"member {number}", within=name)
            walk(member, inner, depth + 1, findings, count)
            member.check()


def _copy(stream: Watched, spool: BinaryIO) -> None:
    while data := stream.read(CHUNK):
        spool.write(data)


def _enter_tar(stream: Watched, name: str, depth: int, findings: Findings) -> None:
    """Read the headers ourselves: the standard library holds a long name of any declared length in memory."""
    count, number = _counter(stream, findings), 0
    while header := stream.exactly(_TAR_BLOCK):
        if not any(header):
            return
        number += 1
        _count_member(findings)
        size = _tar_size(header)
        raw_name = header[:100].split(b"\0")[0].decode("utf-8", "replace")
        inner = findings.scan_name(raw_name, f"member {number}", within=name)
        extended = header[156:157] == b"S" and header[482] != 0
        while extended:
            extended = stream.exactly(_TAR_BLOCK)[504:505] not in (b"", b"\0")
        section = Section(stream, size)
        walk(section, inner, depth + 1, findings, count)
        if section.left:
            raise EOFError("cut off")
        stream.exactly(-size % _TAR_BLOCK)


def _tar_size(header: bytes) -> int:
    total = sum(header[:148]) + 8 * 32 + sum(header[156:])
    if len(header) < _TAR_BLOCK or int(header[148:156].strip(b" \0") or b"0", 8) != total:
        raise ValueError("not a tar header")
    if header[156:157] in (b"1", b"2", b"3", b"4", b"5", b"6"):
        return 0
    field_ = header[124:136]
    size = int.from_bytes(field_[1:], "big") if field_[0] == 0x80 else int(field_.strip(b" \0") or b"0", 8)
    if size < 0:
        raise ValueError("negative size")
    return size
