"""URLs of the Azure portal: which cloud, tenant and site they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import SplitResult, unquote, urlsplit

from escalate.model.resource_id import NotASiteIdError, SiteId, read_site_id

PORTALS: Mapping[str, str] = MappingProxyType(
    {"portal.azure.com": "public", "portal.azure.us": "usgov", "portal.azure.cn": "china"}
)
"""Host to the name of its cloud; preview portals (`ms.portal.azure.com`) stand below these."""

_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_ENCODED_TWICE = 3


@dataclass(frozen=True)
class PortalPlace:
    """What a portal URL is about."""

    site: SiteId
    cloud: str
    tenant: str | None = None
    """GUID or domain."""


def is_portal_url(text: str) -> bool:
    """Whether it leads to a portal of one of the three clouds."""
    return _split(text) is not None


def read_portal_url(text: str) -> PortalPlace:
    """Read a URL such as `https://portal.azure.com/#@TENANT/resource/subscriptions/...` or `.../#view/...`.

    Raises:
        NotASiteIdError: no portal, or a page that is not about a site.
    """
    parts = _split(text)
    cloud = _cloud(parts) if parts else None
    if parts is None or cloud is None:
        raise NotASiteIdError("it is no URL of the Azure portal")
    fragment = parts.fragment
    if not fragment and "%23" in text:  # copied out of a link that had been encoded as a whole
        fragment = unquote(text).partition("#")[2]
    tenant = parts.path.strip("/") or None
    head, slash, rest = fragment.partition("/")
    if head.startswith("@"):
        tenant, fragment = unquote(head[1:]), rest
    elif unquote(head).startswith("@") and not slash:
        head, _, fragment = unquote(head).partition("/")
        tenant = head[1:]
    if tenant and not _TENANT.fullmatch(tenant):
        raise NotASiteIdError(f"no tenant can be called {tenant!r}")
    why = NotASiteIdError("the page is not about an app: open the app in the portal and copy that URL")
    for candidate in _candidates(fragment):
        try:
            return PortalPlace(read_site_id(candidate), cloud, tenant)
        except NotASiteIdError as error:
            why = error
    raise why


def _candidates(fragment: str) -> Iterator[str]:
    """Where in the fragment an id may stand: as the rest of a path, or encoded in one parameter."""
    at = fragment.casefold().find("/subscriptions/")
    if at >= 0:
        yield fragment[at:].partition("?")[0]
    for parameter in fragment.split("/"):
        text = parameter
        for _ in range(_ENCODED_TWICE):
            text, before = unquote(text), text
            if text.casefold().startswith("/subscriptions/"):
                yield text
            if text == before:
                break


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text.strip())
        return parts if parts.scheme in ("http", "https") and _cloud(parts) else None
    except ValueError:
        return None


def _cloud(parts: SplitResult) -> str | None:
    host = (parts.hostname or "").casefold()
    return next((cloud for portal, cloud in PORTALS.items() if host == portal or host.endswith(f".{portal}")), None)
