"""Service and problem classification: ids of one form, and of one another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escalate.submit.fields.names import is_guid
from escalate.submit.fields.problem import Problem

_SERVICE = re.compile(r"/providers/microsoft\.support/services/(?P<service>[0-9a-f-]{36})", re.IGNORECASE)
_CLASSIFICATION = re.compile(_SERVICE.pattern + r"/problemclassifications/(?P<problem>[0-9a-f-]{36})", re.IGNORECASE)

NOT_TECHNICAL = {
    "517f2da6-78fd-0498-4e22-ad26996b1dfc": "billing",
    "06bfd9d3-516b-d5c6-5802-169c800dec89": "quota",
    "f3dc5421-79ef-1efa-41a5-42bf3cbb52c6": "subscription management",
}
"""Services whose tickets are of another kind; from the source of Microsoft's command line."""


def service_guid(text: str) -> str | None:
    """The GUID of a service, from its id or from the bare GUID, in lower case; None when it is neither."""
    word = text.strip()
    if is_guid(word):
        return word.casefold()
    match = _SERVICE.fullmatch(word)
    return match["service"].casefold() if match and is_guid(match["service"]) else None


def classification_guids(text: str) -> tuple[str | None, str] | None:
    """GUIDs of service (None with a bare GUID) and classification, in lower case; None when it is no such id.

    A bare GUID is taken because shells of Windows rewrite what begins with a slash.
    """
    word = text.strip()
    if is_guid(word):
        return None, word.casefold()
    match = _CLASSIFICATION.fullmatch(word)
    if match is None or not is_guid(match["service"]) or not is_guid(match["problem"]):
        return None
    return match["service"].casefold(), match["problem"].casefold()


def service_id(guid: str) -> str:
    """The id of a service, as the API spells it."""
    return f"/providers/Microsoft.Support/services/{guid}"


def classification_id(service: str, problem: str) -> str:
    """The id of a classification of a service, of two GUIDs."""
    return f"{service_id(service)}/problemClassifications/{problem}"


def problems(service: str, classification: str) -> Iterator[Problem]:
    """What is wrong with the pair of ids."""
    hint = "let escalate read them from the service, or take the id of the classification from the portal"
    guid, pair = service_guid(service), classification_guids(classification)
    if guid is None:
        yield Problem("classification", "this is not the id of a service", hint)
        return
    if pair is None or pair[0] is None:
        yield Problem("classification", "this is not the id of a problem classification", hint)
        return
    if pair[0] != guid:
        yield Problem("classification", "the classification belongs to another service", hint)
    if guid in NOT_TECHNICAL:
        yield Problem(
            "classification",
            f"this service is for {NOT_TECHNICAL[guid]}; an app's trouble is a technical case",
            "choose the service of the app",
        )
