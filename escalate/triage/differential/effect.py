"""How far apart two samples are: ratio, robust standardized difference, Cliff's delta, Cohen's h for shares."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from escalate.model.differential import Strength

TO_SIGMA = 1.4826
"""Makes the median absolute deviation estimate the standard deviation of a normal distribution."""

DELTAS: tuple[tuple[float, Strength], ...] = ((0.474, "large"), (0.33, "medium"), (0.147, "small"))
"""Bounds of |Cliff's delta| (Romano et al. 2006)."""
SHARES: tuple[tuple[float, Strength], ...] = ((0.8, "large"), (0.5, "medium"), (0.2, "small"))
"""Bounds of |Cohen's h| (Cohen 1988)."""
RATES: tuple[tuple[float, Strength], ...] = ((math.log(5), "large"), (math.log(3), "medium"), (math.log(1.5), "small"))
"""Bounds of |ln(ratio)| of two rates; proposed here."""
STILL = 1.05
"""Medians whose ratio is nearer to 1 differ by no more than noise, however small the spread."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect sizes of one comparison, and the strongest honest word for them."""

    ratio: float | None
    standardized: float | None
    delta: float | None
    strength: Strength


def of_samples(sick: Sequence[float], healthy: Sequence[float]) -> Effect:
    """Two samples of at least one value each."""
    ratio = _ratio(median(sick), median(healthy))
    delta = cliffs_delta(sick, healthy)
    strength = _word(abs(delta), DELTAS)
    if ratio is not None and 1 / STILL < ratio < STILL:
        strength = "none"
    return Effect(ratio, _standardized(sick, healthy), round(delta, 3), strength)


def of_shares(sick: tuple[int, int], healthy: tuple[int, int]) -> Effect:
    """Two shares, each (hits, trials) with at least one trial."""
    p, q = sick[0] / sick[1], healthy[0] / healthy[1]
    h = 2 * math.asin(math.sqrt(p)) - 2 * math.asin(math.sqrt(q))
    return Effect(_ratio(p, q), round(h, 3), None, _word(abs(h), SHARES))


def of_rates(sick: float, healthy: float) -> Effect:
    """Two rates; from nothing to something is as large as it gets."""
    ratio = _ratio(sick, healthy)
    if ratio is None:
        return Effect(None, None, None, "large" if sick > 0 else "none")
    return Effect(ratio, None, None, _word(abs(math.log(ratio)), RATES) if ratio > 0 else "large")


def cliffs_delta(sick: Sequence[float], healthy: Sequence[float]) -> float:
    """P(sick > healthy) - P(sick < healthy) over all pairs, in n log n."""
    ordered = sorted(healthy)
    above = sum(bisect.bisect_left(ordered, value) for value in sick)
    below = sum(len(ordered) - bisect.bisect_right(ordered, value) for value in sick)
    return (above - below) / (len(sick) * len(ordered))


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """First and third quartile; of one value, itself."""
    if len(values) < 2:
        return values[0], values[0]
    first, _, third = quantiles(values, n=4, method="inclusive")
    return first, third


def _standardized(sick: Sequence[float], healthy: Sequence[float]) -> float | None:
    spread = math.sqrt((_mad(sick) ** 2 + _mad(healthy) ** 2) / 2)
    return round((median(sick) - median(healthy)) / (TO_SIGMA * spread), 3) if spread > 0 else None


def _mad(values: Sequence[float]) -> float:
    middle = median(values)
    return median(abs(value - middle) for value in values)


def _ratio(sick: float, healthy: float) -> float | None:
    return round(sick / healthy, 3) if healthy else None


def _word(size: float, bounds: Sequence[tuple[float, Strength]]) -> Strength:
    return next((word for bound, word in bounds if size >= bound), "none")
