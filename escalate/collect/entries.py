"""The catalogue: TOML files of plain requests and the decorated collectors, as one list."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

import escalate.collect.collectors
from escalate.collect import plain
from escalate.collect.collector import Collector
from escalate.errors import ConfigError
from escalate.model.plan import CatalogueEntry, Consent

CATALOGUE = Path(__file__).parent / "catalogue"


def entries() -> tuple[CatalogueEntry, ...]:
    """All entries, by id."""
    return tuple(collector.entry for collector in collectors())


@functools.cache
def collectors() -> tuple[Collector, ...]:
    """All collectors, by id.

    Raises:
        ConfigError: an entry is wrong, or an id is used twice: a defect of this package.
    """
    return unique([*_plain(CATALOGUE), *_decorated()])


def unique(found: Iterable[Collector]) -> tuple[Collector, ...]:
    """The same, sorted by id.

    Raises:
        ConfigError: an id is used twice.
    """
    by_id: dict[str, Collector] = {}
    for collector in found:
        if collector.entry.id in by_id:
            raise ConfigError(f"the collector {collector.entry.id} is declared twice", hint="rename one of them")
        by_id[collector.entry.id] = collector
    return tuple(by_id[each] for each in sorted(by_id))


def _plain(folder: Path) -> Iterator[Collector]:
    for place in sorted(folder.glob("*.toml")):
        for number, table in enumerate(tomllib.loads(place.read_text("utf-8")).get("collector", ()), 1):
            try:
                entry = CatalogueEntry.model_validate(table)
            except ValidationError as error:
                first = error.errors()[0]
                raise ConfigError(
                    f"collector {number} of {place.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}",
                    hint="compare it with the other entries of the file",
                ) from error
            if entry.request is None and entry.consent is not Consent.GUIDED:
                raise ConfigError(f"{entry.id} of {place.name} has no request", hint="say what it reads or runs")
            yield Collector(entry=entry, gather=plain.gather)


def _decorated() -> Iterator[Collector]:
    for module in pkgutil.iter_modules(escalate.collect.collectors.__path__):
        found = importlib.import_module(f"escalate.collect.collectors.{module.name}")
        for value in vars(found).values():
            if isinstance(value, Collector):
                yield value
