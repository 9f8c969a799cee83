"""Passwords and keys that open the site itself: read only so that redaction knows them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

from escalate.azure.failure import AzureFailure
from escalate.collect.answer_secrets import secrets_of_parts
from escalate.collect.arm_request import document, saved
from escalate.collect.collector import collector
from escalate.collect.context import Context
from escalate.collect.fingerprints import facts_of_value
from escalate.collect.json_parts import Json, mapping, mappings, properties, text
from escalate.collect.outcomes import outcome_of_failure
from escalate.collect.piece import Piece
from escalate.model.outcome import Empty, Gap
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

CREDENTIALS_S = 60
FUNCTIONS = 200
"""Functions whose own keys are read."""
_PROFILE = re.compile(r"<publishProfile\s(?P<attributes>[^>]*)>")
_ATTRIBUTE = re.compile(r"(?P<name>[A-Za-z]+)\s*=\s*\"(?P<value>[^\"]*)\"")
_SECRET_ATTRIBUTES = ("userPWD", "mySQLDBConnectionString", "SQLServerDBConnectionString")
_KEY_LISTS = ("functionKeys", "systemKeys")

_Found = Iterator[tuple[str, str]]
"""(value, name) of each secret."""


@collector(
    CatalogueEntry(
        id="cfg.keys",
        title="Names of the site's own keys and passwords",
        why="Redaction then finds these values wherever an app has logged them, also where nothing says that they are"
        " keys.",
        answers=("configuration",),
        scope="site",
        permission="Microsoft.Web/sites/config/list/Action",
        volatility=5,
        consent=Consent.ASK,
        include="keys",
        effects="reads the publishing password, the publish profile and the keys of functions from ARM, which the"
        " activity log shows; values are kept in the private folder only, so that redaction knows them",
        seconds=5,
        timeout_s=180,
        stall_s=90,
        max_bytes=4_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain="az webapp deployment list-publishing-profiles -g {group} -n {app} --query '[].publishMethod'",
        source="azure-mgmt-web: list_publishing_credentials, list_publishing_profile_xml_with_secrets, list_host_keys,"
        " list_function_keys",
    )
)
def site_keys(context: Context) -> Iterator[Piece | Gap]:
    """One document with a row for each key; what may not be read is a gap, and the rest is there."""
    ways: list[Callable[[Context], _Found]] = [_credentials, _profiles]
    if "functionapp" in context.site.survey.kind.casefold():
        ways += [_host_keys, _function_keys]
    rows: list[Json] = []
    gaps: list[Gap] = []
    for way in ways:
        try:
            for value, name in way(context):
                context.add_secrets([(value, name)])
                rows.append({"name": name, **facts_of_value(value, context.fingerprint)})
        except AzureFailure as failure:
            gaps.append(outcome_of_failure(failure, context.obtain))
    if rows:
        note = "values are left out; a fingerprint is keyed by the case and tells only whether two values are the same"
        body = document({"kind": "keys", "note": note, "keys": rows})
        yield saved(context, "config/keys.json", body, origin=f"keys of {context.values['site']}")
    elif not gaps:
        yield Empty(reason="the site has no keys of its own", hint=context.obtain)
    yield from gaps


def _credentials(context: Context) -> _Found:
    """Of basic sign-in to the SCM site. The user's name says nothing: it is `$` and the name of the site."""
    arm = context.site.arm
    first = arm.post(f"{context.values['site']}/config/publishingcredentials/list")
    found = properties(arm.finished(first, longest_s=CREDENTIALS_S).json())
    if password := text(found.get("publishingPassword")):
        yield password, "publishingPassword"
    context.add_secrets(secrets_of_parts(text(found.get("scmUri")), "scmUri"))


def _profiles(context: Context) -> _Found:
    answer = context.site.arm.post(f"{context.values['site']}/publishxml", json={"format": "WebDeploy"})
    for profile in _PROFILE.finditer(answer.body.decode("utf-8-sig", "replace")):
        attributes = {one["name"]: html.unescape(one["value"]) for one in _ATTRIBUTE.finditer(profile["attributes"])}
        method = attributes.get("publishMethod", "profile")
        for name in _SECRET_ATTRIBUTES:
            if value := attributes.get(name):
                yield value, f"{method} {name}"
                context.add_secrets(secrets_of_parts(value, name))


def _host_keys(context: Context) -> _Found:
    """Keys that open every function."""
    keys = mapping(context.site.arm.post(f"{context.values['site']}/host/default/listkeys").json())
    if master := text(keys.get("masterKey")):
        yield master, "masterKey"
    for which in _KEY_LISTS:
        for name, value in mapping(keys.get(which)).items():
            if text(value):
                yield text(value), f"{which} {name}"


def _function_keys(context: Context) -> _Found:
    """Keys of single functions."""
    arm, site = context.site.arm, context.values["site"]
    functions = [
        each for page in arm.pages(f"{site}/functions") for each in mappings(mapping(page.json()).get("value"))
    ]
    for function in functions[:FUNCTIONS]:
        name = text(function.get("name")).rpartition("/")[2]
        keys = mapping(arm.post(f"{site}/functions/{quote(name, safe='')}/listkeys").json())
        for key, value in keys.items():
            if text(value):
                yield text(value), f"{name} {key}"
