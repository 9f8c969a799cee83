"""Reads evidence for what is to be learned, piece by piece, so that a crew can share it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from escalate.redact.detectors.registry import detectors
from escalate.redact.handlers.encoding import open_text
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.learn_detectors import ACCOUNT, HOME, OPTION, SERVER
from escalate.redact.names import NameBook
from escalate.redact.pieces import CONTEXT, cuts
from escalate.redact.readable import pieces_of
from escalate.redact.rule import AFTER
from escalate.redact.rules import DetectorRule
from escalate.redact.scan import Matcher, Pass

SETTING_DETECTORS = ("password-assignment", "secret-assignment")
Found = tuple[str, bytes]
"""Label and value of a hit."""


@dataclass(frozen=True)
class Search:
    """What to look for."""

    key: bytes
    own: tuple[str, ...]
    settings: bool
    """Whether it may be configuration: there every password counts, elsewhere only what is surely one."""


@dataclass(frozen=True)
class LearnTask:
    """One piece of a file; the whole of one that cannot be cut has no end."""

    search: Search
    path: str
    low: int = 0
    high: int | None = None


@functools.lru_cache(maxsize=2)
def matcher_of(search: Search) -> Matcher:
    """Built once in each process."""
    sure = [one for one in detectors() if one.learn or one.id == "email"]
    if search.settings:
        sure += [one for one in detectors() if one.id in SETTING_DETECTORS and one not in sure]
    else:
        sure = [one for one in sure if one.id not in SETTING_DETECTORS]
    asides = (HOME, SERVER, ACCOUNT, OPTION) if search.settings else (HOME, SERVER, ACCOUNT)
    return Matcher(DetectorRule(one, search.key, NameBook(search.key), search.own) for one in (*sure, *asides))


def tasks_of(search: Search, path: Path) -> Iterator[LearnTask]:
    """A task for each piece of a file."""
    pieces = cuts(path)
    if pieces is None:
        yield LearnTask(search, str(path))
        return
    for low, high in pieces:
        yield LearnTask(search, str(path), low, high)


def found_in(task: LearnTask) -> tuple[Found, ...]:
    """Every different hit, in order; what cannot be read cannot be redacted either, and is withheld then."""
    scan = Pass(matcher_of(task.search))
    scan.found = []
    seen: dict[Found, None] = {}
    with contextlib.suppress(OSError, ValueError, CannotRedact):
        for data in _read(task):
            scan.feed(data)
            seen |= dict.fromkeys((hit.label, hit.value) for hit in scan.found)
            scan.found = []
    scan.finish()
    seen |= dict.fromkeys((hit.label, hit.value) for hit in scan.found)
    return tuple(seen)


def _read(task: LearnTask) -> Iterator[bytes]:
    with Path(task.path).open("rb") as raw:
        if task.high is None:
            yield from pieces_of(raw)
            return
        open_text(raw)  # whether it is text at all
        start = max(0, task.low - CONTEXT)
        raw.seek(start)
        yield raw.read(task.high + AFTER - start)
