"""Names of members: redacted, inside of the folder they are unpacked in, and each only once."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from escalate.redact.engine import Engine
from escalate.redact.paths import redact_path

_STRANGE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_DRIVE = re.compile(r"^(?:[A-Za-z]:)+")


class Names:
    """The names of one archive."""

    def __init__(self, engine: Engine) -> None:
        self.changed = 0
        """Members that had to be called differently because of what their names said."""
        self._engine = engine
        self._taken: set[str] = set()

    def folder(self, name: str) -> str:
        """What to call a folder, without a slash at the end."""
        return self._unique(self._safe(name), "")

    def file(self, name: str, suffix: str = "") -> str:
        """What to call a file; `suffix` says what has become of it."""
        return self._unique(self._safe(name), suffix)

    def _safe(self, name: str) -> str:
        inside = inside_name(name)
        redacted = inside_name(redact_path(self._engine, inside))
        if redacted != inside:
            self.changed += 1
        if not redacted or self._engine.redact_text(redacted) != redacted:
            return "member"
        return redacted

    def _unique(self, wanted: str, suffix: str) -> str:
        name, number = wanted + suffix, 2
        while name.casefold() in self._taken:
            pure = PurePosixPath(wanted)
            stem, dot, rest = pure.name.partition(".")
            name = str(pure.with_name(f"{stem}-{number}{dot}{rest}")) + suffix
            number += 1
        self._taken.add(name.casefold())
        return name


def inside_name(name: str) -> str:
    """The nearest relative name that stays in its folder on every system; empty if nothing is left of it."""
    text = _STRANGE.sub("_", name).replace("\\", "/")
    parts = [part for part in text.split("/") if part not in ("", ".", "..")]
    if parts:
        parts[0] = _DRIVE.sub("", parts[0])
    return "/".join(part for part in parts if part)
