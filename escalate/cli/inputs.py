"""Turns what the user typed and wrote (TARGET, incident.toml) into values."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from escalate.collect.resolve import Sought
from escalate.errors import ConfigError, TargetError, UsageError
from escalate.model.incident import Incident, Window
from escalate.model.portal_url import is_portal_url, read_portal_url
from escalate.model.resource_id import NotASiteIdError, SiteId, is_group, is_name, read_site_id, site_id
from escalate.model.target import AzureTarget, LocalTarget, PathTarget, Target

PUBLIC = "public"
NAMED_CLOUDS = (PUBLIC, "usgov", "china")

_LOCAL = re.compile(r"^local(?::(?P<pid>[0-9]+))?$")
_HOST = re.compile(
    r"^[a-z0-9-]+(\.[a-z0-9-]+)*\.(azurewebsites\.net|azurewebsites\.us|chinacloudsites\.cn|appserviceenvironment\.net)$",
    re.IGNORECASE,
)
"""Host names that only App Service gives out; a site's own domain is taken as a URL."""
_ANY_HOST = re.compile(r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """What flags say of a target in Azure."""

    group: str | None = None
    slot: str | None = None
    subscription: str | None = None
    """Id or name."""
    cloud: str | None = None
    tenant: str | None = None


NOWHERE = Place()


def parse_target(text: str, logs: tuple[str, ...] = (), place: Place = NOWHERE) -> Target | Sought:
    """Read TARGET; an app that is known by name only is still to be sought.

    Raises:
        TargetError: it names nothing that exists.
        UsageError: flags that do not belong to it.
    """
    local = _LOCAL.match(text)
    if logs and not local:
        raise TargetError("--log belongs to the target local", hint="put the file into the evidence folder instead")
    found = None if local else _in_azure(text.strip(), place)
    if found is not None:
        return found
    if place.group or place.slot or place.subscription:
        raise UsageError(
            "--group, --slot and --subscription belong to an app in Azure", hint="escalate plan NAME -g GROUP"
        )
    if local:
        pid = int(local["pid"]) if local["pid"] else None
        return LocalTarget(pid=pid, logs=tuple(str(Path(log).resolve()) for log in logs))
    path = Path(text)
    if not text or "\0" in text or not path.exists():
        raise TargetError(
            f"{text!r} is neither 'local', 'local:PID', an app in Azure, nor an existing folder or archive",
            hint="an app in Azure is NAME -g GROUP, its ARM id, or its portal URL; check the spelling of a path",
        )
    return PathTarget(path=str(path.resolve()))


def _in_azure(text: str, place: Place) -> AzureTarget | Sought | None:
    """None: it does not look like something in Azure."""
    try:
        if text.casefold().startswith("/subscriptions/"):
            return _target(_fitting(read_site_id(text), place), place)
        if is_portal_url(text):
            seen = read_portal_url(text)
            return _target(_fitting(seen.site, place), _where(place, seen.cloud, seen.tenant))
    except NotASiteIdError as error:
        raise TargetError(
            f"{text!r} does not lead to an app in Azure: {error}",
            hint="give the ARM id of a Microsoft.Web/sites or of a slot, its portal URL, or NAME -g GROUP",
        ) from error
    host = _host_of(text)
    if host is not None and place.group is None:
        return _sought(host, place)
    if place.group is None:
        return None
    name = host.partition(".")[0] if host else text
    if not is_name(name) or not is_group(place.group) or (place.slot is not None and not is_name(place.slot)):
        raise TargetError(
            f"no app is called {name!r} with the group {place.group!r}"
            + (f" and the slot {place.slot!r}" if place.slot else ""),
            hint="NAME is the app's own name: letters, digits and hyphens",
        )
    return _sought(name, place)


def _host_of(text: str) -> str | None:
    """The host name that it is, or that stands in a URL of the app itself."""
    if _HOST.match(text):
        return text
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return None
    return host if parts.scheme in ("http", "https") and _ANY_HOST.match(host) else None


def _sought(name: str, place: Place) -> Sought:
    return Sought(
        name=name,
        group=place.group,
        slot=place.slot,
        subscription=place.subscription,
        cloud=place.cloud or PUBLIC,
        tenant=place.tenant,
    )


def _target(found: SiteId, place: Place) -> AzureTarget:
    return AzureTarget(resource_id=str(found), cloud=place.cloud or PUBLIC, tenant=place.tenant)


def _fitting(found: SiteId, place: Place) -> SiteId:
    """The id, with the slot that a flag adds.

    Raises:
        UsageError: a flag says something else than the id.
    """
    said = (("--group", place.group, found.group), ("--subscription", place.subscription, found.subscription))
    for flag, given, there in said:
        if given is not None and given.casefold() != there.casefold():
            raise UsageError(f"{flag} {given} is not that of TARGET, {there}", hint=f"leave out {flag}")
    if place.slot is None:
        return found
    if found.slot is not None and found.slot.casefold() != place.slot.casefold():
        raise UsageError(f"--slot {place.slot} is not that of TARGET, {found.slot}", hint="leave out --slot")
    return site_id(found.subscription, found.group, found.site, place.slot)


def _where(place: Place, cloud: str, tenant: str | None) -> Place:
    """The flags, completed by what the portal URL says; another endpoint (`--cloud URL`) goes before the portal's."""
    if place.cloud in NAMED_CLOUDS and place.cloud != cloud:
        raise UsageError(
            f"the URL is of the portal of the cloud {cloud}, and --cloud (or ESCALATE_CLOUD) says {place.cloud}",
            hint="leave out --cloud, or take the URL of that cloud's portal",
        )
    return replace(place, cloud=place.cloud or cloud, tenant=place.tenant or tenant)


def read_incident(file: Path | None, since: datetime | None, until: datetime | None) -> Incident:
    """Read incident.toml and apply the flags that say the same.

    Raises:
        ConfigError: not TOML, or fields that do not fit.
    """
    if until is not None and since is None:
        raise ConfigError("--until without --since", hint="give both, or neither")
    data: dict[str, object] = {}
    if file is not None:
        try:
            data = tomllib.loads(file.read_bytes().decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file} is not TOML: {error}", hint="see incident.toml in the README") from error
    try:
        incident = Incident.model_validate(data)
        if since is not None:
            window = Window(start=since, end=until or datetime.now(UTC).replace(microsecond=0))
            incident = incident.model_copy(update={"window": window})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "window"
        raise ConfigError(
            f"{file or '--since/--until'}: {place}: {first['msg']}",
            hint="times need a zone (2026-04-04T05:55:00Z); field names are in the README",
        ) from error
    return incident
