"""File names from elsewhere: which are refused, how the others are made safe, which are already taken."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from escalate.case.layout import RESERVED_BELOW_REDACTED

PART_BYTES = 180
"""UTF-8 bytes of one name; file systems take 255, and stages add to names."""
PARTS = 40

_FORBIDDEN = frozenset('<>:"|?*\\')
_DEVICES = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
_DRIVE = re.compile(r"^[A-Za-z]:")


class NameRefusedError(ValueError):
    """A name that points out of its folder, or at nothing."""


def safe_part(raw: str) -> str:
    """One name that every file system and zip reader takes; bytes that are not UTF-8 become `%xx`."""
    letters: list[str] = []
    for letter in raw:
        if "\udc80" <= letter <= "\udcff":
            letters.append(f"%{ord(letter) - 0xDC00:02x}")
        elif letter in _FORBIDDEN or letter == "/" or unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            letters.append("_")
        else:
            letters.append(letter)
    name = "".join(letters)
    if name.endswith((".", " ")):
        name = name[:-1] + "_"
    if _DEVICES.match(name):
        name = f"_{name}"
    if len(name.encode()) > PART_BYTES:
        stem = name.encode()[: PART_BYTES - 40].decode(errors="ignore")
        name = f"{stem}~{hashlib.sha256(raw.encode(errors='surrogatepass')).hexdigest()[:8]}{_suffix(name)}"
    return name or "_"


def safe_path(raw: str, *, windows: bool = False) -> PurePosixPath:
    """A member's path made safe; `windows`: backslashes part folders, as old zip writers on Windows have it.

    Raises:
        NameRefusedError: absolute, with `..`, or empty.
    """
    text = raw.replace("\\", "/") if windows else raw
    if text.startswith("/") or _DRIVE.match(text):
        raise NameRefusedError("absolute names")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise NameRefusedError("names with '..'")
    if not parts:
        raise NameRefusedError("empty names")
    if len(parts) > PARTS:
        raise NameRefusedError("names nested too deep")
    return PurePosixPath(*(safe_part(part) for part in parts))


def unreserved(path: PurePosixPath) -> PurePosixPath:
    """The path with a first folder that our own documents need renamed: `triage/x` to `triage_/x`."""
    first, *rest = path.parts
    if first.casefold() in RESERVED_BELOW_REDACTED:
        return PurePosixPath(f"{first}_", *rest)
    return path


def shown(raw: str) -> str:
    """A raw name as it can be printed and written as UTF-8."""
    text = raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)[:300]


class Names:
    """Paths in use. Two that differ in case only, or a file where a folder is, cannot both be unpacked everywhere."""

    def __init__(self, paths: Iterable[PurePosixPath] = ()) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        for path in paths:
            self.add(path)

    def is_free(self, path: PurePosixPath) -> bool:
        """Whether a file could stand there."""
        key = _key(path)
        parents = map(_key, path.parents)
        return key not in self._files and key not in self._folders and self._files.isdisjoint(parents)

    def add(self, path: PurePosixPath) -> bool:
        """Take a path; False: it is taken already."""
        if not self.is_free(path):
            return False
        self._files.add(_key(path))
        self._folders.update(map(_key, path.parents))
        return True

    def variant(self, path: PurePosixPath) -> PurePosixPath:
        """The path itself, or `name~2.ext` and so on when it is taken."""
        candidate, number, suffix = path, 1, _suffix(path.name)
        while not self.is_free(candidate):
            number += 1
            candidate = path.with_name(f"{path.name.removesuffix(suffix)}~{number}{suffix}")
        return candidate


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix
    return suffix if 1 < len(suffix.encode()) <= 12 else ""


def _key(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()
