"""The activity log: who did what to the site, its plan and its resource group; without tokens' claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from escalate.azure.failure import AzureFailure, Why
from escalate.collect.arm_request import document, kept, pages_of
from escalate.collect.collector import collector
from escalate.collect.context import Context, now
from escalate.collect.piece import Piece
from escalate.collect.placeholders import RFC3339
from escalate.model.outcome import Empty, Gap, Missing
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

VERSION = "2015-04-01"
READ = "Microsoft.Insights/eventtypes/values/Read"
BEFORE = timedelta(days=7)
"""What was changed in the week before is asked for: a change may show its effect days later."""
AFTER = timedelta(hours=1)
KEPT = timedelta(days=89)
"""The log goes back 90 days."""
DROPPED = frozenset({"claims", "authorization"})
"""Of every event: the token of whoever did it, spelled out."""
EFFECTS = "reads from the activity log; the app is not touched"
SOURCE = "azure-mgmt-monitor: activity_logs.list, 2015-04-01"

Wanted = Callable[[str], bool]


@collector(
    CatalogueEntry(
        id="act.log",
        title="Activity log of the site",
        why="A restart, deployment or new setting just before the incident is the first suspect.",
        answers=("what-changed", "app-or-platform", "when", "K1"),
        scope="site",
        permission=READ,
        volatility=4,
        consent=Consent.ALWAYS,
        effects=EFFECTS,
        seconds=5,
        timeout_s=300,
        stall_s=90,
        max_bytes=64_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="az monitor activity-log list --resource-id {site} --start-time {start} --end-time {end}",
        fallbacks=("cfg.history", "deploy.list"),
        source=SOURCE,
        late=True,
    )
)
def of_site(context: Context) -> Iterator[Piece | Gap]:
    """Events of a week before the incident to an hour after it."""
    site = context.values["site"]
    yield from _events(context, f"resourceUri eq '{site}'", "site", lambda resource: True)


@collector(
    CatalogueEntry(
        id="act.log.plan",
        title="Activity log of the plan",
        why="Scaling or moving the plan changes the workers of all its apps.",
        answers=("what-changed", "app-or-platform", "when", "K1"),
        scope="site",
        permission=READ,
        volatility=4,
        consent=Consent.ALWAYS,
        effects=EFFECTS,
        seconds=5,
        timeout_s=300,
        stall_s=90,
        max_bytes=64_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="az monitor activity-log list --resource-id {plan} --start-time {start} --end-time {end}",
        source=SOURCE,
        late=True,
    )
)
def of_plan(context: Context) -> Iterator[Piece | Gap]:
    """See `of_site`."""
    plan = context.site.survey.plan_id
    if not plan:
        yield context.gap(Missing, "the App Service plan of the site could not be found out")
        return
    yield from _events(context, f"resourceUri eq '{plan}'", "plan", lambda resource: True)


@collector(
    CatalogueEntry(
        id="act.log.group",
        title="Activity log of the rest of the resource group",
        why="Networks, stores and sibling apps that the app depends on are changed there.",
        answers=("what-changed", "neighbours", "network"),
        scope="site",
        permission=READ,
        volatility=4,
        consent=Consent.ALWAYS,
        effects=EFFECTS,
        seconds=8,
        timeout_s=300,
        stall_s=90,
        max_bytes=64_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="az monitor activity-log list --resource-group {group} --start-time {start} --end-time {end}",
        fallbacks=("act.log",),
        source=SOURCE,
        late=True,
    )
)
def of_group(context: Context) -> Iterator[Piece | Gap]:
    """Without the events that the other two have."""
    own = tuple(each.casefold() for each in (context.values["site"], context.values["plan"]) if each)

    def elsewhere(resource: str) -> bool:
        return not any(resource == each or resource.startswith(f"{each}/") for each in own)

    yield from _events(context, f"resourceGroupName eq '{context.values['group']}'", "group", elsewhere)


def _events(context: Context, about: str, name: str, wanted: Wanted) -> Iterator[Piece | Gap]:
    window = context.site.survey.window
    since, until = max(window.start - BEFORE, now() - KEPT), min(window.end + AFTER, now())
    if since >= until:
        yield context.gap(Missing, "the activity log goes back 90 days; the incident was before that")
        return
    start, end = since.strftime(RFC3339), until.strftime(RFC3339)
    path = f"{context.values['subscription']}/providers/Microsoft.Insights/eventtypes/management/values"
    query = {"$filter": f"eventTimestamp ge '{start}' and eventTimestamp le '{end}' and {about}"}
    pages, gap = pages_of(context, context.site.arm, path, VERSION, query)
    events: list[dict[str, Any]] = []
    for page in pages:
        data = page.json()
        listed = data.get("value") if isinstance(data, dict) else None
        if not isinstance(listed, list):
            raise AzureFailure(Why.INVALID, f"{page.url} is not an activity log", status=page.status)
        events += [_without(each) for each in listed if isinstance(each, dict) and wanted(_resource(each))]
    if events:
        yield from kept(context, f"activity/{name}.json", document({"value": events}), origin=f"GET {path} ({about})")
    elif gap is None:
        yield Empty(reason=f"nothing was done there from {start} to {end}", hint=context.obtain)
    if gap is not None:
        yield gap


def _without(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in DROPPED}


def _resource(event: dict[str, Any]) -> str:
    return str(event.get("resourceId") or "").casefold()
