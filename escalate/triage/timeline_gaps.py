"""What a source says nothing of: where it begins too late, ends too early, or falls silent inside the window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from escalate.model.incident import Window
from escalate.model.timeline import Coverage, TimelineGap
from escalate.triage.cite import EvidenceBook
from escalate.triage.index import Index
from escalate.triage.place import WINDOW_MARGIN
from escalate.triage.result import Cite
from escalate.triage.rhythm import Pulse, Silence

MAX_GAPS = 100
PER_SOURCE = 3
LONGER = 10
"""Times the mean time between records from which a silence is one."""
LEAST = timedelta(seconds=10)
SELDOM = 3
"""Times the mean time between records for which a log may write nothing at either end."""

Reason = Literal["begins later", "ends earlier", "silence", "does not reach"]


def gaps(index: Index, book: EvidenceBook) -> tuple[TimelineGap, ...]:
    """Gaps of the logs, those of whole sources first; at most a hundred.

    A snapshot is no log, an older piece of a rotated log is no gap while a newer one is there, and a log that writes
    seldom misses nothing by writing nothing for a while.
    """
    window = index.elapsed
    if window is None:
        return ()
    streams = [row for row in index.logs if row.first_utc < row.last_utc]
    reaching = {(row.lane, row.kind) for row in streams if not _is_outside(row, window)}
    found = [
        gap
        for row in streams
        if not (_is_outside(row, window) and (row.lane, row.kind) in reaching)
        for gap in _of_edges(row, window)
    ]
    found += [gap for row in streams for gap in _silences(row, index, window, book)]
    return tuple(found[:MAX_GAPS])


def _is_outside(row: Coverage, window: Window) -> bool:
    return row.last_utc < window.start or row.first_utc > window.end


def _of_edges(row: Coverage, window: Window) -> Iterator[TimelineGap]:
    if _is_outside(row, window):
        said = f"It covers {_span(row.first_utc, row.last_utc)} and nothing of the window."
        yield _gap(row, window.start, window.end, "does not reach", said)
        return
    usual = max(WINDOW_MARGIN, SELDOM * (row.last_utc - row.first_utc) / max(1, row.records - 1))
    if row.first_utc > window.start + usual:
        said = f"Its first record is of {_stamp(row.first_utc)}; what was before is not told."
        yield _gap(row, window.start, row.first_utc, "begins later", said)
    if row.last_utc < window.end - usual:
        said = f"Its last record is of {_stamp(row.last_utc)}; what came after is not told."
        yield _gap(row, row.last_utc, window.end, "ends earlier", said)


def _silences(row: Coverage, index: Index, window: Window, book: EvidenceBook) -> Iterator[TimelineGap]:
    lanes = [pulse for (artifact, _, _), pulse in index.rhythm.pulses.items() if artifact == row.artifact]
    if len(lanes) != 1:  # of a table that many write, one writer's silence is not the source's
        return
    pulse = lanes[0]
    found = [
        one for one in pulse.silences if _is_long(one, pulse) and window.start <= one.end and one.start <= window.end
    ]
    for one in sorted(found, key=lambda one: -one.length)[:PER_SOURCE]:
        mean = pulse.mean.total_seconds()
        said = f"Silent for {one.length.total_seconds():.0f} s, where it else writes every {mean:.1f} s."
        cites = book.cite_all((Cite(one.before), Cite(one.after)))
        yield _gap(row, one.start, one.end, "silence", said).model_copy(update={"evidence": cites})


def _is_long(one: Silence, pulse: Pulse) -> bool:
    return one.length >= LEAST and pulse.mean < timedelta.max and one.length >= LONGER * pulse.mean


def _gap(row: Coverage, start: datetime, end: datetime, reason: Reason, sentence: str) -> TimelineGap:
    return TimelineGap(
        artifact=row.artifact,
        path=row.path,
        lane=row.lane,
        start_utc=start,
        end_utc=end,
        reason=reason,
        sentence=sentence,
    )


def _span(first: datetime, last: datetime) -> str:
    return f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
