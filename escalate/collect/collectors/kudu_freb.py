"""Failed request traces: the slowest and the newest, found by reading the first bytes of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from escalate.azure.failure import AzureFailure
from escalate.collect.collector import collector
from escalate.collect.collectors.kudu_logs import PUBLISH, WINDOWS, candidates, since_of
from escalate.collect.context import Context
from escalate.collect.piece import Piece
from escalate.collect.vfs import file_call
from escalate.collect.vfs_choice import GROUPS, MIB, Choice
from escalate.collect.vfs_fetch import Taken
from escalate.model.outcome import Empty, Gap, Missing
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

TRACES = 10
LOOKED_AT = 60
"""IIS keeps at most 50 of them."""
HEAD = 4096
_TIME_TAKEN = re.compile(rb'\btimeTaken="(\d{1,10})"')


@collector(
    CatalogueEntry(
        id="freb",
        title="Failed request traces",
        why="Which module of IIS answered with an error, and where the time of a slow request went.",
        answers=("requests", "app-or-platform"),
        scope="site",
        platforms=WINDOWS,
        permission=PUBLISH,
        volatility=3,
        consent=Consent.ALWAYS,
        effects="reads files of the content share through Kudu, nothing is written",
        seconds=10,
        timeout_s=300,
        stall_s=120,
        max_bytes=GROUPS["freb"].most_bytes + MIB,
        sensitivity=Sensitivity.TEXT,
        obtain="az webapp log config -g {group} -n {app} --failed-request-tracing true; LogFiles/W3SVC*/fr*.xml",
        source="projectkudu/kudu: DiagnosticsController leaves W3SVC* out of api/dump; azure-docs: at most 50 are kept",
        may_be_absent=True,
    )
)
def failed_requests(context: Context) -> Iterator[Piece | Gap]:
    """Ten traces: half of them the slowest, the others the newest."""
    taken = Taken(context, context.site.kudu)
    chosen = list(candidates(taken, GROUPS["freb"], since_of(context)))
    wanted = [choice for choice in chosen if choice.why_not is None]
    if not wanted:
        if chosen:
            yield context.gap(Empty, f"{len(chosen)} traces, the newest: {chosen[0].why_not}")
        else:
            yield context.gap(Missing, "failed request tracing is off, or no request failed")
        return
    keep = _kept(taken, wanted) if len(wanted) > TRACES else wanted
    for choice in chosen:
        if choice in keep:
            yield taken.piece(choice)
        else:
            why = choice.why_not or f"not among the {TRACES} slowest and newest"
            taken.leave(replace(choice, why_not=why))
    if len(keep) < len(chosen):
        yield taken.listing("listing-freb.json")


def _kept(taken: Taken, newest_first: list[Choice]) -> list[Choice]:
    looked_at = newest_first[:LOOKED_AT]
    times = {choice.file.parts: _time_taken(taken, choice) for choice in looked_at}
    slowest = sorted(looked_at, key=lambda choice: times[choice.file.parts], reverse=True)[: TRACES // 2]
    rest = [choice for choice in newest_first if choice not in slowest]
    return [*slowest, *rest[: TRACES - len(slowest)]]


def _time_taken(taken: Taken, choice: Choice) -> int:
    """Milliseconds, from the root element; -1 when it cannot be read now: fetching it will say why."""
    call = file_call(taken.kudu, choice.file.parts)
    call = replace(call, headers={**call.headers, "Range": f"bytes=0-{HEAD - 1}"}, retries=0)
    try:
        with taken.kudu.stream(call) as stream:
            head = b""
            for chunk in stream.chunks():
                head += chunk
                if len(head) >= HEAD:
                    break
    except AzureFailure:
        return -1
    found = _TIME_TAKEN.search(head)
    return int(found[1]) if found else -1
