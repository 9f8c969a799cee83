"""Member names that every system can unpack: what is wrong with one, and how to make one right."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

MAX_COMPONENT = 100
"""Bytes of UTF-8 in one component; most file systems stop at 255, and unpacking adds a folder in front."""
MAX_NAME = 200
"""Bytes of UTF-8 in a whole name; Windows Explorer stops at 260 characters with the target folder counted in."""
SUFFIX_OF_REFERENCE = ".ref.json"
SUFFIX_OF_DUMP_REPORT = ".check.json"

_UNPORTABLE = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]')
_RESERVED = re.compile(r"^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])$", re.IGNORECASE)
_DRIVE = re.compile(r"^[A-Za-z]:")


def name_problems(name: str) -> tuple[str, ...]:
    """What would keep this member name from being unpacked the same everywhere; empty when it is fine."""
    problems = []
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        problems.append("absolute path")
    parts = name.removesuffix("/").split("/")
    if ".." in parts:
        problems.append("leaves the folder with '..'")
    if "" in parts[1:] or "." in parts or not name:
        problems.append("empty component")
    if "\\" in name:
        problems.append("backslash")
    if any(_UNPORTABLE.search(part.replace("\\", "")) for part in parts):
        problems.append("character that Windows refuses or that cannot be seen")
    if any(_RESERVED.match(part.split(".")[0].rstrip()) for part in parts):
        problems.append("name reserved by Windows")
    if any(part not in (".", "..") and part.endswith((".", " ")) for part in parts):
        problems.append("component ends in a dot or blank")
    if any(len(part.encode("utf-8", "surrogatepass")) > 255 for part in parts):
        problems.append("component longer than 255 bytes")
    return tuple(problems)


def portable(path: str) -> str:
    """The nearest portable relative name of `path`; the end of the path is what survives when it is too long.

    Not unique: two paths may become one name. `NameBook` sees to that.
    """
    parts = [_component(part) for part in PurePosixPath(path).parts if part not in ("/", ".", "..")]
    while len(parts) > 1 and _length("/".join(parts)) > MAX_NAME:
        del parts[0]
    return "/".join(parts) or "_"


def _length(text: str) -> int:
    return len(text.encode())


def _component(part: str) -> str:
    text = _UNPORTABLE.sub("_", unicodedata.normalize("NFC", part)).rstrip(" .")
    if not text:
        return "_"
    if _RESERVED.match(text.split(".")[0].rstrip()):
        text = f"_{text}"
    return text if _length(text) <= MAX_COMPONENT else _shortened(text, MAX_COMPONENT)


def _shortened(text: str, limit: int) -> str:
    """Cut in the middle of the stem, with a hash for the missing part and the extensions kept."""
    stem, dot, extension = text.partition(".") if not text.startswith(".") else (text, "", "")
    mark = f"~{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    if _length(extension) > limit // 3:
        stem, dot, extension = text, "", ""
    room = limit - _length(mark) - _length(dot + extension)
    cut = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .")
    return f"{cut}{mark}{dot}{extension}"


def fold(name: str) -> str:
    """The key under which file systems that ignore case and composition hold a name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class NameBook:
    """Gives out names that no case-insensitive file system confuses, the same for the same sequence of calls."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def take(self, wanted: str, original: str) -> str:
        """A portable name near `wanted`, unique with its `.ref.json`; `original` makes a clash tell apart."""
        name, salt = wanted, 0
        while (clash := self._clash(name)) is not None:
            mark = hashlib.sha256(f"{original}\0{salt}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
            parts = wanted.split("/")
            parts[clash] = _marked(parts[clash], mark)
            name = "/".join(parts)
            salt += 1
        self._files.update((fold(name), fold(name + SUFFIX_OF_REFERENCE)))
        self._folders.update(fold(folder) for folder in _folders(name))
        return name

    def _clash(self, name: str) -> int | None:
        """Index of the component to change; None when the name is free."""
        folders = _folders(name)
        for index, folder in enumerate(folders):
            if fold(folder) in self._files:
                return index
        own = (fold(name), fold(name + SUFFIX_OF_REFERENCE))
        return len(folders) if any(key in self._files or key in self._folders for key in own) else None


def _folders(name: str) -> list[str]:
    """Every folder above a name, outermost first."""
    return [name[:index] for index, letter in enumerate(name) if letter == "/"]


def _marked(component: str, mark: str) -> str:
    stem, dot, extension = component.partition(".") if not component.startswith(".") else (component, "", "")
    text = f"{stem}~{mark}{dot}{extension}"
    return text if _length(text) <= MAX_COMPONENT else _shortened(f"{mark}~{component}", MAX_COMPONENT)
