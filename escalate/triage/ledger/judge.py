"""One row a cause: what a signature says, then what was measured, then what a silence is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from escalate.model.exclusion import Exclusion
from escalate.triage.cite import EvidenceBook
from escalate.triage.evaluate import Match
from escalate.triage.index import Index
from escalate.triage.known import known_values
from escalate.triage.ledger.cause import Cause, Test
from escalate.triage.ledger.causes import CAUSES
from escalate.triage.ledger.silence import Silence, silence
from escalate.triage.place import Hit, inside
from escalate.triage.placeholders import UNKNOWN
from escalate.triage.result import Cite, Result, State
from escalate.triage.template import fill

CITED = 3
SAID = 2
"""Measurements that agree are told up to this many."""

Answer = Literal["ruled out", "not ruled out", "could not test"]


def exclusions(matches: Sequence[Match], index: Index, book: EvidenceBook) -> tuple[Exclusion, ...]:
    """The whole ledger; a cause that does not exist on the app's system has no row."""
    system = (index.incident.target.os or "").partition("-")[0]
    main = next((match for match in matches if match.active), None)
    values = known_values(index, main)
    workers = tuple(sorted({name for match in matches if match.active for name in match.instances}))
    return tuple(
        _row(cause, matches, index, book, values, workers)
        for cause in CAUSES
        if not (cause.os and system and cause.os != system)
    )


def _row(
    cause: Cause,
    matches: Sequence[Match],
    index: Index,
    book: EvidenceBook,
    values: Mapping[str, str],
    workers: Sequence[str],
) -> Exclusion:
    tests = [measure(index) for measure in cause.measures]
    quiet = silence(index, cause.sources, workers)
    state, result, cites = _judge(cause, tests, matches, index, quiet)
    shown = tests if state == "could not test" else [one for one in tests if one.result.state is _MEANS[state]]
    return Exclusion(
        id=cause.id,
        cause=cause.cause,
        state=state,
        test=cause.test,
        result=result,
        evidence=book.cite_all(cites[: 2 * CITED]),
        measured=tuple(number for test in shown for number in test.measured),
        looked_at=quiet.sentences,
        how_to_test="" if state == "ruled out" else fill(cause.how_to_test, values, unknown=UNKNOWN),
    )


_MEANS: Mapping[Answer, State] = {
    "not ruled out": State.HOLDS,
    "ruled out": State.FAILS,
    "could not test": State.UNKNOWN,
}


def _judge(
    cause: Cause, tests: Sequence[Test], matches: Sequence[Match], index: Index, quiet: Silence
) -> tuple[Answer, str, tuple[Cite, ...]]:
    told = next((match for match in matches if match.active and _speaks_of(match, cause)), None)
    if told is not None:
        return "not ruled out", f"{told.rule.id}: {told.title}.", told.cites[:CITED]
    present = [test.result for test in tests if test.result.state is State.HOLDS]
    if present:
        return "not ruled out", *_joined(present)
    lines = _lines(cause, index)
    if lines:
        first = lines[0].place
        when = f" at {first.ts:%Y-%m-%d %H:%M:%S} UTC" if first.ts else ""
        many = "1 line of the window speaks" if len(lines) == 1 else f"{len(lines)} lines of the window speak"
        said = f"{many} of it, the first{when} in {first.artifact.path}."
        return "not ruled out", said, tuple(Cite(hit.place) for hit in lines[:CITED])
    absent = [test.result for test in tests if test.result.state is State.FAILS]
    if absent:
        sentence, cites = _joined(absent)
        cites = cites or quiet.cites
        if cites:
            return "ruled out", sentence, cites
    return _of_silence(cause, tests, quiet)


def _speaks_of(match: Match, cause: Cause) -> bool:
    return match.rule.cause == cause.id or match.rule.id in cause.rules


def _of_silence(cause: Cause, tests: Sequence[Test], quiet: Silence) -> tuple[Answer, str, tuple[Cite, ...]]:
    """No measurement decided: what was searched is told, and that its silence alone rules nothing out."""
    told = [test.result.sentence for test in tests if test.result.sentence][:SAID]
    if quiet.is_telling:
        told.append(
            f"None of {quiet.records} records that were searched speaks of it; an app may meet it and log nothing, so "
            "that alone rules nothing out."
        )
    elif quiet.rows:
        told.append(
            "What was searched does not cover the window of the affected worker, so its silence rules nothing out."
        )
    elif cause.sources:
        told.append("No source that would tell of it was collected.")
    return "could not test", " ".join(dict.fromkeys(told)) or "Nothing in the evidence tells.", ()


def _joined(results: Sequence[Result]) -> tuple[str, tuple[Cite, ...]]:
    told = results[:SAID]
    return " ".join(one.sentence for one in told), tuple(cite for one in told for cite in one.cites[:CITED])


def _lines(cause: Cause, index: Index) -> list[Hit]:
    if not cause.texts:
        return []
    return [
        hit
        for hit in index.watched(cause.texts).hits
        if inside(index.window, hit.place) and (not cause.sources or hit.place.kind in cause.sources)
    ]
