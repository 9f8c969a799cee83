"""Redacted names of files: a path can hold a secret or a person as well as a line can."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from escalate.case.layout import RESERVED_BELOW_REDACTED
from escalate.redact.engine import Engine
from escalate.redact.slim import slim_paths

MAX_PART = 200
"""Bytes of a file name after redaction; file systems end at 255."""

EXTENSIONS = frozenset(
    (".config", ".csv", ".env", ".gz", ".html", ".json", ".log", ".out", ".txt", ".xml", ".yaml", ".yml")
)


def redact_path(engine: Engine, path: str) -> str:
    """A relative path, part by part, and then as a whole for what spans parts.

    A usual extension stays: it says what the file is, and a secret in a name would take it along.
    """
    suffix = PurePosixPath(path).suffix
    suffix = suffix if suffix in EXTENSIONS else ""
    parts = [engine.redact_text(part) for part in PurePosixPath(path.removesuffix(suffix)).parts]
    whole = engine.redact_text("/".join(parts)) + suffix
    return "/".join(_shortened(part) for part in PurePosixPath(whole).parts)


def redacted_paths(engine: Engine, paths: Mapping[str, str]) -> dict[str, str]:
    """Evidence path to redacted path, each only once, none in a folder of our own documents, none where a twin goes.

    `paths` is evidence path to what is added to it, where redaction changes the format (`.xml`).
    """
    result: dict[str, str] = {}
    taken: set[str] = set()
    for path, suffix in sorted(paths.items()):
        wanted = redact_path(engine, path) + suffix
        first, _, rest = wanted.partition("/")
        if first in RESERVED_BELOW_REDACTED:
            wanted = f"{first}_/{rest}" if rest else f"{first}_"
        place, number = wanted, 2
        while not taken.isdisjoint(names := _taken_by(place)):
            place = _numbered(wanted, number)
            number += 1
        taken |= names
        result[path] = place
    return result


def _taken_by(path: str) -> set[str]:
    """A path, and those of the slim twin that the file may get."""
    return {one.casefold() for one in (path, *slim_paths(path))}


def _numbered(path: str, number: int) -> str:
    pure = PurePosixPath(path)
    stem, dot, suffix = pure.name.partition(".")
    return str(pure.with_name(f"{stem}-{number}{dot}{suffix}"))


def _shortened(part: str) -> str:
    data = part.encode("utf-8", "surrogatepass")
    if len(data) <= MAX_PART:
        return part
    mark = hashlib.sha256(data).hexdigest()[:8]
    suffix = PurePosixPath(part).suffix[:16]
    return data[: MAX_PART - 32].decode("utf-8", "ignore") + f"~{mark}{suffix}"
