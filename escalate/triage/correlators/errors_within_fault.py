"""The server errors begin after the start of a fault that Azure records, and no change of the customer lies between."""

from __future__ import annotations

from datetime import timedelta

from escalate.triage.correlators.fault_confirmed import CORRELATOR as CONFIRMED
from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Args, Correlator, Result, State, fails, holds, number, unknown

CITED = 3


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    confirmed = CONFIRMED.evaluate(hit, {}, index)
    if confirmed.state is not State.HOLDS:
        return confirmed
    began = index.http.first_error
    event = confirmed.cites[0].place
    rows = index.http.rows(frozenset(range(500, 600)))
    if began is None or event.ts is None or not rows:
        return unknown("When the server errors began is not in the evidence, so they cannot be set beside the event.")
    early = timedelta(minutes=number(args, "early_min", 10))
    if began < event.ts - early:
        return fails(f"The server errors began at {began:%H:%M} UTC, before the recorded fault.", *rows[:CITED])
    return holds(
        f"The server errors begin at {began:%H:%M} UTC, while the recorded fault lasts.",
        event,
        *rows[:CITED],
        errors_from=f"{began:%H:%M} UTC",
        **confirmed.values,
    )


CORRELATOR = Correlator("errors_within_fault", frozenset({"early_min"}), _evaluate)
