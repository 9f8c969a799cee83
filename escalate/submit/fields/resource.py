"""The resource a technical ticket is about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escalate.model.resource_id import NotASiteIdError, SiteId, read_site_id
from escalate.submit.fields.problem import Problem

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def problems(resource_id: str | None, subscription: str) -> Iterator[Problem]:
    """`subscription` is the one the ticket is filed in; a slot is named in the text, the id is that of its site."""
    hint = "give the ARM id of the app: /subscriptions/.../providers/Microsoft.Web/sites/NAME"
    if not _GUID.fullmatch(subscription):
        yield Problem("subscription", f"{subscription!r} is no id of a subscription", "give its GUID")
    if not resource_id:
        yield Problem("resource_id", "the ticket names no app: support cannot look at anything", hint)
        return
    try:
        site = read_site_id(resource_id)
    except NotASiteIdError as error:
        yield Problem("resource_id", f"this is not the id of an app: {error}", hint)
        return
    if site.subscription.casefold() != subscription.casefold():
        yield Problem(
            "resource_id",
            "the app is in another subscription than the ticket: the engineer would not see it",
            f"file it in the app's own subscription, {site.subscription}",
        )
    if site.slot is not None:
        yield Problem(
            "resource_id",
            f"the id is that of the slot {site.slot}; nobody knows whether the API takes it",
            "give the id of the site, and name the slot in the text",
        )


def site_of(resource_id: str) -> str:
    """The id of the site itself, also of a slot's.

    Raises:
        NotASiteIdError: it is neither.
    """
    site: SiteId = read_site_id(resource_id)
    return str(site).partition("/slots/")[0]
