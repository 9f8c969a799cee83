"""What the ARM resource of a site and its configuration say: platform, runtime, SCM host, environment, siblings."""

from __future__ import annotations

import re
from collections.abc import Iterable

from escalate.collect.json_parts import Json, mapping, mappings, properties, text
from escalate.model.resource_id import NotASiteIdError, read_site_id, same_resource
from escalate.model.survey import Platform, Sibling

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?")
_OWN_IMAGE = ("docker|", "compose|", "kube|", "sitecontainers")
"""How `linuxFxVersion` begins where the customer brings the image."""
_VERSIONS = (
    ("javaVersion", "Java"),
    ("nodeVersion", "Node"),
    ("pythonVersion", "Python"),
    ("phpVersion", "PHP"),
    ("powerShellVersion", "PowerShell"),
    ("netFrameworkVersion", ".NET"),
)
"""Fields of config/web on Windows; a default of PHP or .NET stands there even for other apps, so these come last."""


def platform_of(site: Json, web: Json) -> Platform:
    """From `reserved`, `hyperV`, `isXenon`, `kind` and `linuxFxVersion`."""
    facts = properties(site)
    kinds = {each.strip() for each in text(site.get("kind")).casefold().split(",")}
    version = text(web.get("linuxFxVersion")) or text(mapping(facts.get("siteConfig")).get("linuxFxVersion"))
    if facts.get("hyperV") is True or facts.get("isXenon") is True:
        return "windows-container"
    if facts.get("reserved") is True or "linux" in kinds:
        own = version.casefold().startswith(_OWN_IMAGE) or (not version and "container" in kinds)
        return "linux-container" if own else "linux"
    return "windows"


def runtime_of(web: Json, platform: Platform) -> str:
    """`Python|3.11` on Linux, `Java 17` on Windows; empty when nothing says so."""
    named = text(web.get("linuxFxVersion" if platform.startswith("linux") else "windowsFxVersion"))
    if named or platform.startswith("linux"):
        return named
    return next((f"{name} {web[field]}" for field, name in _VERSIONS if text(web.get(field))), "")


def scm_host_of(site: Json) -> str | None:
    """The host of `hostNameSslStates` that is the repository's; never composed of the site's name."""
    for state in mappings(properties(site).get("hostNameSslStates")):
        host = text(state.get("name"))
        if text(state.get("hostType")).casefold() == "repository" and _HOST.fullmatch(host):
            return host
    return None


def environment_of(*resources: Json) -> str | None:
    """The App Service Environment that site or plan name: its resource id, or only its name where no id is given."""
    for resource in resources:
        profile = mapping(properties(resource).get("hostingEnvironmentProfile"))
        if name := text(profile.get("id")) or text(profile.get("name")):
            return name
    return None


def name_of(site: Json) -> str:
    """`shop`, or `shop(staging)` for a slot."""
    name, _, slot = text(site.get("name")).partition("/")
    return f"{name}({slot})" if slot else name


def siblings_of(sites: Iterable[Json], own: str, plan_id: str | None) -> tuple[Sibling, ...]:
    """The sites of a list that share the plan, without the target itself, each once."""
    found: dict[str, Sibling] = {}
    for site in sites:
        try:
            resource_id = str(read_site_id(text(site.get("id"))))
        except NotASiteIdError:
            continue
        farm = text(properties(site).get("serverFarmId"))
        if same_resource(resource_id, own) or (farm and plan_id and not same_resource(farm, plan_id)):
            continue
        found.setdefault(
            resource_id.casefold(),
            Sibling(
                resource_id=resource_id,
                name=name_of(site),
                kind=text(site.get("kind")),
                state=text(properties(site).get("state")),
                scm_host=scm_host_of(site),
            ),
        )
    return tuple(found.values())


def named_component(site: Json) -> str | None:
    """The Application Insights component of the tag by which the portal links one to a site."""
    for name, value in mapping(site.get("tags")).items():
        if name.strip().casefold() == "hidden-link: /app-insights-resource-id" and text(value).startswith("/"):
            return text(value)
    return None


def component_among(components: Iterable[Json], site_id: str, site_name: str) -> str | None:
    """The component whose tag links it to the site, else the one that is called like it."""
    called = None
    for component in components:
        tags = {name.casefold() for name in mapping(component.get("tags"))}
        if f"hidden-link:{site_id}".casefold() in tags and text(component.get("id")):
            return text(component.get("id"))
        if text(component.get("name")).casefold() == site_name.casefold():
            called = text(component.get("id")) or None
    return called
