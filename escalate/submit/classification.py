"""Which service and which problem classification fit a case: matched by words, with reasons, chosen by a person."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from escalate.azure.support_values import ProblemType, SupportService
from escalate.errors import UsageError
from escalate.model.submission import Classification, ConsentAsked
from escalate.submit.clues import Clue, Clues
from escalate.submit.fields.classification import classification_guids, classification_id, service_guid, service_id

OFFERED = 3

Source = Literal["live", "cache", "user"]

TOPICS = Path(__file__).parent / "topics.toml"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A service by its GUID, which public sources name, and by its display name, which changes."""

    guid: str
    name: str
    shown: re.Pattern[str]


def _wanted(guid: str, name: str, shown: str) -> _Wanted:
    return _Wanted(guid, name, re.compile(shown, re.IGNORECASE))


_LINUX = _wanted("b452a42b-3779-64de-532c-8a32738357a6", "Web App (Linux)", r"web apps?\b.*linux")
_WINDOWS = _wanted("1890289e-747c-7ef6-b4f5-b1dbb0bead28", "Web App (Windows)", r"web apps?\b.*windows")
_CONTAINERS = _wanted("d40f17bb-8b19-117c-f69a-d1be4187f657", "Web App for Containers", r"web apps?\b.*containers?")
_FUNCTIONS = _wanted("5ce8de69-abba-65a0-e0e4-a684bcbc7931", "Function App", r"function apps?\b")
_BY_OS = {
    "linux": _LINUX,
    "windows": _WINDOWS,
    "linux-container": _CONTAINERS,
    "windows-container": _CONTAINERS,
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The service, and why this one."""

    service: SupportService
    why: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One classification that may fit."""

    type: ProblemType
    score: int
    reasons: tuple[str, ...]
    """Empty: nothing in the case points to it."""
    unproved: int = 0
    """Topics in its name that nothing points to."""


@dataclass(frozen=True, slots=True)
class _Topic:
    id: str
    about: str
    shown: re.Pattern[str]
    seen: re.Pattern[str]
    ids: frozenset[str]


def service_for(clues: Clues, services: Sequence[SupportService]) -> Chosen | None:
    """The service of an app of that kind among those listed; None when it is not there, or the OS is unknown."""
    wanted = _FUNCTIONS if "functionapp" in clues.kind.casefold() else _BY_OS.get(clues.os or "")
    if wanted is None:
        return None
    what = "a function app" if wanted is _FUNCTIONS else f"an app on {clues.os}"
    for service in services:
        if service_guid(service.id) == wanted.guid:
            return Chosen(service, f"it is {what}")
    named = [service for service in services if wanted.shown.search(service.name)]
    if len(named) == 1:
        return Chosen(named[0], f"it is {what}; found by its name, the id is a new one")
    return None


def offers(clues: Clues, types: Sequence[ProblemType], most: int = OFFERED) -> tuple[Offer, ...]:
    """The best few, best first; of equal ones those that claim less, then in the order of the service."""
    scored = [_offer(clues, each) for each in types]
    ranked = sorted(enumerate(scored), key=lambda pair: (-pair[1].score, pair[1].unproved, pair[0]))
    return tuple(offer for _, offer in ranked[:most])


def settled(offered: Sequence[Offer]) -> Offer | None:
    """The first, where the case points to it more than to any other; else None: a person has to choose."""
    if not offered or not offered[0].reasons:
        return None
    rivals = [each for each in offered[1:] if (each.score, each.unproved) == (offered[0].score, offered[0].unproved)]
    return None if rivals else offered[0]


def recorded(
    service: SupportService, type_: ProblemType, source: Source, read_at: datetime | None, reasons: Iterable[str] = ()
) -> Classification:
    """The choice as the request holds it."""
    return Classification(
        service_id=service.id,
        service_name=service.name,
        id=type_.id,
        name=type_.name,
        source=source,
        read_at=read_at,
        reasons=tuple(reasons),
        asks=tuple(ConsentAsked(type=each.type, description=each.description) for each in type_.consents),
    )


def named(
    text: str,
    clues: Clues,
    services: Sequence[SupportService],
    types: Sequence[ProblemType],
    read_at: datetime | None,
    source: Source = "user",
) -> Classification:
    """The classification a user named by id, bare GUID or display name.

    A GUID that the list does not have is taken as it is: the server decides. A bare one is taken to be of the
    service of the app.

    Raises:
        UsageError: it is none of these, a name that fits several, or a bare GUID while the service is unknown.
    """
    guids = classification_guids(text)
    if guids is None:
        return _by_name(text, services, types, read_at, source)
    service, problem = guids
    for each in types:
        known = classification_guids(each.id)
        if known and known[1] == problem and service in (None, known[0]):
            return recorded(_service_of(known[0], services), each, source, read_at, ("named by the user",))
    owner = service or _guid_of(service_for(clues, services)) or _hinted(clues)
    if owner is None:
        raise UsageError(
            "a bare GUID of a classification, and the operating system of the app is unknown",
            hint="give the whole id: services/GUID/problemClassifications/GUID, or [target] os in incident.toml",
        )
    unlisted = ProblemType(id=classification_id(owner, problem), name="(named by its id, not in the list)")
    return recorded(_service_of(owner, services), unlisted, "user", None, ("named by the user",))


def _by_name(
    text: str,
    services: Sequence[SupportService],
    types: Sequence[ProblemType],
    read_at: datetime | None,
    source: Source,
) -> Classification:
    wanted = text.strip().casefold()
    exact = [each for each in types if each.name.casefold() == wanted]
    found = exact or [each for each in types if wanted and wanted in each.name.casefold()]
    if len(found) != 1:
        said = f"{len(found)} classifications are called so" if found else "no classification is called so"
        names = "; ".join(each.name for each in (found or types)[:8]) or "the list could not be read"
        raise UsageError(f"{text!r}: {said}", hint=f"there are: {names}")
    known = classification_guids(found[0].id)
    owner = known[0] if known and known[0] else ""
    return recorded(_service_of(owner, services), found[0], source, read_at, ("named by the user",))


def _service_of(guid: str | None, services: Sequence[SupportService]) -> SupportService:
    for service in services:
        if guid and service_guid(service.id) == guid:
            return service
    name = next((each.name for each in (*_BY_OS.values(), _FUNCTIONS) if each.guid == guid), "(named by its id)")
    return SupportService(id=service_id(guid or ""), name=name)


def _guid_of(chosen: Chosen | None) -> str | None:
    return service_guid(chosen.service.id) if chosen else None


def _hinted(clues: Clues) -> str | None:
    wanted = _FUNCTIONS if "functionapp" in clues.kind.casefold() else _BY_OS.get(clues.os or "")
    return wanted.guid if wanted else None


def _offer(clues: Clues, type_: ProblemType) -> Offer:
    guids = classification_guids(type_.id)
    guid = guids[1] if guids else ""
    score, unproved, reasons = 0, 0, list[str]()
    for clue in clues.clues:
        if guid in clue.ids:
            score += 2 * clue.weight
            reasons.append(f"{clue.said} names it")
    shown = [topic for topic in _topics() if topic.shown.search(type_.name) or guid in topic.ids]
    for topic in shown:
        found = [clue for clue in clues.clues if topic.seen.search(clue.text)]
        score += sum(clue.weight for clue in found)
        grounds = [clue for clue in found if clue.weight > 0]
        unproved += not grounds
        reasons += [f"{topic.about}: {_said(grounds)}"] if grounds else []
    return Offer(type_, score, tuple(reasons) if score > 0 else (), unproved)


def _said(clues: Sequence[Clue]) -> str:
    best = sorted(clues, key=lambda clue: -clue.weight)[:2]
    more = len(clues) - len(best)
    return " and ".join(clue.said for clue in best) + (f", {more} more" if more else "")


@functools.cache
def _topics() -> tuple[_Topic, ...]:
    return tuple(_read_topics())


def _read_topics() -> Iterator[_Topic]:
    for table in tomllib.loads(TOPICS.read_text("utf-8"))["topic"]:
        yield _Topic(
            id=table["id"],
            about=table["about"],
            shown=re.compile(table["shown"], re.IGNORECASE),
            seen=re.compile(table["seen"], re.IGNORECASE),
            ids=frozenset(table.get("ids", ())),
        )
