"""Named joins: every module of this package defines one `CORRELATOR`, and that is how it takes part."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from escalate.triage.result import Correlator


@functools.cache
def correlators() -> Mapping[str, Correlator]:
    """All correlators by name."""
    found: dict[str, Correlator] = {}
    for module in pkgutil.iter_modules(__path__):
        entry: Correlator = importlib.import_module(f"{__name__}.{module.name}").CORRELATOR
        found[entry.name] = entry
    return MappingProxyType(found)
