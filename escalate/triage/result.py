"""What a correlator answers, and the shape every correlator has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import JsonValue

from escalate.model.finding import Polarity
from escalate.triage.place import Hit, Place

if TYPE_CHECKING:
    from escalate.triage.index import Index

Args = Mapping[str, JsonValue]


class State(StrEnum):
    """Three values on purpose: evidence that is not there is neither yes nor no."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cite:
    """A place that a sentence rests on; `polarity` None: as the rule uses it."""

    place: Place
    polarity: Polarity | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The answer with a sentence, the places it rests on, and values for titles and questions."""

    state: State
    sentence: str
    cites: tuple[Cite, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)


def holds(sentence: str, *places: Place, **values: str) -> Result:
    """The evidence says yes."""
    return Result(State.HOLDS, sentence, tuple(Cite(place) for place in places), values)


def fails(sentence: str, *places: Place) -> Result:
    """The evidence says no."""
    return Result(State.FAILS, sentence, tuple(Cite(place) for place in places))


def unknown(sentence: str) -> Result:
    """The evidence does not reach so far."""
    return Result(State.UNKNOWN, sentence)


Evaluate = Callable[[Hit | None, Args, "Index"], Result]


@dataclass(frozen=True)
class Correlator:
    """A named join. `evaluate` is pure; the hit is None where the rule is a measurement and not a text."""

    name: str
    args: frozenset[str]
    """Argument names it knows; others are refused when rules are loaded. Names that are `regex` or end in `_regex`
    are patterns that the single pass looks for."""
    evaluate: Evaluate
    watches: tuple[str, ...] = ()
    """Patterns that it looks for where a rule gives none."""


def number(args: Args, name: str, default: float) -> float:
    """A numeric argument of a rule."""
    value = args.get(name, default)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def text(args: Args, name: str, default: str = "") -> str:
    """A text argument of a rule."""
    value = args.get(name, default)
    return value if isinstance(value, str) else default


def words(args: Args, name: str) -> tuple[str, ...]:
    """A list-of-texts argument of a rule."""
    value = args.get(name, [])
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
