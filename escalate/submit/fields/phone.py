"""Phone numbers: a plausible number where one is needed; nobody can tell more without calling it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escalate.model.incident import Severity
from escalate.submit.fields.problem import Problem

URGENT = frozenset({Severity.CRITICAL, Severity.HIGHEST_CRITICAL_IMPACT})
"""For these the API asks for a phone number (2025-06-01-preview and 2026-06-01; applied to every version)."""

_PHONE = re.compile(r"\+?[0-9 ()\-]{6,20}")
_FEWEST_DIGITS = 6
_HINT = "write it like +49 30 1234567: digits, blanks, ( ) and -, at most 20 characters after the +"


def normal(text: str) -> str:
    """The number without blanks around it, and with `+` for a leading `00`; dots and slashes become blanks."""
    word = re.sub(r"[./\u00a0]+", " ", text).strip()
    return "+" + word[2:].lstrip() if word.startswith("00") else word


def is_phone(text: str) -> bool:
    """Whether it can be a phone number."""
    number = normal(text)
    return _PHONE.fullmatch(number) is not None and sum(char.isdigit() for char in number) >= _FEWEST_DIGITS


def problems(text: str | None, method: str | None, severity: Severity) -> Iterator[Problem]:
    """What is wrong with a phone number, or with its absence."""
    if text and text.strip():
        if not is_phone(text):
            yield Problem("contact.phone", "this is no phone number", _HINT)
    elif method == "phone":
        yield Problem("contact.phone", "support is to call, and there is no number", f"{_HINT}; or choose e-mail")
    elif severity in URGENT:
        yield Problem("contact.phone", f"severity {severity} needs a phone number: support calls at any hour", _HINT)
