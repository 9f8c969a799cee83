"""The two moments that bound the incident: the first bad sign, and the last good one before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from escalate.model.finding import Precision
from escalate.model.timeline import TimelineMoment
from escalate.triage.cite import EvidenceBook
from escalate.triage.correlators.heaviest_app import own_site
from escalate.triage.evaluate import Match
from escalate.triage.index import LIFECYCLE, Index
from escalate.triage.ledger.measures.starts import START
from escalate.triage.phase import phase_of
from escalate.triage.place import Place, inside
from escalate.triage.result import Cite

LEAST_ERRORS = 3
"""Server errors inside the window from which the first of them is a sign; single ones happen on good days."""


def bounds(
    drivers: Sequence[Match], matches: Sequence[Match], index: Index, book: EvidenceBook
) -> tuple[TimelineMoment | None, TimelineMoment | None]:
    """(first bad, last good); None where the evidence shows none."""
    bad = _first_bad(drivers, matches, index)
    if bad is None or bad[0].ts is None:
        return None, None
    place, sentence = bad
    good = _last_good(place, bad[0].ts, index)
    return _moment(place, sentence, book), _moment(*good, book) if good else None


def _first_bad(drivers: Sequence[Match], matches: Sequence[Match], index: Index) -> tuple[Place, str] | None:
    telling = drivers or [match for match in matches if match.active and match.rule.severity != "info"]
    found = [
        (hit.place, f"The first sign: {match.title}.")
        for match in telling
        for hit in match.hits
        if hit.place.ts is not None and inside(index.window, hit.place)
    ]
    failed = [
        trials
        for key, trials in index.samples.trials.items()
        if key.phase == "during" and trials.hits and _is_own(key.site, index)
    ]
    if sum(trials.hits for trials in failed) >= LEAST_ERRORS:
        found += [(trials.bad, "The first server error of the window.") for trials in failed if trials.bad is not None]
    timed = [item for item in found if item[0].ts is not None]
    return min(timed, key=_when) if timed else None


def _last_good(bad: Place, moment: datetime, index: Index) -> tuple[Place, str] | None:
    served = [
        place
        for place in index.samples.served.values()
        if place.ts is not None and place.ts < moment and _same(bad, place) and _is_own(place.site, index)
    ]
    if served:
        return max(served, key=_ts), "The last request before it that went well."
    starts = [
        hit.place
        for hit in index.watched(LIFECYCLE).hits
        if START.search(hit.place.excerpt)
        and hit.place.ts is not None
        and hit.place.ts < moment
        and phase_of(hit.place.ts, index.window) is not None
        and _same(bad, hit.place)
    ]
    return (max(starts, key=_ts), "The last start before it that the platform called good.") if starts else None


def _same(bad: Place, place: Place) -> bool:
    """On the same worker, where both are known."""
    return not bad.instance or not place.instance or bad.instance == place.instance


def _is_own(site: str | None, index: Index) -> bool:
    own = own_site(index)
    return site is None or own is None or site.lower() == own.lower()


def _moment(place: Place, sentence: str, book: EvidenceBook) -> TimelineMoment | None:
    if place.ts is None:
        return None
    precision = place.precision if place.precision is not Precision.UNKNOWN else Precision.SECOND
    return TimelineMoment(
        ts_utc=place.ts, precision=precision, sentence=sentence, evidence=book.cite_all((Cite(place),))
    )


def _when(item: tuple[Place, str]) -> float:
    return _ts(item[0])


def _ts(place: Place) -> float:
    return place.ts.timestamp() if place.ts else 0.0
