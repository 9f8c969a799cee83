"""ARM ids of App Service sites and slots, as people paste them: any case, and with what the portal adds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_GROUP = re.compile(r"[\w.()-]{1,90}(?<!\.)")
"""Letters of any script, digits, `_ - . ( )`, no dot at the end (Azure naming rules)."""
_NAME = re.compile(r"[^\W_]([\w-]{0,62}[^\W_])?")
_FIXED = ("subscriptions", None, "resourcegroups", None, "providers", "microsoft.web", "sites", None)
_LONGEST = 2000
PRODUCTION = "production"
"""What the site itself is called where its slots are listed."""


class NotASiteIdError(ValueError):
    """A text that is no ARM id of a site or slot; the message says what is wrong with it."""


@dataclass(frozen=True)
class SiteId:
    """The id of a site, or of one of its slots; names in the case the user gave."""

    subscription: str
    group: str
    site: str
    slot: str | None = None

    def __str__(self) -> str:
        """As ARM spells it."""
        base = (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/Microsoft.Web/sites/{self.site}"
        )
        return f"{base}/slots/{self.slot}" if self.slot else base


def read_site_id(text: str) -> SiteId:
    """Read an ARM id; what stands behind the site (`/appServices`, `/logStream`) is left out.

    Raises:
        NotASiteIdError: another resource, a name that cannot be one, or a path that leads elsewhere.
    """
    parts = text.strip().removesuffix("/").split("/")
    if len(text) > _LONGEST or parts[0] or any(_leads_astray(part) for part in parts[1:]):
        raise NotASiteIdError("it has empty parts, '..', or characters that no ARM id has")
    parts = parts[1:]
    for at, fixed in enumerate(_FIXED):
        if at >= len(parts):
            raise NotASiteIdError("it ends too early: an id goes on to .../providers/Microsoft.Web/sites/NAME")
        if fixed is not None and parts[at].casefold() != fixed:
            raise NotASiteIdError(_other(parts, at))
    _, subscription, _, group, _, _, _, site, *rest = parts
    if not _GUID.fullmatch(subscription):
        raise NotASiteIdError(f"the subscription {subscription!r} is no GUID")
    if not is_group(group):
        raise NotASiteIdError(f"no resource group can be called {group!r}")
    return site_id(subscription, group, site, _slot_of(rest))


def site_id(subscription: str, group: str, site: str, slot: str | None = None) -> SiteId:
    """An id of parts.

    Raises:
        NotASiteIdError: no app or slot can be called so.
    """
    if slot is not None and slot.casefold() == PRODUCTION:
        slot = None
    for what, name in (("app", site), ("slot", slot)):
        if name is not None and not is_name(name):
            raise NotASiteIdError(f"no {what} can be called {name!r}")
    return SiteId(subscription, group, site, slot)


def is_name(text: str) -> bool:
    """Whether an app or a slot can be called so."""
    return _NAME.fullmatch(text) is not None


def is_group(text: str) -> bool:
    """Whether a resource group can be called so."""
    return _GROUP.fullmatch(text) is not None


def is_guid(text: str) -> bool:
    """Whether it is the id of a subscription or tenant."""
    return _GUID.fullmatch(text) is not None


def same_resource(one: str, other: str) -> bool:
    """Whether two ARM ids mean the same resource: case does not matter."""
    return one.casefold() == other.casefold()


def _slot_of(rest: list[str]) -> str | None:
    return rest[1] if len(rest) > 1 and rest[0].casefold() == "slots" else None


def _leads_astray(part: str) -> bool:
    """Whether it is nothing, a step upwards, or hides something by an encoding."""
    return (
        part.strip(". ") == ""
        or unquote(part) != part
        or any(letter in "?#\\<>\"'{}|^`" or not letter.isprintable() for letter in part)
    )


def _other(parts: list[str], at: int) -> str:
    if at < 5 or len(parts) < 7:
        return f"{parts[at]!r} stands where {_FIXED[at]!r} belongs"
    return f"it is a {parts[5]}/{parts[6]}, not a Microsoft.Web/sites"
