"""What a silence is worth: which sources were searched, how much they hold, and how much of the window they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from escalate.model.kind import Kind
from escalate.model.timeline import Coverage
from escalate.triage.index import Index
from escalate.triage.place import Place
from escalate.triage.result import Cite

WHOLE = 0.9
"""Part of the window between first and last record from which a source counts as covering it."""
TOLD = 4
"""Sources that are named; the others are counted."""


@dataclass(frozen=True)
class Silence:
    """The sources that would have spoken."""

    rows: tuple[Coverage, ...]
    covering: tuple[Coverage, ...]
    cites: tuple[Cite, ...]

    @property
    def is_telling(self) -> bool:
        """Whether they cover the window, so that what they do not say did not happen to them."""
        return bool(self.covering)

    @property
    def records(self) -> int:
        """Records that were searched."""
        return sum(row.records for row in self.rows)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was looked at."""
        said = [_said(row) for row in self.rows[:TOLD]]
        if len(self.rows) > TOLD:
            more = self.rows[TOLD:]
            said.append(f"{sum(row.records for row in more)} records of {len(more)} more sources.")
        return tuple(said)


def silence(index: Index, kinds: Sequence[Kind], workers: Sequence[str] = ()) -> Silence:
    """Sources of these kinds; when workers are known, only a log of one of them, or one all write to, covers."""
    rows = sorted(
        (row for row in index.coverage if row.kind in kinds),
        key=lambda row: (-(row.window_share or 0.0), -row.records, row.path),
    )
    covering = [row for row in rows if (row.window_share or 0.0) >= WHOLE and _of(index, row, workers)]
    cites = [Cite(edge) for row in (covering or rows)[:2] for edge in _edges(index, row)]
    return Silence(tuple(rows), tuple(covering), tuple(cites))


def _of(index: Index, row: Coverage, workers: Sequence[str]) -> bool:
    return not workers or row.lane in workers or row.lane not in index.instances()


def _edges(index: Index, row: Coverage) -> tuple[Place, ...]:
    edges = index.edges.get(row.artifact)
    return (edges.first, edges.last) if edges else ()


def _said(row: Coverage) -> str:
    share = "" if row.window_share is None else f", {row.window_share * 100:.0f} % of the window"
    return (
        f"{row.records} records of {row.path}, {row.first_utc:%Y-%m-%d %H:%M:%S} to {row.last_utc:%Y-%m-%d %H:%M:%S} "
        f"UTC{share}."
    )
