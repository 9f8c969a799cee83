"""Folders of the SCM site's file system (`api/vfs`): what is in them, by names that are checked before use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from escalate.azure.call import Call
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Kudu
from escalate.collect.names import safe_part, shown

ROOT = "/api/vfs/"
_FOLDER, _SHORTCUT = "inode/directory", "inode/shortcut"
_NOWHERE = ("", ".", "..")


@dataclass(frozen=True)
class VfsFile:
    """A file as a listing gives it; `href` and `path` of the listing are never used."""

    parts: tuple[str, ...]
    """Names from HOME down, as Kudu spells them."""
    size: int = 0
    """Bytes, when it was listed."""
    modified: datetime | None = None

    @property
    def name(self) -> str:
        """The last of its names."""
        return self.parts[-1]

    @property
    def shown(self) -> str:
        """Its path below HOME, printable."""
        return shown("/".join(self.parts))

    @property
    def saved(self) -> PurePosixPath:
        """Its path below HOME, made safe."""
        return PurePosixPath(*map(safe_part, self.parts))


@dataclass(frozen=True)
class Refused:
    """An entry that is not followed."""

    path: str
    """Printable."""
    why: str


@dataclass(frozen=True)
class Folder:
    """One listing."""

    files: tuple[VfsFile, ...] = ()
    folders: tuple[tuple[str, ...], ...] = ()
    refused: tuple[Refused, ...] = ()


def read_folder(kudu: Kudu, parts: tuple[str, ...]) -> Folder:
    """What is in a folder of HOME, or below `LocalSiteRoot` and `SystemDrive` on Windows.

    Raises:
        AzureFailure: it cannot be listed, or the answer is no listing.
    """
    address = _address(parts) + "/"
    entries = kudu.get(address).json()
    if not isinstance(entries, list):
        raise AzureFailure(Why.INVALID, f"{address} answered with something that is not a listing")
    files: list[VfsFile] = []
    folders: list[tuple[str, ...]] = []
    refused: list[Refused] = []
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        why = _why_not(name)
        if not isinstance(entry, dict) or not isinstance(name, str) or why is not None:
            refused.append(Refused(shown("/".join((*parts, str(name)))), why or "not an entry"))
        elif entry.get("mime") == _FOLDER:
            folders.append((*parts, name))
        elif entry.get("mime") == _SHORTCUT:
            refused.append(Refused(shown("/".join((*parts, name))), "a shortcut out of the folder"))
        else:
            files.append(VfsFile((*parts, name), _size(entry.get("size")), _time(entry.get("mtime"))))
    return Folder(tuple(files), tuple(folders), tuple(refused))


def file_call(kudu: Kudu, parts: tuple[str, ...]) -> Call:
    """GET of a file."""
    return kudu.call("GET", _address(parts))


def exists(kudu: Kudu, parts: tuple[str, ...]) -> bool:
    """Whether a file is in its folder now.

    Raises:
        AzureFailure: the folder cannot be listed.
    """
    try:
        folder = read_folder(kudu, parts[:-1])
    except AzureFailure as failure:
        if failure.why is Why.MISSING and failure.status == 404:
            return False
        raise
    return any(file.name.casefold() == parts[-1].casefold() for file in folder.files)


def remove(kudu: Kudu, parts: tuple[str, ...]) -> None:
    """Delete a file, or an empty folder, that we made.

    Raises:
        AzureFailure: it cannot be deleted.
    """
    kudu.delete(_address(parts))


def parts_of(path: str) -> tuple[str, ...] | None:
    r"""Where a path of the site is found in VFS: `D:\home\LogFiles\x`, `/home/LogFiles/x`, `C:\local\Temp\x`.

    None: it lies elsewhere, or one of its names is not to be trusted.
    """
    text = path.strip().strip('"').replace("\\", "/")
    if len(text) > 1 and text[0].isalpha() and text[1] == ":":
        text = text[2:]
    if not text.startswith("/"):
        return None
    first, *rest = (part for part in text.split("/") if part) if text.strip("/") else ("",)
    if any(_why_not(part) for part in rest):
        return None
    if first.casefold() == "home":
        return tuple(rest)
    return ("LocalSiteRoot", *rest) if first.casefold() == "local" else None


def _address(parts: tuple[str, ...]) -> str:
    return ROOT + "/".join(parts)


def _why_not(name: object) -> str | None:
    """Why a name is not followed; on its way back it would be a path of its own, or a device."""
    if not isinstance(name, str):
        return "no name"
    if name in _NOWHERE:
        return "a name that leads elsewhere"
    if any(letter in "/\\" or not letter.isprintable() for letter in name):
        return "a name with separators or control characters"
    if len(name) > 1 and name[1] == ":":
        return "a name with a drive"
    if safe_part(name) == f"_{name}":
        return "the name of a device"
    return None


def _size(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        stamp = datetime.fromisoformat(value)
    except ValueError:
        return None
    return stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)
