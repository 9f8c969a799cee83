"""Changes of a ticket: severity and state; what the server will not change by itself is left to a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from escalate.azure.failure import Why
from escalate.azure.support_failure import SupportFailure
from escalate.azure.support_values import SupportTicket
from escalate.model.incident import Contact, Severity
from escalate.submit.afterwards.following import Following
from escalate.submit.fields.severity import LETTERS

_NOT_BY_PATCH = "UpdateOperationDenied"
_NOT_BY_PATCH_WORDS = ("worked on", "being worked", "is closed", "cannot be changed", "cannot be updated")
"""A code and words of refusals that mean: ask the engineer (a third party's report; spec note on severity)."""


@dataclass(frozen=True, slots=True)
class Changed:
    """How it ended."""

    state: Literal["changed", "as it was", "ask"]
    ticket: SupportTicket
    why: str = ""
    """Of `ask`: what the server said."""


def set_severity(following: Following, severity: Severity, contact: Contact | None = None) -> Changed:
    """Change the severity, and the contact if one is given; `ask`: an engineer works on it, a message has to ask.

    Raises:
        SupportFailure: any other refusal, or no answer.
    """
    found = following.ticket()
    if found.severity == severity.value:
        return Changed("as it was", found)
    return _changed(following, found, severity=severity.value, contact=contact)


def close(following: Following) -> Changed:
    """Close the ticket; `ask`: a message has to ask for it.

    Raises:
        SupportFailure: any other refusal, or no answer.
    """
    found = following.ticket()
    if found.status == "closed":
        return Changed("as it was", found)
    return _changed(following, found, status="closed")


def severity_words(before: str | None, wanted: Severity, why: str) -> tuple[str, str]:
    """Subject and body of the message that asks for another severity."""
    letter = LETTERS[wanted]
    was = f" (it is {before})" if before else ""
    reason = f"\n\nReason: {why}" if why else ""
    return (
        f"Please change the severity to {letter} ({wanted})",
        f"Please change the severity of this case to {letter} ({wanted}){was}.{reason}",
    )


def closing_words(why: str) -> tuple[str, str]:
    """Subject and body of the message that asks to close."""
    return "Please close this case", "Please close this case." + (f"\n\nReason: {why}" if why else "")


def reopening_words(why: str) -> tuple[str, str]:
    """Subject and body of the message that opens a closed case again (portal documentation)."""
    return "Please reopen this case", f"Please reopen this case.\n\nReason: {why}"


def _changed(
    following: Following,
    found: SupportTicket,
    *,
    severity: str | None = None,
    status: str | None = None,
    contact: Contact | None = None,
) -> Changed:
    filing = following.filing
    tries = filing.tries()
    while True:
        try:
            after = filing.support.update(following.name, severity=severity, status=status, contact=contact)
        except SupportFailure as failure:
            if _is_for_a_person(failure):
                return Changed("ask", found, failure.reason)
            tries.wait_after(failure)  # a change can be asked for any number of times: it ends the same
        else:
            following.case.journal.note("ticket", f"changed to {severity or status}")
            following.ticket()
            return Changed("changed", after)


def _is_for_a_person(failure: SupportFailure) -> bool:
    if failure.is_code("AuthorizationFailed") or failure.why in (Why.SIGN_IN, Why.BLOCKED, Why.THROTTLED):
        return False
    words = failure.reason.casefold()
    return failure.is_code(_NOT_BY_PATCH) or any(each in words for each in _NOT_BY_PATCH_WORDS)
