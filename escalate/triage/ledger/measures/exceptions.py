"""A storm of errors in the app's own logs: how many a minute inside the window, against the time before it."""

from __future__ import annotations

from collections.abc import Sequence

from escalate.model.exclusion import Measured
from escalate.model.incident import Window
from escalate.triage.correlators.heaviest_app import own_site
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.log_rates import LogRate
from escalate.triage.phase import Phase
from escalate.triage.result import fails, holds, unknown

LEAST = 20
"""Errors inside the window; fewer are no storm."""
STORM = 5.0
"""Times the rate before the window."""
STORM_ALONE = 10.0
"""Errors a minute that are a storm where the time before is not known; proposed here."""
QUIET = 1.0
"""Errors a minute that are no storm."""
COVERED = 0.8
ENOUGH_BEFORE = 5.0
"""Minutes before the window from which a rate is known."""


def storm(index: Index) -> Test:
    """Errors a minute, inside and before the window, over all logs of the app itself."""
    window = index.elapsed
    if window is None:
        return Test(unknown("The incident window is not known, so no rate can be compared."))
    own = own_site(index)
    every = [rate for rate in index.log_rates.rates.values() if own is None or rate.site in (None, own)]
    rates = [rate for rate in every if "during" in rate.phases]
    during, minutes = _sum(rates, "during", window)
    if not rates or minutes <= 0:
        return Test(unknown("No log of the app with a level or a stack trace has records inside the window."))
    before, earlier = _sum(every, "before", window)
    now = during / minutes
    numbers = [Measured(name="errors inside the window", value=during), _rate("inside the window", now)]
    usual = before / earlier if earlier >= ENOUGH_BEFORE else None
    said = f"{during} error{'' if during == 1 else 's'} in {minutes:.0f} min of the window ({now:.1f} a minute)"
    if usual is not None:
        numbers.append(_rate("before", usual))
        said += f", {before} in {earlier:.0f} min before it ({usual:.1f} a minute)"
    worst = max(rates, key=lambda rate: rate.phases["during"].errors)
    cited = worst.phases["during"].cited
    is_storm = now >= STORM_ALONE if usual is None else now >= STORM * max(usual, QUIET / STORM)
    if during >= LEAST and is_storm:
        return Test(holds(f"{said}; the cause or a consequence.", *cited[1:] or cited), tuple(numbers))
    length = (window.end - window.start).total_seconds() / 60
    if max(rate.minutes("during", window) for rate in rates) < COVERED * length:
        return Test(unknown(f"{said}; the logs do not cover the window."), tuple(numbers))
    if now <= max(QUIET, 2 * (usual or 0.0)):
        return Test(fails(f"{said}: no storm.", *cited[:1]), tuple(numbers))
    return Test(unknown(f"{said}; neither a storm nor quiet."), tuple(numbers))


def _sum(rates: Sequence[LogRate], phase: Phase, window: Window) -> tuple[int, float]:
    """Errors of all logs, and the minutes of the phase that the longest of them covers."""
    found = [rate for rate in rates if phase in rate.phases]
    minutes = max((rate.minutes(phase, window) for rate in found), default=0.0)
    return sum(rate.phases[phase].errors for rate in found), minutes


def _rate(when: str, value: float) -> Measured:
    return Measured(name=f"errors a minute, {when}", value=round(value, 3), unit="1/min")
