"""The exclusion ledger: each cause on the app's side, what was tested, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from escalate.model.exclusion import Exclusion
from escalate.model.rule import CorrelatorCall
from escalate.triage.cite import EvidenceBook
from escalate.triage.evaluate import Match, call
from escalate.triage.index import Index
from escalate.triage.result import Result, State


@dataclass(frozen=True)
class _Row:
    id: str
    cause: str
    test: str
    request: CorrelatorCall | None = None
    """A measurement that holds when the cause is present; None: only matches of rules with this `cause` tell."""


def _call(correlator: str, **args: str | int | float) -> CorrelatorCall:
    return CorrelatorCall(correlator=correlator, args=dict(args))


ROWS = (
    _Row(
        "memory", "memory pressure on the worker", "memory stall and MemAvailable samples", _call("memory_pressure_at")
    ),
    _Row("limits", "sandbox limits (connections, threads, processes, pipes)", "sandbox counters", _call("near_limit")),
    _Row("shared-limit", "another app of the plan", "connections of all apps of the worker", _call("sibling_share")),
    _Row(
        "snat",
        "SNAT ports",
        "Failed column of the SNAT detector",
        _call("detector_value", detector="snat", column="failed", min=1),
    ),
    _Row("change", "deployment, restart or configuration change", "activity log", _call("customer_action_near")),
    _Row("deadlock", "deadlocked threads", "thread dumps", _call("deadlock")),
    _Row("lock", "threads that wait for one lock", "thread dumps and stacks", _call("lock_convoy")),
    _Row("disk", "disk full or quota reached", "texts of all logs"),
    _Row("dns", "name resolution", "texts of all logs"),
    _Row("dependency", "slow or unreachable dependency", "texts of all logs, duration of requests"),
    _Row(
        "storage",
        "credentials or network path of mounted storage",
        "a write to the mount in a transcript, texts of all logs",
        _call("mount_write_fails"),
    ),
)


def exclusions(matches: Sequence[Match], index: Index, book: EvidenceBook) -> tuple[Exclusion, ...]:
    """One row a cause; silence of a log rules nothing out."""
    return tuple(_row(row, matches, index, book) for row in ROWS)


def _row(row: _Row, matches: Sequence[Match], index: Index, book: EvidenceBook) -> Exclusion:
    told = next((match for match in matches if match.rule.cause == row.id and match.active), None)
    if told is not None:
        return Exclusion(
            id=row.id,
            cause=row.cause,
            state="not ruled out",
            test=row.test,
            result=f"{told.rule.id}: {told.title}.",
            evidence=book.cite_all(told.cites[:3]),
        )
    if row.request is None:
        return Exclusion(
            id=row.id,
            cause=row.cause,
            state="could not test",
            test=row.test,
            result="No text speaks of it; that alone rules nothing out.",
        )
    return _measured(row, call(row.request, None, index), book)


def _measured(row: _Row, result: Result, book: EvidenceBook) -> Exclusion:
    states = {State.HOLDS: "not ruled out", State.FAILS: "ruled out", State.UNKNOWN: "could not test"}
    return Exclusion.model_validate(
        {
            "id": row.id,
            "cause": row.cause,
            "state": states[result.state],
            "test": row.test,
            "result": result.sentence,
            "evidence": book.cite_all(result.cites[:3]),
        }
    )
