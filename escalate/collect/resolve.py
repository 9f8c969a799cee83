"""From the name or host name of an app to its ARM id, by asking every subscription that the identity can read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from escalate.azure.arm import Arm
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.session import Session
from escalate.collect.json_parts import Json, mapping, mappings, properties, text, texts
from escalate.collect.sign_in import SIGN_IN_HINT, as_error
from escalate.errors import AccessError, TargetError
from escalate.model.resource_id import NotASiteIdError, SiteId, is_guid, read_site_id, site_id

SUBSCRIPTIONS = "2022-12-01"
TOGETHER = 8


@dataclass(frozen=True)
class Sought:
    """An app that is known by a name: its own and its group's, or one of its host names."""

    name: str
    """`shop`, or `shop.azurewebsites.net`."""
    group: str | None
    """None: `name` is a host name."""
    slot: str | None = None
    subscription: str | None = None
    """Id or name; None: all that can be read."""
    cloud: str = "public"
    tenant: str | None = None


@dataclass(frozen=True)
class _Subscription:
    id: str
    name: str


def resolve(session: Session, sought: Sought) -> SiteId:
    """Find the app.

    Raises:
        AccessError: no sign-in, or nothing can be read.
        TargetError: there is none of that name, or more than one.
    """
    subscriptions = _subscriptions(session, sought.subscription)
    search = _by_host if sought.group is None else _by_group
    failures: list[AzureFailure] = []
    hits: list[SiteId] = []

    def ask(subscription: _Subscription) -> list[SiteId]:
        try:
            return search(Arm(session.channel()), subscription.id, sought)
        except AzureFailure as failure:
            failures.append(failure)
            return []

    with ThreadPoolExecutor(TOGETHER, thread_name_prefix="resolve") as pool:
        for found in pool.map(ask, subscriptions):
            hits += found
    unique = list({str(hit).casefold(): hit for hit in hits}.values())
    if len(unique) == 1:
        return unique[0]
    if unique:
        raise TargetError(
            f"{len(unique)} apps are called {sought.name}: {', '.join(map(str, unique))}",
            hint="give one of these ids, or --subscription",
        )
    raise _nothing(sought, subscriptions, failures)


def _subscriptions(session: Session, wanted: str | None) -> list[_Subscription]:
    if wanted is not None and is_guid(wanted):
        return [_Subscription(wanted, wanted)]
    try:
        pages = Arm(session.channel()).pages("/subscriptions", SUBSCRIPTIONS)
        listed = [each for page in pages for each in mappings(mapping(page.json()).get("value"))]
    except AzureFailure as failure:
        raise as_error(failure, "the list of subscriptions") from failure
    known = [
        _Subscription(text(each.get("subscriptionId")), text(each.get("displayName")))
        for each in listed
        if is_guid(text(each.get("subscriptionId")))
    ]
    if not known:
        raise AccessError("the signed-in identity can read no subscription", hint=SIGN_IN_HINT)
    if wanted is None:
        return known
    named = [each for each in known if each.name.casefold() == wanted.casefold()]
    if not named:
        raise TargetError(
            f"no subscription that can be read is called {wanted!r}",
            hint=f"there are: {', '.join(sorted(each.name for each in known)[:10])}",
        )
    return named


def _by_group(arm: Arm, subscription: str, sought: Sought) -> list[SiteId]:
    try:
        wanted = site_id(subscription, sought.group or "", sought.name, sought.slot)
    except NotASiteIdError as error:
        raise AzureFailure(Why.MISSING, str(error)) from error
    try:
        return _ids([mapping(arm.get(str(wanted)).json())])
    except AzureFailure as failure:
        if failure.why is Why.MISSING:
            return []
        raise


def _by_host(arm: Arm, subscription: str, sought: Sought) -> list[SiteId]:
    """Among the sites of a subscription; a slot's host name begins with its site's, so those are asked for slots."""
    host = sought.name.casefold()
    sites = _listed(arm, f"/subscriptions/{subscription}/providers/Microsoft.Web/sites")
    hits = [site for site in sites if host in _hosts(site)]
    if not hits:
        for site in sites:
            if host.startswith(f"{text(site.get('name')).casefold()}-"):
                for owner in _ids([site]):
                    hits += [slot for slot in _listed(arm, f"{owner}/slots") if host in _hosts(slot)]
    return [_slot(hit, sought.slot) for hit in _ids(hits)]


def _slot(hit: SiteId, slot: str | None) -> SiteId:
    return SiteId(hit.subscription, hit.group, hit.site, slot) if slot and hit.slot is None else hit


def _hosts(site: Json) -> set[str]:
    facts = properties(site)
    names = [text(facts.get("defaultHostName")), *texts(facts.get("hostNames")), *texts(facts.get("enabledHostNames"))]
    return {name.casefold() for name in names if name}


def _listed(arm: Arm, path: str) -> list[Json]:
    return [each for page in arm.pages(path) for each in mappings(mapping(page.json()).get("value"))]


def _ids(sites: Iterable[Json]) -> list[SiteId]:
    found = []
    for site in sites:
        try:
            found.append(read_site_id(text(site.get("id"))))
        except NotASiteIdError:
            continue
    return found


def _nothing(
    sought: Sought, subscriptions: Sequence[_Subscription], failures: Sequence[AzureFailure]
) -> AccessError | TargetError:
    where = f"the group {sought.group}" if sought.group else "any site's host names"
    looked = f"{len(subscriptions)} subscription{'s' if len(subscriptions) != 1 else ''}"
    if failures and len(failures) == len(subscriptions):
        return as_error(failures[0], sought.name)
    more = f"; {len(failures)} could not be searched: {failures[0].reason}" if failures else ""
    slot = f" with the slot {sought.slot}" if sought.slot else ""
    query = f"[?name=='{sought.name.partition('.')[0]}'].id"
    return TargetError(
        f"no app {sought.name}{slot} in {where}; searched {looked}{more}",
        hint=f'check the spelling and --tenant; what there is: az webapp list --query "{query}" -o tsv',
    )
