"""The stop list: values of settings that mean too much else to be masked wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from escalate.model.redaction import NOT_SEARCHED, STOPPED, KeptName
from escalate.redact.detectors.grammar import entropy, is_path, is_value
from escalate.redact.keep import RULES
from escalate.redact.names import COMMON

LEAST = 8
"""Characters of the shortest value that is looked for everywhere."""
LEAST_ASKED = 4
"""The same for values that the user asks for."""
MAX_LENGTH = 8_192

STOP_WORDS = COMMON | frozenset(
    ("production", "development", "localhost", "password", "undefined", "disabled", "enabled", "changeme", "redacted")
)
"""Values that a secret setting may have and that mean too much else to be masked everywhere."""

PLATFORM_SETTINGS = re.compile(
    r"(?i)(?:APPSETTING_)?(?:PATH|PWD|OLDPWD|HOME|LANG|LC_\w+|TERM|SHELL|USER|LOGNAME|HOSTNAME|COMPUTERNAME|TZ|PORT|WEBSITES_PORT"
    r"|WEBSITE_(?:SITE_NAME|INSTANCE_ID|HOSTNAME|OWNER_NAME|RESOURCE_GROUP|SKU|SLOT_NAME|HOME_STAMPNAME|IIS_SITE_NAME"
    r"|PLATFORM_VERSION|DEPLOYMENT_ID|ROLE_INSTANCE_ID|STAMP_DEPLOYMENT_ID|STACK|TIME_ZONE|COMPUTE_MODE|OS|CONTENTSHARE"
    r"|NODE_DEFAULT_VERSION|PRIVATE_IP|PRIVATE_PORTS|PUBLIC_IP|RUN_FROM_PACKAGE)|REGION_NAME|CONTAINER_NAME"
    r"|FUNCTIONS_(?:EXTENSION_VERSION|WORKER_RUNTIME)|ORYX_\w+|KUBERNETES_\w+|SCM_COMMIT_ID|\w+_VERSION)"
)
"""Variables of the platform whose values are identifiers that support matches by."""

_REGION = re.compile(
    r"(?i)(?:(?:north|south|east|west|central|australia|brazil|canada|france|germany|india|japan|korea|norway|poland"
    r"|qatar|sweden|switzerland|uae|uk|us|europe|asia|america|africa|italy"
    r"|israel|spain|mexico|newzealand|new zealand|southeast|northcentral"
    r"|southcentral|westcentral)[ ]?){1,4}[23]?"
)
_NUMBER = re.compile(r"[0-9.,:+-]{1,15}")
_LOWER_WORD = re.compile(r"[a-z]{1,11}|[A-Z][a-z]{1,10}|[A-Z]{1,11}")
_RESOURCE = re.compile(r"(?i)/subscriptions/")
_KEY = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
"""A base64 key may begin with a slash."""
_KEY_BITS = 4.0
"""Bits a character from which it is one."""
_VAULT = re.compile(r"(?i)@Microsoft\.(?:KeyVault|AppConfiguration)")
_OWN_MARK = re.compile(r"\[R:|redacted\.invalid|\b(?:user|person|phone|project|host|email)-[0-9a-f]{6}")
_CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+[\[(]?")
_IDENTIFIERS = ("traceparent", "worker", "worker-address", "stamp", "resource-id")
"""Entries of the keep list whose shape no secret has; GUIDs and hexadecimal digits can be secrets, too."""


@dataclass(frozen=True)
class StopRule:
    """One reason not to look for a value; `stops` is asked with the value."""

    id: str
    title: str
    stops: Callable[[str], bool] | None = None
    """None: decided by what the caller knows, not by the value alone."""


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def _is_path(value: str) -> bool:
    """Whether it is a path or a link; what is secret in a link is searched for on its own."""
    data = _bytes(value)
    return is_path(data) and not (_KEY.fullmatch(value) and re.search(r"[0-9]", value) and entropy(data) >= _KEY_BITS)


def _is_identifier(value: str) -> bool:
    return any(rule.id in _IDENTIFIERS and rule.pattern is not None and rule.pattern.fullmatch(value) for rule in RULES)


SHORT = StopRule("short", f"Values of fewer than {LEAST} characters")
OWN_NAME = StopRule("own-name", "The site's own names: host names, resource group, plan, instances")
PLATFORM = StopRule(
    "platform-setting", "Variables of the platform that hold identifiers: WEBSITE_SITE_NAME and the like"
)

NOTHING_SECRET = StopRule("no-secret", "Settings of which neither name nor value says that they are secret")

STOP_RULES: tuple[StopRule, ...] = (
    SHORT,
    StopRule("long", f"Values of more than {MAX_LENGTH:,} characters", lambda value: len(value) > MAX_LENGTH),
    OWN_NAME,
    PLATFORM,
    StopRule("our-mark", "Our own marks and pseudonyms", lambda value: _OWN_MARK.search(value) is not None),
    StopRule("word", "Common words: true, production, changeme", lambda value: value.casefold() in STOP_WORDS),
    StopRule("region", "Names of Azure regions", lambda value: _REGION.fullmatch(value) is not None),
    StopRule("number", "Numbers, versions, addresses and times", lambda value: _NUMBER.fullmatch(value) is not None),
    StopRule("plain-word", "Single words of up to 11 letters", lambda value: _LOWER_WORD.fullmatch(value) is not None),
    StopRule("vault", "References to a vault or a store", lambda value: _VAULT.match(value) is not None),
    StopRule("resource-id", "Resource ids", lambda value: _RESOURCE.match(value) is not None),
    StopRule("path", "Paths and links", _is_path),
    StopRule("code", "Dotted names of code", lambda value: _CODE.fullmatch(value) is not None),
    StopRule("identifier", "Worker names, stamps, trace parents", _is_identifier),
    StopRule("placeholder", "Placeholders, calls in code, asterisks", lambda value: not is_value(_bytes(value))),
    NOTHING_SECRET,
)
"""All reasons, in the order in which they are tried."""

_FOR_ASKED = ("long", "our-mark")
"""What stops even a value that the user asks for."""


def why_not(value: str, own_names: Iterable[str] = (), setting: str = "", *, asked: bool = False) -> str | None:
    """The id of the reason why a value is not looked for everywhere; None: it is.

    Behind the name of a secret the detectors mask it all the same. `asked`: the user named the value.
    """
    if len(value) < (LEAST_ASKED if asked else LEAST):
        return SHORT.id
    if not asked:
        if any(value.casefold() == name.casefold() for name in own_names):
            return OWN_NAME.id
        if setting and PLATFORM_SETTINGS.fullmatch(setting):
            return PLATFORM.id
    for rule in STOP_RULES:
        if rule.stops is not None and (not asked or rule.id in _FOR_ASKED) and rule.stops(value):
            return rule.id
    return None


def stop_list() -> tuple[KeptName, ...]:
    """The list as documents say it, beside the keep list."""
    return tuple(KeptName(id=f"{STOPPED}{rule.id}", title=f"{NOT_SEARCHED}{rule.title}") for rule in STOP_RULES)
