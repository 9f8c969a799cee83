"""One side of a comparison: the samples of some workers, apps and one phase, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from escalate.model.differential import Side
from escalate.triage.differential.effect import quartiles
from escalate.triage.place import Place
from escalate.triage.samples import Key, Samples, Series, Trials

Chosen = Callable[[Key], bool]


@dataclass(frozen=True)
class Pool:
    """Values of several series."""

    name: str
    values: tuple[float, ...]
    count: int
    first: datetime | None
    last: datetime | None
    lowest: Place | None
    highest: Place | None

    def side(self) -> Side:
        """As documents hold it."""
        low, high = quartiles(self.values)
        return Side(
            name=self.name,
            n=self.count,
            value=round(median(self.values), 4),
            low=round(low, 4),
            high=round(high, 4),
            first_utc=self.first,
            last_utc=self.last,
        )


@dataclass(frozen=True)
class Share:
    """Trials of several keys."""

    name: str
    total: int
    hits: int
    first: datetime | None
    last: datetime | None
    places: tuple[Place, ...]

    def side(self) -> Side:
        """As documents hold it, in percent."""
        share = round(100 * self.hits / self.total, 3)
        return Side(name=self.name, n=self.total, value=share, first_utc=self.first, last_utc=self.last)


def pool(series: Mapping[Key, Series], name: str, measure: str, chosen: Chosen) -> Pool | None:
    """The values of the chosen series of one measure; None when there are none."""
    found = [one for key, one in series.items() if key.measure == measure and chosen(key)]
    if not found:
        return None
    lows = [one.lowest for one in found if one.lowest]
    highs = [one.highest for one in found if one.highest]
    return Pool(
        name=name,
        values=tuple(value for one in found for value in one.values),
        count=sum(one.count for one in found),
        first=min((one.first for one in found if one.first), default=None),
        last=max((one.last for one in found if one.last), default=None),
        lowest=min(lows, key=_value)[1] if lows else None,
        highest=max(highs, key=_value)[1] if highs else None,
    )


def share(samples: Samples, name: str, measure: str, chosen: Chosen) -> Share | None:
    """The trials of the chosen keys of one measure; None when there are none."""
    found = [one for key, one in samples.trials.items() if key.measure == measure and chosen(key)]
    return _together(name, found) if found else None


def _together(name: str, found: Sequence[Trials]) -> Share:
    bad = [one.bad for one in found if one.bad][:1]
    good = [one.good for one in found if one.good][:1]
    return Share(
        name=name,
        total=sum(one.total for one in found),
        hits=sum(one.hits for one in found),
        first=min((one.first for one in found if one.first), default=None),
        last=max((one.last for one in found if one.last), default=None),
        places=(*bad, *good),
    )


def _value(item: tuple[float, Place]) -> float:
    return item[0]
