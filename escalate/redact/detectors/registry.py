"""What a detector is, and where they are found: every module of this package with DETECTOR or DETECTORS takes part."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import escalate.redact.detectors

Value = re.Match[bytes]


@dataclass(frozen=True)
class Detector:
    """One secret family, or one part of it that is recognised in its own way."""

    id: str
    kind: str
    """The word in the mark: `[R:<kind>:3FA9C1]`."""
    title: str
    anchors: tuple[str, ...]
    """Hyperscan expressions; each ends inside of what `pattern` matches. Never SOM, never literal mode."""
    pattern: re.Pattern[bytes]
    """Tried in the window around the end of an anchor; its group `secret` is what goes."""
    positives: tuple[tuple[str, str], ...]
    """(text, the part that must not survive); run as tests."""
    negatives: tuple[str, ...]
    """Texts that must come out unchanged from all detectors together."""
    before: int = 96
    after: int = 4096
    caseless: bool = False
    """Of the anchors; the pattern says for itself."""
    head: re.Pattern[bytes] | None = None
    """What the pattern begins with, where looking for that first is much cheaper than looking for the whole."""
    begins: tuple[bytes, ...] = ()
    """What the pattern begins with behind the anchor of the same index, where one anchor wakes for nothing else."""
    accepts: Callable[[Value], bool] | None = None
    """A test of the value, where shape alone is not enough."""
    mask: Literal["token", "lines", "email", "address", "user", "person"] = "token"
    """`lines`: every line of the secret on its own, so that prefixes of log lines stay. The last four: a pseudonym."""
    learn: bool = False
    """Sure enough that the value is looked for everywhere else, too."""
    on_request: bool = False
    """Looked for only if the user asks."""


@functools.cache
def detectors() -> tuple[Detector, ...]:
    """All detectors, ordered by id."""
    found: list[Detector] = []
    for module in pkgutil.iter_modules(escalate.redact.detectors.__path__):
        loaded = importlib.import_module(f"escalate.redact.detectors.{module.name}")
        found += getattr(loaded, "DETECTORS", ())
        found += [loaded.DETECTOR] if hasattr(loaded, "DETECTOR") else []
    return tuple(sorted(found, key=lambda one: one.id))
