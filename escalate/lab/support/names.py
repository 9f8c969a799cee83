"""Rules of names, and the check whether one is free."""

from __future__ import annotations

import re
import unicodedata

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer
from escalate.lab.arm.ask import Ask
from escalate.lab.support.operation import route
from escalate.lab.support.refusals import NameRefusal, invalid

LONGEST = 255
_FORBIDDEN = frozenset("<>%&:\\?/")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORKSPACE = re.compile(r"[0-9a-zA-Z_\-. ]+")
_RULE = (
    "Name {name} is invalid. The name cannot include: '<', '>', '%', '&', ':', '\\', '?', '/' or any control "
    "characters. It cannot be all digits and cannot start with 'tmp-'. The max length is 255 characters."
)
"""The service's own words (CLI recording test_support_tickets_create_validations)."""
_BAD_COMMUNICATION = "Communication resource name is invalid. Please provide a valid name."
"""As recorded for a bare GUID (test_support_tickets, 2020)."""


def check_ticket_name(name: str) -> None:
    """Refuse a name that no ticket may have.

    Raises:
        Refusal: in the PascalCase envelope.
    """
    if not _may_name(name):
        raise NameRefusal(_RULE.format(name=name))


def check_communication_name(name: str) -> None:
    """Refuse a name that no communication may have: a bare GUID for one.

    Raises:
        Refusal: in the PascalCase envelope.
    """
    if not _may_name(name) or _GUID.fullmatch(name):
        raise NameRefusal(_BAD_COMMUNICATION)


def check_workspace_name(name: str) -> None:
    """Refuse a name that no workspace may have; the pattern stands in the OpenAPI file.

    Raises:
        Refusal: in the PascalCase envelope.
    """
    if not _WORKSPACE.fullmatch(name) or len(name) > LONGEST:
        raise NameRefusal(f"File workspace name {name} is invalid. Please provide a valid name.")


def _may_name(name: str) -> bool:
    return (
        0 < len(name) <= LONGEST
        and not name.isdigit()
        and not name.lower().startswith("tmp-")
        and not any(each in _FORBIDDEN or unicodedata.category(each) == "Cc" for each in name)
    )


def _check(ask: Ask) -> Response:
    """Of a ticket or a workspace: invalid and used names are told with 200."""
    name, kind = _asked(ask)
    desk = ask.state.support
    if kind == "microsoft.support/supporttickets":
        return _told(name, _RULE.format(name=name) if not _may_name(name) else None, used=name.lower() in desk.tickets)
    if kind == "microsoft.support/fileworkspaces":
        return _told(name, None if _WORKSPACE.fullmatch(name) else "invalid name", used=name.lower() in desk.workspaces)
    raise invalid(f"The value of type '{kind}' is not valid.")


def _check_communication(ask: Ask) -> Response:
    name, kind = _asked(ask)
    if kind != "microsoft.support/communications":
        raise invalid(f"The value of type '{kind}' is not valid.")
    ticket = ask.state.support.tickets.get(ask.args["ticket"].lower())
    used = ticket is not None and any(each.name.lower() == name.lower() for each in ticket.communications)
    bad = not _may_name(name) or _GUID.fullmatch(name)
    return _told(name, _BAD_COMMUNICATION if bad else None, used=used)


def _asked(ask: Ask) -> tuple[str, str]:
    body = ask.body()
    name, kind = body.get("name"), body.get("type")
    if not isinstance(name, str) or not name or not isinstance(kind, str):
        raise invalid("Name and type cannot be empty.")
    return name, kind.lower()


def _told(name: str, why_not: str | None, *, used: bool) -> Response:
    if why_not is not None:
        return answer({"nameAvailable": False, "reason": "Invalid", "message": why_not})
    if used:
        return answer({"nameAvailable": False, "reason": "Name is already in use", "message": "Name not available"})
    return answer({"nameAvailable": True})


_ACTION = "checkNameAvailability/action"
ROUTES = (
    route("names.check", "POST", "subscription", "/checknameavailability", _ACTION, _check),
    route(
        "communications.check",
        "POST",
        "subscription",
        "/supporttickets/<ticket>/checknameavailability",
        _ACTION,
        _check_communication,
    ),
)
