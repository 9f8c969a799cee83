"""Plays a world's numbers: files that stand for /proc and /sys and show the next sample when one was read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LOOK_EVERY_S = 0.2
BY_TIME_S = 2.0
"""On disks that keep no access times a sample stays so long."""
_BEFORE_NS = 1_000_000_000


class Numbers:
    """One mapping a sample, path to text; the last one stays. Each file goes its own way."""

    def __init__(self, folder: Path, samples: Sequence[Mapping[str, str]]) -> None:
        names = {name for sample in samples for name in sample}
        self._files = {
            folder / name.lstrip("/"): [sample[name] for sample in samples if name in sample] for name in names
        }
        self._shown = dict.fromkeys(self._files, 0)
        for path in self._files:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._show(path)
        self._has_access_times = _keeps_access_times(folder)

    def run(self, pause: Callable[[float], bool]) -> None:
        """Go on until every file shows its last sample, or the lab ends."""
        waited = 0.0
        while any(at + 1 < len(self._files[path]) for path, at in self._shown.items()):
            if not pause(LOOK_EVERY_S):
                return
            waited += LOOK_EVERY_S
            for path, texts in self._files.items():
                if self._shown[path] + 1 < len(texts) and self._is_over(path, waited):
                    self._shown[path] += 1
                    self._show(path)
            waited = 0.0 if waited >= BY_TIME_S else waited

    def _is_over(self, path: Path, waited: float) -> bool:
        if not self._has_access_times:
            return waited >= BY_TIME_S
        facts = path.stat()
        return facts.st_atime_ns >= facts.st_mtime_ns

    def _show(self, path: Path) -> None:
        """As a new file, so that who reads the old one reads it to its end; never read, says its access time."""
        new = path.with_name(f".{path.name}.new")
        new.write_text(self._files[path][self._shown[path]])
        _unread(new)
        new.replace(path)


def _unread(path: Path) -> None:
    at = path.stat().st_mtime_ns
    os.utime(path, ns=(at - _BEFORE_NS, at))


def _keeps_access_times(folder: Path) -> bool:
    probe = folder / ".access"
    probe.write_text("x")
    _unread(probe)
    probe.read_text()
    facts = probe.stat()
    probe.unlink()
    return facts.st_atime_ns >= facts.st_mtime_ns
