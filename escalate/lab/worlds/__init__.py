"""The worlds that the lab can play: every module of this package that defines `WORLD` is one, and nothing else is."""

from escalate.lab.worlds.registry import Worlds

WORLDS = Worlds()
"""All of them."""

__all__ = ["WORLDS"]
