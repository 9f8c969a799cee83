"""Service health: known incidents of the platform, and which of them name the site, its plan or its siblings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from escalate.azure.failure import AzureFailure, Why
from escalate.collect.arm_request import document, is_empty, merged, pages_of, saved
from escalate.collect.collector import collector
from escalate.collect.context import Context
from escalate.collect.json_parts import mappings, properties, text
from escalate.collect.names import safe_part
from escalate.collect.outcomes import outcome_of_failure
from escalate.collect.piece import Piece
from escalate.model.outcome import Empty, Gap
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

VERSION = "2025-05-01"
BEFORE = timedelta(days=3)
EVENTS = 10
"""Of so many events is asked what they hit; the newest come first."""


@collector(
    CatalogueEntry(
        id="rh.service",
        title="Service health of the subscription",
        why="A known incident answers the case; its tracking id belongs in the ticket.",
        answers=("known-incident", "app-or-platform", "when", "K1", "K12"),
        scope="site",
        permission="Microsoft.ResourceHealth/events/read",
        volatility=4,
        consent=Consent.ALWAYS,
        effects="reads from Resource Health; the app is not touched",
        seconds=6,
        timeout_s=300,
        stall_s=90,
        max_bytes=32_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain="az rest --method get --url"
        " '{subscription}/providers/Microsoft.ResourceHealth/events?api-version=2025-05-01'",
        fallbacks=("rh.events",),
        source="azure-mgmt-resourcehealth: events.list_by_subscription_id, impacted_resources",
    )
)
def service_health(context: Context) -> Iterator[Piece | Gap]:
    """The events, and for each a list of what it hit that has to do with this site."""
    base = f"{context.values['subscription']}/providers/Microsoft.ResourceHealth/events"
    since = context.site.survey.window.start - BEFORE
    query = {"queryStartTime": f"{since.month}/{since.day}/{since.year}"}  # as the API's own description writes it
    pages, gap = pages_of(context, context.site.arm, base, VERSION, query)
    body = merged(pages)
    if is_empty(body):
        yield gap or Empty(reason="Service Health knows of no event in the subscription", hint=context.obtain)
        return
    yield saved(context, "health/service.json", body, origin=f"GET {base}")
    if gap is not None:
        yield gap
    names = [text(event.get("name")) for page in pages for event in mappings(page.json()["value"])]
    for name in list(dict.fromkeys(filter(None, names)))[:EVENTS]:
        try:
            yield from _impacted(context, base, name)
        except AzureFailure as failure:
            if failure.why is not Why.MISSING:  # 404: the event lists no resources
                yield outcome_of_failure(failure, context.obtain)


def _impacted(context: Context, base: str, name: str) -> Iterator[Piece | Gap]:
    """Rows that name the site, its plan or a sibling; the others are only counted: they are other people's."""
    survey = context.site.survey
    ours = [survey.resource_id, survey.plan_id or "", survey.environment or ""]
    ours += [sibling.resource_id for sibling in survey.siblings]
    wanted = {each.casefold() for each in ours if each}
    path = f"{base}/{name}/impactedResources"
    pages, gap = pages_of(context, context.site.arm, path, VERSION, {})
    rows: list[dict[str, Any]] = [row for page in pages for row in mappings(page.json().get("value"))]
    mine = [row for row in rows if text(properties(row).get("targetResourceId")).casefold() in wanted]
    if mine:
        body = document({"trackingId": name, "value": mine, "others": len(rows) - len(mine)})
        yield saved(context, f"health/impacted/{safe_part(name)}.json", body, origin=f"GET {path}")
    if gap is not None:
        yield gap
