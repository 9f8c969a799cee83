"""What stands in a command where the evidence does not know a value."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

UNKNOWN: Mapping[str, str] = MappingProxyType(
    {
        "resource_id": "RESOURCE_ID",
        "app": "APP",
        "plan": "PLAN",
        "group": "GROUP",
        "t0": "START_UTC",
        "t1": "END_UTC",
        "worker": "WORKER",
        "pid": "PID",
        "subscription": "SUBSCRIPTION",
    }
)
"""Placeholders of a command whose values the evidence does not know; they are for the reader to put in."""
