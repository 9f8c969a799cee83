"""What would settle an open matter, with the command that gets it; nothing that is already there is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from escalate.model.finding import MissingEvidence
from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.placeholders import UNKNOWN
from escalate.triage.retention import availability
from escalate.triage.template import fill
from escalate.triage.verdict import Decision

MAX_ROWS = 12


@dataclass(frozen=True)
class _Need:
    what: str
    why: str
    command: str
    kinds: tuple[Kind, ...] = ()
    os: str = ""


LOGS = _Need(
    "container and platform logs of all instances for the incident window",
    "without a log that covers the window neither a cause nor its absence can be shown",
    "az webapp log download --ids {resource_id} --log-file logs.zip",
    (Kind.CONTAINER_LOG, Kind.PLATFORM_LOG, Kind.EVENT_LOG),
)
ACTIVITY = _Need(
    "activity log of the app and its plan, 24 h before the incident",
    "shows or excludes deployments, restarts, swaps, scaling and configuration changes",
    "az monitor activity-log list --resource-id {resource_id} --start-time {t0} --end-time {t1}",
    (Kind.ACTIVITY_LOG,),
)
HEALTH = _Need(
    "Resource Health history of the app and service health of the region",
    "names maintenance, moves and faults that Azure itself recorded for the window, and who set them off",
    "az rest --method get --url "
    "'{resource_id}/providers/Microsoft.ResourceHealth/availabilityStatuses?api-version=2025-05-01'",
    (Kind.RESOURCE_HEALTH,),
)
BY_INSTANCE = _Need(
    "HTTP errors split by instance",
    "shows whether one worker is affected or all",
    "az monitor metrics list --resource {resource_id} --metric Http5xx --dimension Instance --interval PT1M "
    "--start-time {t0} --end-time {t1}",
)
MEMORY = _Need(
    "memory of the worker and of its processes during the incident",
    "shows whether the app's own use of memory explains it",
    "in the SSH session of the worker: escalate build local",
    (Kind.PROC_MEMINFO, Kind.PROC_PRESSURE),
    "linux",
)
COUNTERS = _Need(
    "sandbox counters (WEBSITE_COUNTERS_APP) of every app of the plan",
    "shows which app comes near a limit that all share",
    "https://{app}.scm.azurewebsites.net/api/environment, and the same for each app of the plan",
    (Kind.COUNTERS,),
    "windows",
)
THREADS = _Need(
    "thread dumps or stacks of the process while it is slow, three, 10 s apart",
    "shows what the threads wait for",
    "in the SSH session of the worker: escalate build local:{pid}",
    (Kind.THREAD_DUMP, Kind.STACKS),
    "linux",
)
CONTROL = _Need(
    "a control run: the same request on another worker, or after a restart of the app on this one",
    "shows whether the fault follows the process or the worker",
    "az webapp restart --ids {resource_id} (only when you decide to; collect first), then compare by instance",
)

OF_GATE: Mapping[str, tuple[_Need, ...]] = MappingProxyType(
    {
        "G1": (BY_INSTANCE,),
        "G2": (ACTIVITY,),
        "G3": (MEMORY, COUNTERS),
        "G5": (CONTROL, BY_INSTANCE),
        "G6": (LOGS,),
    }
)
NOTHING_FOUND = (LOGS, ACTIVITY, HEALTH, BY_INSTANCE, MEMORY, COUNTERS, THREADS)


def missing(
    decision: Decision, index: Index, values: Mapping[str, str], asked_at: datetime
) -> tuple[MissingEvidence, ...]:
    """Hints of the signatures that decided or could not, then what the open gates lack; at most twelve.

    The order is that of their weight; `urgency` says what goes first by time, seen from `asked_at`.
    """
    rows: dict[str, MissingEvidence] = {}
    for match in decision.drivers:
        for hint in match.rule.missing:
            if not (hint.found_in and index.has_file(hint.found_in)):
                command = fill(hint.command, {**values, **match.values}, unknown=UNKNOWN)
                rows.setdefault(hint.what, _row(hint.what, hint.why, command, index, asked_at))
    for need in _of_gates(decision, index):
        command = fill(need.command, values, unknown=UNKNOWN)
        rows.setdefault(need.what, _row(need.what, need.why, command, index, asked_at))
    return tuple(rows.values())[:MAX_ROWS]


def _row(what: str, why: str, command: str, index: Index, asked_at: datetime) -> MissingEvidence:
    known = availability(command, index.window, asked_at)
    return MissingEvidence(
        what=what,
        why=why,
        command=command,
        available_until=known.text,
        available_until_utc=known.until,
        urgency=known.urgency,
    )


def _of_gates(decision: Decision, index: Index) -> Iterator[_Need]:
    if decision.who != "undetermined":
        return
    wanted = [need for gate in decision.gates if gate.state == "unknown" for need in OF_GATE.get(gate.id, ())]
    if not decision.drivers:
        wanted += NOTHING_FOUND
    present = {artifact.kind for artifact in index.artifacts}
    incomplete = index.window is not None and any(
        gate.id == "G6" and gate.state == "unknown" for gate in decision.gates
    )
    system = (index.incident.target.os or "").partition("-")[0]
    for need in dict.fromkeys(wanted):
        there = bool(present & set(need.kinds))
        elsewhere = bool(need.os and system and need.os != system)
        if not elsewhere and (not there or (need is LOGS and (incomplete or not _in_window(index)))):
            yield need


def _in_window(index: Index) -> bool:
    window = index.window
    return window is not None and any(
        row.first_utc <= window.end and row.last_utc >= window.start for row in index.logs
    )
