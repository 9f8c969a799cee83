"""Which columns of a table hold secrets, people or clients, and what becomes of their cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from escalate.redact.engine import Engine
from escalate.redact.handlers.structured_names import holds, is_harmless, pseudonymous, query

LABEL = "table-column"
_LINKS = frozenset(("url", "csuriquery", "csreferer", "referer", "requesturi", "querystring"))

Cell = Callable[[bytes], bytes]


class Columns:
    """The columns of one table."""

    def __init__(self, names: Sequence[str], engine: Engine, counts: Counter[str]) -> None:
        self.width = len(names)
        self._engine = engine
        self._counts = counts
        self._holding = {at: what for at, name in enumerate(names) if (what := _held(name))}

    @property
    def places(self) -> tuple[int, ...]:
        """Of the columns that are looked at."""
        return tuple(self._holding)

    def cell(self, at: int, old: bytes) -> bytes:
        """What stands in the place of the content of a cell, without its quotes."""
        if is_harmless(old):
            return old
        holding = self._holding[at]
        new = query(self._engine, old) if holding == "link" else pseudonymous(self._engine, holding, old)
        if new != old:
            self._counts[LABEL] += 1
        return new


def _held(name: str) -> str:
    if name.casefold().replace("_", "") in _LINKS:
        return "link"
    return holds(name)
