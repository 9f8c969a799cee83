"""A survey of an invented site with two workers and a sibling."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from escalate.model.incident import Window
from escalate.model.survey import Sibling, Survey, Worker

GROUP = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/shop-rg/providers/Microsoft.Web"
SITE = f"{GROUP}/sites/shop"
FIRST = Worker(arm_id="a1" * 32, machine="RD0003FF000001", state="READY")
SECOND = Worker(arm_id="b2" * 32, machine="RD0003FF000002", state="READY")
NOON = datetime(2026, 4, 4, 12, tzinfo=UTC)


def survey(**more: Any) -> Survey:
    """The survey; fields of `more` replace those here."""
    fields: dict[str, Any] = {
        "resource_id": SITE,
        "name": "shop",
        "site": "shop",
        "platform": "windows",
        "plan_id": f"{GROUP}/serverfarms/shop-plan",
        "sku": "S1",
        "tier": "Standard",
        "scm_host": "shop.scm.azurewebsites.net",
        "workers": (FIRST, SECOND),
        "siblings": (Sibling(resource_id=f"{GROUP}/sites/import", name="import"),),
        "worst": SECOND.arm_id,
        "worst_why": "most 5xx",
        "window": Window(start=NOON.replace(hour=11), end=NOON),
        **more,
    }
    return Survey(**fields)
