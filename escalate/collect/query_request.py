"""Carries out the KQL queries of the catalogue; the text stands beside the result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from escalate.azure.failure import AzureFailure, Why
from escalate.azure.logs import Logs
from escalate.collect.arm_request import saved
from escalate.collect.context import Context, now
from escalate.collect.late import settled
from escalate.collect.piece import Piece
from escalate.collect.placeholders import RFC3339, fill
from escalate.model.incident import Window
from escalate.model.outcome import Empty, Gap, Missing
from escalate.model.plan import QueryRequest

AROUND = timedelta(hours=1)
"""What lies before and after the incident is asked for as well: it shows what is usual."""
_TAKE = re.compile(r"\btake (\d+)")
_NO_TABLE = "failed to resolve"


def gather(context: Context, request: QueryRequest) -> Iterator[Piece | Gap]:
    """Result and text of each workspace, or of the component."""
    survey = context.site.survey
    if request.over == "workspace":
        resources = survey.workspaces
    else:
        resources = (survey.component_id,) if survey.component_id else ()
    if not resources:
        yield Missing(reason=_nowhere(request), hint=_switch_on(context, request))
    for number, resource in enumerate(resources, 1):
        output = request.output if number == 1 else f"{request.output}-{number}"
        try:
            yield from _ask(context, request, resource, output)
        except AzureFailure as failure:
            if failure.why is not Why.FAILED or _NO_TABLE not in failure.reason.casefold():
                raise
            yield Missing(
                reason=f"{resource} has no {' or '.join(request.tables)}: it never got such rows",
                hint=_switch_on(context, request),
            )


def _ask(context: Context, request: QueryRequest, resource: str, output: str) -> Iterator[Piece | Gap]:
    window = _window(context)
    span = f"{window.start.strftime(RFC3339)}/{window.end.strftime(RFC3339)}"
    kql = fill(request.kql, context.values).strip()
    at = now()
    answer = Logs(context.site.channel).resource(resource, kql, span)
    data = answer.json()
    if not (count := _rows(data)):
        yield Empty(
            reason=f"{' and '.join(request.tables)} of {resource} have no such rows in {span}",
            hint=f"if there should be some: {_switch_on(context, request)}",
        )
        return
    place = settled(context, PurePosixPath("azure", "logs", f"{output}.json"), answer.body)
    if place is None:
        yield Empty(reason="nothing has come since the first pass", hint=context.obtain)
        return
    path = place[0].relative_to("azure")
    piece = saved(context, str(path), place[1], origin=f"query of {resource}")
    yield replace(piece, covers=window, cut=_cut(data, kql, count))
    text = f"// asked of {resource}\n// at {at.strftime(RFC3339)}, time range {span}\n{kql}\n"
    yield saved(context, str(path.with_suffix(".kql")), text.encode(), origin="the text of the query beside it")


def _window(context: Context) -> Window:
    wide = context.site.survey.window.widened(AROUND)
    return Window(start=wide.start, end=max(min(wide.end, now()), wide.start))


def _rows(data: dict[str, Any]) -> int:
    return sum(len(table.get("rows") or ()) for table in data["tables"] if isinstance(table, dict))


def _cut(data: dict[str, Any], kql: str, count: int) -> str | None:
    """What the service, or our own limit, left out."""
    error = data.get("error")
    if error:
        said = error.get("message") if isinstance(error, dict) else error
        return f"the service gave a part of the result: {said}"
    limit = _TAKE.search(kql)
    return f"only the first {count} rows" if limit and count >= int(limit[1]) else None


def _nowhere(request: QueryRequest) -> str:
    if request.over == "workspace":
        return "no diagnostic setting of the site sends to a Log Analytics workspace"
    return "no app setting and no tag of the site names an Application Insights component"


def _switch_on(context: Context, request: QueryRequest) -> str:
    """How a person gets such rows from now on; we change no setting."""
    if request.over == "component":
        return fill(
            "connect Application Insights (app setting APPLICATIONINSIGHTS_CONNECTION_STRING; this restarts the app):"
            " az monitor app-insights component connect-webapp -g {group} --app COMPONENT --web-app {app}",
            context.values,
        )
    logs = ",".join(f'{{"category":"{table}","enabled":true}}' for table in request.tables)
    return fill(
        "switch the category on for the next time: az monitor diagnostic-settings create --name escalation"
        f" --resource {{site}} --workspace WORKSPACE --logs '[{logs}]'",
        context.values,
    )
