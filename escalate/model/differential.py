"""The differential: the sick side against a healthy one, with how far apart they are and where that stands."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import Document, EvidenceId, Frozen, Utc

Strength = Literal["none", "small", "medium", "large"]
"""|Cliff's delta| below 0.147, 0.33, 0.474 and above (Romano et al. 2006); for shares, Cohen's h at 0.2, 0.5, 0.8."""


class Side(Frozen):
    """One of the two things that are compared."""

    name: str
    """A worker, an app, or `before` / `during` / `after`."""
    n: int = Field(ge=0)
    """Samples (of a median) or trials (of a share) or minutes (of a rate)."""
    value: float
    """In the unit of the comparison: median, share of trials in percent, or mean rate."""
    low: float | None = None
    high: float | None = None
    """First and third quartile where there are samples."""
    first_utc: Utc | None = None
    last_utc: Utc | None = None


class Comparison(Frozen):
    """One measure on two sides; `sick` is the side under suspicion."""

    id: str = Field(pattern=r"^D\d+$")
    axis: Literal["instances", "time", "apps"]
    """Sick against healthy instances; during against before or after; the app against its siblings."""
    measure: str
    unit: str
    statistic: Literal["median", "share", "rate"]
    sick: Side
    healthy: Side
    ratio: float | None = None
    """sick / healthy; None when healthy is zero."""
    standardized_difference: float | None = None
    """Difference of medians over the pooled 1.4826 x median absolute deviation; for shares, Cohen's h."""
    cliffs_delta: float | None = Field(default=None, ge=-1, le=1)
    """P(sick > healthy) - P(sick < healthy) over all pairs of samples; None where there are no samples."""
    strength: Strength
    sentence: str
    evidence: tuple[EvidenceId, ...] = Field(min_length=1)


class DifferentialDocument(Document):
    """triage/differential.json; the strongest differences first."""

    schema_: Literal["escalate.differential/v1"] = Field("escalate.differential/v1", alias="schema")
    comparisons: tuple[Comparison, ...]
    not_compared: tuple[str, ...] = ()
    """Sentences: what could not be compared, and what it lacks."""
