"""Services and classifications as the server listed them last, with the date, in the user's cache folder."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

import platformdirs
from pydantic import Field, ValidationError

from escalate.azure.support_failure import SupportFailure
from escalate.azure.support_values import AskedConsent, ProblemType, SupportService
from escalate.model.base import Frozen, Utc
from escalate.submit.classification import Chosen, Offer, offers, service_for
from escalate.submit.clues import Clues
from escalate.submit.fields.classification import classification_guids, classification_id, service_guid, service_id

FRESH = timedelta(days=7)
"""So long a saved list is used without asking; an older one only when nobody answers."""


class _Consent(Frozen):
    type: str
    description: str = ""


class _Type(Frozen):
    id: str
    name: str
    consents: tuple[_Consent, ...] = ()


class _Service(Frozen):
    id: str
    name: str
    types: tuple[_Type, ...] | None = None
    """None: not read yet."""
    read_at: Utc | None = None
    """When the types were."""


class Catalogue(Frozen):
    """What the server listed. Nothing in it is personal."""

    version: Literal[1] = 1
    cloud: str
    read_at: Utc
    services: tuple[_Service, ...] = Field(min_length=1)


class Lister(Protocol):
    """What of the Support API is needed here."""

    def services(self) -> tuple[SupportService, ...]:
        """All services."""

    def problem_types(self, service_id: str) -> tuple[ProblemType, ...]:
        """The classifications of one."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The service of the app with its classifications, and where that is known from."""

    services: tuple[SupportService, ...]
    chosen: Chosen | None
    """None: nobody can tell which service it is."""
    types: tuple[ProblemType, ...]
    offers: tuple[Offer, ...]
    source: Literal["live", "cache"]
    read_at: datetime
    note: str | None = None
    """Why it is not as fresh as it should be."""


def cache_folder() -> Path:
    """The user's cache folder of escalate."""
    return platformdirs.user_cache_path("escalate")


def listing(
    clues: Clues,
    cloud: str,
    now: datetime,
    *,
    lister: Lister | None = None,
    folder: Path | None = None,
    service: str | None = None,
) -> Listing | None:
    """The list for a case: saved and fresh, else read live and saved, else saved and old; None when there is none.

    `service` is the id or GUID of the one the user named; without `lister` nothing is asked. A server that does not
    answer is no reason to stop: the note of what is returned says so.

    Raises:
        SupportFailure: there is no saved list, and the server refuses.
    """
    place = _place(folder or cache_folder(), cloud)
    saved = _read(place, cloud)
    old = _listing(saved, clues, service, "cache") if saved else None
    if old is not None and (lister is None or now - old.read_at <= FRESH):
        return old
    if lister is None:
        return None
    try:
        read = _live(lister, clues, cloud, now, service, saved)
    except SupportFailure as failure:
        if old is None:
            raise
        return replace(old, note=f"the list is of {old.read_at:%Y-%m-%d}: {failure.reason}")
    _write(place, read)
    return _listing(read, clues, service, "live")


def _live(
    lister: Lister, clues: Clues, cloud: str, now: datetime, service: str | None, saved: Catalogue | None
) -> Catalogue:
    """Read anew; the types of other services stay as they were saved. Ids are spelled as the API documents them."""
    services = tuple(
        replace(each, id=service_id(guid)) for each in lister.services() if (guid := service_guid(each.id)) is not None
    )
    chosen = _choose(clues, services, service)
    known = {each.id: each for each in saved.services} if saved else {}
    entries = []
    for each in services:
        earlier = known.get(each.id)
        entry = _Service(id=each.id, name=each.name)
        if chosen and each.id == chosen.service.id:
            types = tuple(_types(lister.problem_types(each.id)))
            entry = entry.model_copy(update={"types": types, "read_at": now})
        elif earlier:
            entry = earlier.model_copy(update={"name": each.name})
        entries.append(entry)
    return Catalogue(cloud=cloud, read_at=now, services=tuple(entries))


def _types(listed: Iterable[ProblemType]) -> Iterator[_Type]:
    """What has no id of a classification cannot be filed under."""
    for each in listed:
        guids = classification_guids(each.id)
        if guids is not None and guids[0] is not None:
            consents = tuple(_Consent(type=one.type, description=one.description) for one in each.consents)
            yield _Type(id=classification_id(guids[0], guids[1]), name=each.name, consents=consents)


def _listing(saved: Catalogue, clues: Clues, service: str | None, source: Literal["live", "cache"]) -> Listing | None:
    """None: the types of the service of this app were not read."""
    services = tuple(SupportService(id=each.id, name=each.name) for each in saved.services)
    chosen = _choose(clues, services, service)
    if chosen is None:
        return Listing(services, None, (), (), source, saved.read_at)
    entry = next(each for each in saved.services if each.id == chosen.service.id)
    if entry.types is None:
        return None
    types = tuple(
        ProblemType(
            id=each.id,
            name=each.name,
            consents=tuple(AskedConsent(type=one.type, description=one.description) for one in each.consents),
        )
        for each in entry.types
    )
    return Listing(services, chosen, types, offers(clues, types), source, entry.read_at or saved.read_at)


def _choose(clues: Clues, services: tuple[SupportService, ...], service: str | None) -> Chosen | None:
    if service is None:
        return service_for(clues, services)
    guid, name = service_guid(service), service.strip().casefold()
    for each in services:
        if (guid and service_guid(each.id) == guid) or each.name.casefold() == name:
            return Chosen(each, "named by the user")
    return None


def _place(folder: Path, cloud: str) -> Path:
    return folder / f"support-catalogue-{re.sub(r'[^a-z0-9]+', '-', cloud.casefold()).strip('-')[:60]}.json"


def _read(place: Path, cloud: str) -> Catalogue | None:
    """None: there is none, it is damaged, or it is of another cloud."""
    try:
        found = Catalogue.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return None
    return found if found.cloud == cloud else None


def _write(place: Path, catalogue: Catalogue) -> None:
    """Whole or not at all; a cache that cannot be written is no reason to stop."""
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(catalogue.model_dump_json().encode())
        Path(temporary).replace(place)
