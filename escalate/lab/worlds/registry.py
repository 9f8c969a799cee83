"""Finds the worlds of this package by name; none is made before it is asked for."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from escalate.errors import UsageError
from escalate.lab.world import World

PACKAGE = "escalate.lab.worlds"


class Worlds(Mapping[str, World]):
    """All worlds by name, in the order of their names."""

    def __getitem__(self, name: str) -> World:
        """The world of that name.

        Raises:
            KeyError: there is none.
        """
        return _found()[name]

    def __iter__(self) -> Iterator[str]:
        """Their names."""
        return iter(_found())

    def __len__(self) -> int:
        """How many there are."""
        return len(_found())

    def named(self, name: str) -> World:
        """The world that somebody typed the name of.

        Raises:
            UsageError: there is none; the hint says which there are.
        """
        if name in self:
            return self[name]
        close = difflib.get_close_matches(name, self, n=1)
        raise UsageError(
            f"the lab has no world {name!r}",
            hint=f"did you mean {close[0]}?" if close else f"one of: {', '.join(self)}",
        )


@functools.cache
def _found() -> dict[str, World]:
    modules = pkgutil.iter_modules([str(Path(__file__).parent)])
    made = (getattr(importlib.import_module(f"{PACKAGE}.{module.name}"), "WORLD", None) for module in modules)
    worlds = [world for world in made if isinstance(world, World)]
    return {world.name: world for world in sorted(worlds, key=lambda world: world.name)}
