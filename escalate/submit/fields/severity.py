"""Severity against the promise of work around the clock."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.model.incident import Severity
from escalate.submit.fields.phone import URGENT
from escalate.submit.fields.problem import Problem

LETTERS = {
    Severity.MINIMAL: "C",
    Severity.MODERATE: "B",
    Severity.CRITICAL: "A",
    Severity.HIGHEST_CRITICAL_IMPACT: "Emergency",
}
"""What people and the portal call them."""


def severity_of(text: str) -> Severity | None:
    """By name or letter, in any case."""
    word = text.strip().casefold()
    by_letter = {letter.casefold(): severity for severity, letter in LETTERS.items()}
    return by_letter.get(word) or (Severity(word) if word in set(Severity) else None)


def problems(severity: Severity, around_the_clock: bool, confirmed: bool) -> Iterator[Problem]:
    """`around_the_clock` is require24X7Response; `confirmed` is the user's own yes to it."""
    if severity in URGENT:
        if not around_the_clock:
            yield Problem(
                "severity",
                f"severity {LETTERS[severity]} ({severity}) means that you work with Microsoft 24x7 until it is solved",
                "agree to that with --confirm-24x7, or choose moderate (B)",
            )
        elif not confirmed:
            yield Problem(
                "severity",
                f"nobody confirmed 24x7 work for severity {LETTERS[severity]} ({severity})",
                "give --confirm-24x7: somebody answers at any hour until it is solved; else support may lower it to B",
            )
    elif severity is Severity.MINIMAL and around_the_clock:
        yield Problem("severity", "severity C (minimal) has no 24x7 work", "leave out 24x7, or choose moderate (B)")
    if severity is Severity.HIGHEST_CRITICAL_IMPACT:
        yield Problem(
            "severity",
            "highestcriticalimpact is for Premier and Unified contracts only",
            "on another plan choose critical (A)",
            blocks=False,
        )
