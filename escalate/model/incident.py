"""The incident in the user's words: window, symptom, impact, and what is known of the app."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from escalate.model.base import Frozen, Utc


class Severity(StrEnum):
    """Severity levels of the ticket API, 2024-04-01; compare what the server returns by casefold."""

    MINIMAL = "minimal"
    MODERATE = "moderate"
    CRITICAL = "critical"
    HIGHEST_CRITICAL_IMPACT = "highestcriticalimpact"


class Window(Frozen):
    """A span of UTC time, both ends included."""

    start: Utc
    end: Utc

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.start:
            raise ValueError("window.end is before window.start")
        return self

    def widened(self, by: timedelta) -> Window:
        """The window with `by` added at both ends."""
        return Window(start=self.start - by, end=self.end + by)


class TargetFacts(Frozen):
    """What is known of the app when the evidence was gathered elsewhere."""

    resource_id: str | None = None
    os: Literal["linux", "windows", "linux-container", "windows-container"] | None = None
    sku: str | None = None
    region: str | None = None
    runtime: str | None = None
    instances: tuple[str, ...] = ()
    instance_ids: dict[str, str] = Field(default_factory=dict)
    """Worker name to ARM instance id (64 hex digits, the ARRAffinity value)."""
    sibling_apps: tuple[str, ...] = ()

    def completed_by(self, other: TargetFacts) -> TargetFacts:
        """The same, with what is unknown here taken from `other`."""
        empty = TargetFacts()
        known = {name: value for name, value in self if value != getattr(empty, name)}
        return other.model_copy(update=known)


class Contact(Frozen):
    """Whom support calls; all of it is personal data and pseudonymised in evidence."""

    first_name: str | None = None
    last_name: str | None = None
    method: Literal["email", "phone"] | None = None
    email: str | None = None
    phone: str | None = None
    time_zone: str | None = None
    country: str | None = None
    language: str | None = None


class ConsentAnswers(Frozen):
    """Answers the user gave in advance; `None` means: ask."""

    advanced_diagnostics: bool | None = None


class Incident(Frozen):
    """incident.toml, or what the command line and the target told us instead."""

    title: str = "Untitled incident"
    symptom: str = ""
    impact: str = ""
    severity: Severity = Severity.MINIMAL
    window: Window | None = None
    target: TargetFacts = TargetFacts()
    contact: Contact = Contact()
    consent: ConsentAnswers = ConsentAnswers()
