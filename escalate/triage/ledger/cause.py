"""The shape of a cause and of a test: a measurement answers with a sentence, its numbers and the places it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from escalate.model.exclusion import Measured
from escalate.model.kind import Kind
from escalate.model.rule import CorrelatorCall
from escalate.triage.evaluate import call
from escalate.triage.index import Index
from escalate.triage.result import Result


@dataclass(frozen=True, slots=True)
class Test:
    """What a measurement says: the result holds when the cause is present, and fails when it is shown to be absent."""

    result: Result
    measured: tuple[Measured, ...] = ()


Measure = Callable[[Index], Test]


@dataclass(frozen=True)
class Cause:
    """One row of the ledger; its id is the `cause` that rules name, stable and never reused."""

    id: str
    cause: str
    test: str
    how_to_test: str
    """The command that would settle it, with the placeholders of `missing`."""
    measures: tuple[Measure, ...] = ()
    texts: str = ""
    """Pattern of lines that speak of it, beside those that rules know."""
    rules: tuple[str, ...] = ()
    """Rules that keep it open although their `cause` is another or none."""
    sources: tuple[Kind, ...] = ()
    """Kinds of evidence in which it would be told."""
    os: str = ""
    """`linux` or `windows`, where it exists on one of them only."""


@dataclass(frozen=True)
class Asked:
    """A correlator as a measurement."""

    request: CorrelatorCall

    def __call__(self, index: Index) -> Test:
        """Evaluate it for the incident as a whole."""
        return Test(call(self.request, None, index))


def asked(correlator: str, **args: str | int | float) -> Asked:
    """A correlator, with its arguments, as a measurement."""
    return Asked(CorrelatorCall(correlator=correlator, args=dict(args)))
