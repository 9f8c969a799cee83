"""App settings and connection strings: their names and what may be said of the values, never the values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from escalate.azure.failure import AzureFailure, Why
from escalate.collect.answer_secrets import secrets_of_parts
from escalate.collect.arm_request import document, saved
from escalate.collect.collector import collector
from escalate.collect.context import Context
from escalate.collect.fingerprints import facts_of_value
from escalate.collect.outcomes import outcome_of_failure
from escalate.collect.piece import Piece
from escalate.collect.secrets import secrets_of_environment
from escalate.model.outcome import Empty, Gap
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

LIST = "Microsoft.Web/sites/config/list/Action"


@collector(
    CatalogueEntry(
        id="cfg.appsettings",
        title="Names of the app settings",
        why="Says what the app is configured with, and whether two values are the same; the values stay private.",
        answers=("configuration", "what-changed", "logging"),
        scope="site",
        permission=LIST,
        volatility=5,
        consent=Consent.ALWAYS,
        effects="one read from ARM; values are kept in the private folder only, so that redaction knows them",
        seconds=2,
        timeout_s=180,
        stall_s=90,
        max_bytes=4_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain="az webapp config appsettings list -g {group} -n {app} --query '[].name'",
        fallbacks=("cfg.web",),
        source="azure-cli appservice custom.py: get_app_settings; azure-mgmt-web list_application_settings",
    )
)
def app_settings(context: Context) -> Iterator[Piece | Gap]:
    """One document with a row for each setting."""
    values = _listed(context, "appsettings")
    sticky, gap = _sticky(context, "appSettingNames")
    named = {name: str(value or "") for name, value in values.items()}
    yield from _document(context, "appsettings", named, {}, sticky)
    if gap is not None:
        yield gap


@collector(
    CatalogueEntry(
        id="cfg.connstrings",
        title="Names and types of the connection strings",
        why="Says which stores the app is connected to; the strings stay private.",
        answers=("configuration", "what-changed"),
        scope="site",
        permission=LIST,
        volatility=5,
        consent=Consent.ALWAYS,
        effects="one read from ARM; values are kept in the private folder only, so that redaction knows them",
        seconds=2,
        timeout_s=180,
        stall_s=90,
        max_bytes=4_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain="az webapp config connection-string list -g {group} -n {app} --query '[].{name:name,type:type}'",
        source="azure-mgmt-web list_connection_strings",
    )
)
def connection_strings(context: Context) -> Iterator[Piece | Gap]:
    """One document with a row for each connection string."""
    values = _listed(context, "connectionstrings")
    sticky, gap = _sticky(context, "connectionStringNames")
    pairs = {name: value for name, value in values.items() if isinstance(value, dict)}
    named = {name: str(pair.get("value") or "") for name, pair in pairs.items()}
    types = {name: str(pair.get("type") or "") for name, pair in pairs.items()}
    context.add_secrets([(value, name) for name, value in named.items() if value])
    yield from _document(context, "connectionstrings", named, types, sticky)
    if gap is not None:
        yield gap


def _document(
    context: Context, what: str, named: dict[str, str], types: dict[str, str], sticky: frozenset[str] | None
) -> Iterator[Piece | Gap]:
    context.add_secrets(secrets_of_environment(named.items()))
    for name, value in named.items():
        context.add_secrets(secrets_of_parts(value, name))
    if not named:
        yield Empty(reason=f"the site has no {what}", hint=context.obtain)
        return
    rows = [
        {
            "name": name,
            **({"type": types[name]} if name in types else {}),
            **facts_of_value(value, context.fingerprint),
            **({"sticky": name.casefold() in sticky} if sticky is not None else {}),
        }
        for name, value in sorted(named.items())
    ]
    note = "values are left out; a fingerprint is keyed by the case and tells only whether two values are the same"
    body = document({"kind": what, "note": note, "settings": rows})
    yield saved(context, f"config/{what}.json", body, origin=f"POST {context.values['site']}/config/{what}/list")


def _listed(context: Context, what: str) -> dict[str, Any]:
    answer = context.site.arm.post(f"{context.values['site']}/config/{what}/list")
    data = answer.json()
    properties = data.get("properties") if isinstance(data, dict) else None
    if not isinstance(properties, dict):
        raise AzureFailure(Why.INVALID, f"{answer.url} has no properties", status=answer.status)
    return properties


def _sticky(context: Context, which: str) -> tuple[frozenset[str] | None, Gap | None]:
    """Names that stay with the slot when it is swapped; None when that could not be read."""
    try:
        data = context.site.arm.get(f"{context.values['site']}/config/slotConfigNames").json()
    except AzureFailure as failure:
        return None, outcome_of_failure(failure, context.obtain)
    names = (data.get("properties") or {}).get(which) if isinstance(data, dict) else None
    return frozenset(str(name).casefold() for name in names or ()), None
