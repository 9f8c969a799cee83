"""The disk of a worker: which folders of this machine stand for HOME and for the worker's own drive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from escalate.lab.state import LabState
from escalate.lab.world import LabApp, LabWorker

_DRIVE = re.compile(r"^(?P<drive>[A-Za-z]):[\\/]?(?P<rest>.*)$", re.DOTALL)
TOOLS = ("sysinternals/procdump.exe",)
"""What stands below `C:\\devtools`."""


class Disk:
    """Of one app on one worker. HOME is shared by all workers, the folder `local` is each worker's own."""

    def __init__(self, state: LabState, app: LabApp, worker: LabWorker) -> None:
        self.home = state.home(app)
        self.windows = state.world.platform.startswith("windows")
        self._folders = {
            "home": self.home,
            "local": state.folder / "local" / worker.machine / app.name,
            "devtools": state.folder / "devtools",
        }

    def prepare(self) -> None:
        """Make the folders that a Windows worker has; once is enough."""
        if self.windows:
            (self._folders["local"] / "Temp").mkdir(parents=True, exist_ok=True)
            for tool in TOOLS:
                place = self._folders["devtools"] / tool
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()

    @property
    def logs(self) -> Path:
        """LogFiles."""
        return self.home / "LogFiles"

    def of_vfs(self, path: str) -> Path | None:
        """The file or folder behind a path below `api/vfs/`; None: it leads out of the disk."""
        parts = PurePosixPath(path.strip("/")).parts
        if self.windows and parts[:1] == ("LocalSiteRoot",):
            return self._below(self._folders["local"], parts[1:])
        if self.windows and parts[:1] == ("SystemDrive",):
            return self._of_drive(parts[1:])
        return self._below(self.home, parts)

    def of_windows(self, path: str, directory: str = "C:\\home") -> Path | None:
        """The file or folder behind a Windows path; None: there is nothing like it on this disk."""
        text = path.strip('"')
        drive = _DRIVE.match(text)
        if drive is None:
            joined = text if text.startswith(("\\", "/")) else f"{directory}\\{text}"
            drive = _DRIVE.match(joined if ":" in joined else f"C:{joined}")
        if drive is None or drive["drive"].upper() != "C":
            return None
        return self._of_drive(tuple(part for part in re.split(r"[\\/]+", drive["rest"]) if part and part != "."))

    def shown(self, path: Path) -> str:
        """The path as the site itself names it."""
        for name, folder in self._folders.items():
            if path == folder or folder in path.parents:
                parts = path.relative_to(folder).parts
                return "\\".join(("C:", name, *parts)) if self.windows else "/".join(("", name, *parts))
        return path.name

    def entries(self, folder: Path) -> Iterator[Path]:
        """What is in a folder, in the order of names."""
        yield from sorted(folder.iterdir(), key=lambda each: each.name.casefold())

    def _of_drive(self, parts: tuple[str, ...]) -> Path | None:
        if not parts:
            return None
        folder = self._folders.get(parts[0].casefold())
        return self._below(folder, parts[1:]) if folder else None

    def _below(self, folder: Path, parts: tuple[str, ...]) -> Path | None:
        """Windows does not mind case; `..` and links lead nowhere."""
        if ".." in parts:
            return None
        place = folder
        for part in parts:
            exact = place / part
            place = (_other_case(place, part) or exact) if self.windows and not exact.exists() else exact
        real, root = place.resolve(), folder.resolve()
        return place if real == root or root in real.parents else None


def _other_case(folder: Path, name: str) -> Path | None:
    if not folder.is_dir():
        return None
    return next((each for each in folder.iterdir() if each.name.casefold() == name.casefold()), None)
