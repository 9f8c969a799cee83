"""What a collector may know and use while it gathers; nothing else reaches it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from escalate.collect.placeholders import fill
from escalate.collect.reach import Site
from escalate.collect.watch import Watch
from escalate.model.incident import Incident
from escalate.model.outcome import Gap
from escalate.model.plan import CatalogueEntry
from escalate.model.target import Target

STAMP = "%Y%m%dT%H%M%SZ"
"""UTC, as in `20260404T055845Z`: readers take the time of a sample from it."""


@dataclass(frozen=True)
class Pace:
    """How often and how far apart volatile things are read; seconds."""

    samples: int = 4
    sample_interval: float = 5.0
    dumps: int = 3
    dump_interval: float = 10.0
    capture: float = 30.0
    """Length of a packet capture and of a flight recording."""


@dataclass(frozen=True)
class Context:
    """One step's view of the world."""

    entry: CatalogueEntry
    step: str
    case_id: str
    case_root: Path
    """Never collected, even when it lies inside the target."""
    host: str
    """This machine's name, safe as a folder name."""
    target: Target
    incident: Incident
    pid: int | None
    scratch: Path
    """A folder of this step's own."""
    max_bytes: int
    """What this step may still bring home."""
    watch: Watch
    add_secrets: Callable[[Iterable[tuple[str, str]]], None]
    """Takes (value, name); they go to the private folder, never into evidence."""
    pace: Pace = field(default_factory=Pace)
    root: Path = Path("/")
    """Where `/proc`, `/sys` and `/etc` are looked for."""
    azure: Site | None = None
    """Only for targets in Azure."""
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What placeholders of the entry's request and commands stand for."""
    fingerprint: Callable[[str], str] = lambda value: "0" * 16
    """16 hex digits that tell whether two values are the same, and nothing else: keyed by the case."""
    footprint: Callable[[str], None] = lambda text: None
    """Takes one sentence on something we changed or set off."""

    @property
    def site(self) -> Site:
        """The way to the target in Azure.

        Raises:
            ValueError: the target is not in Azure: the plan and the catalogue disagree.
        """
        if self.azure is None:
            raise ValueError(f"{self.step} needs a target in Azure")
        return self.azure

    @property
    def process(self) -> int:
        """The process this step is about.

        Raises:
            ValueError: the step is not about a process: the plan and the catalogue disagree.
        """
        if self.pid is None:
            raise ValueError(f"{self.step} needs a process")
        return self.pid

    @property
    def obtain(self) -> str:
        """The command that gets it by hand, for this process."""
        return fill(self.entry.obtain, self.values)

    def place(self, absolute: str) -> Path:
        """Where an absolute path of the examined machine is found."""
        return self.root / absolute.lstrip("/")

    def below_host(self, *parts: str) -> PurePosixPath:
        """A path below `evidence/local/<host>/`."""
        return PurePosixPath("local", self.host, *parts)

    def gap(self, kind: type[Gap], reason: str) -> Gap:
        """A gap whose hint is this entry's command."""
        return kind.model_validate({"reason": reason, "hint": self.obtain})


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)
