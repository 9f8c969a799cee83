"""How answers spell enums: as recorded (`Moderate`, `Email`), or as the OpenAPI file lists them."""

from __future__ import annotations

from escalate.lab.support.desk import SupportDesk

_RECORDED = {"highestcriticalimpact": "HighestCriticalImpact"}


def spelled(desk: SupportDesk, value: str) -> str:
    """A value of an enum."""
    low = value.lower()
    return _RECORDED.get(low, low.capitalize()) if desk.setup.real_casing else low
