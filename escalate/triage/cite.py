"""Numbers the places that are cited: E1, E2, ... in the order in which they are first used."""

from __future__ import annotations

from collections.abc import Iterable

from escalate.model.base import EvidenceId
from escalate.model.finding import Evidence, Polarity
from escalate.triage.place import EXCERPT, Place
from escalate.triage.result import Cite


class EvidenceBook:
    """All evidence of one triage run; the same place with the same polarity has one id.

    As context a place goes by the id it already has.
    """

    def __init__(self) -> None:
        self._entries: dict[tuple[str, int, str | None, Polarity], Evidence] = {}

    def cite(self, place: Place, polarity: Polarity) -> EvidenceId:
        """The id of a place; a new one when it was not cited before."""
        key = (*place.key, polarity)
        known = self._entries.get(key)
        if known is None and polarity is Polarity.CONTEXT:
            known = next((self._entries[*place.key, p] for p in Polarity if (*place.key, p) in self._entries), None)
        if known is None:
            known = Evidence(
                id=EvidenceId(f"E{len(self._entries) + 1}"),
                artifact=place.artifact.id,
                path=place.artifact.path,
                line=place.line,
                pointer=place.pointer,
                ts_utc=place.ts,
                precision=place.precision,
                instance=place.instance,
                pid=place.pid,
                polarity=polarity,
                excerpt=place.excerpt[:EXCERPT],
            )
            self._entries[key] = known
        return known.id

    def cite_all(self, cites: Iterable[Cite], default: Polarity = Polarity.CONTEXT) -> tuple[EvidenceId, ...]:
        """The ids of several places, each once."""
        return tuple(dict.fromkeys(self.cite(cite.place, cite.polarity or default) for cite in cites))

    @property
    def entries(self) -> tuple[Evidence, ...]:
        """All that was cited."""
        return tuple(self._entries.values())
