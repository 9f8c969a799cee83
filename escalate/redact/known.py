"""Known secret values: what collection found, and what the configuration inside the evidence says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from escalate.case import private
from escalate.case.store import Case
from escalate.redact.detectors.assignments import names_a_secret
from escalate.redact.detectors.grammar import is_path, is_value
from escalate.redact.names import COMMON

LEARNED = "learned: "
"""Begins the name of a value that redaction itself found; such values are no input of the stage."""
LEAST = 8
"""Characters of the shortest value that is looked for everywhere."""
MAX_VALUES = 5_000
MAX_LENGTH = 8_192
CONFIG_BYTES = 4 * 1024 * 1024
"""Configuration larger than this is not parsed, only searched."""

STOP_WORDS = COMMON | frozenset(
    ("production", "development", "localhost", "password", "undefined", "disabled", "enabled", "changeme", "redacted")
)
"""Values that a secret setting may have and that mean too much else to be masked everywhere."""

_REGION = re.compile(
    r"(?i)(?:(?:north|south|east|west|central|australia|brazil|canada|france|germany|india|japan|korea|norway|poland"
    r"|qatar|sweden|switzerland|uae|uk|us|europe|asia|america|africa|italy"
    r"|israel|spain|mexico|newzealand|new zealand|southeast|northcentral"
    r"|southcentral|westcentral)[ ]?){1,4}[23]?"
)
_NUMBER = re.compile(r"[0-9.,:+-]{1,15}")
_LOWER_WORD = re.compile(r"[a-z]{1,11}|[A-Z][a-z]{1,10}|[A-Z]{1,11}")
_RESOURCE = re.compile(r"(?i)/subscriptions/|https?://[^?]*$|@Microsoft\.KeyVault")
_OWN_MARK = re.compile(r"\[R:|redacted\.invalid|\b(?:user|person|phone|host|email)-[0-9a-f]{6}")
_CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+[\[(]?")
_ENV_LINE = re.compile(r"^\s*(?:export\s+|set\s+|-e\s+|ENV\s+)?([A-Za-z_][\w.:-]{0,127})\s*=\s*(.*?)\s*$", re.MULTILINE)


def is_worth_searching(value: str, own_names: Iterable[str] = ()) -> bool:
    """Whether a secret is distinctive enough to be masked wherever it stands.

    Dropped: short values, plain words and numbers, regions, paths and links without a query, references to a vault,
    the site's own names, names in code, and our own marks. Behind the name of a secret the detectors mask them still.
    """
    if not LEAST <= len(value) <= MAX_LENGTH or value.casefold() in STOP_WORDS:
        return False
    if not is_value(value.encode("utf-8", "surrogatepass")) or is_path(value.encode("utf-8", "surrogatepass")):
        return False
    if any(value.casefold() == name.casefold() for name in own_names):
        return False
    if _OWN_MARK.search(value) or _RESOURCE.match(value):
        return False
    return not any(pattern.fullmatch(value) for pattern in (_REGION, _NUMBER, _LOWER_WORD, _CODE))


def values_in_config(text: str) -> Iterator[tuple[str, str]]:
    """(value, setting) of every setting in a JSON export or a file of NAME=value lines whose name says "secret"."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        for name, value in _ENV_LINE.findall(text):
            if names_a_secret(name):
                yield _unquoted(value), name
        return
    yield from _walk(document)


def _walk(root: object) -> Iterator[tuple[str, str]]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            name, value = node.get("name"), node.get("value")
            if isinstance(name, str) and isinstance(value, str) and names_a_secret(name):
                yield value, name
            for key, inner in node.items():
                if isinstance(inner, str) and names_a_secret(str(key)):
                    yield inner, str(key)
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _unquoted(value: str) -> str:
    for quote in ('"', "'"):
        if len(value) >= 2 and value[0] == quote == value[-1]:
            return value[1:-1]
    return value


def add_learned(case: Case, values: Mapping[str, str]) -> None:
    """Save what redaction found beside what collection found; a name that is already known stays."""
    known = private.known_values(case)
    new = [(value, LEARNED + name) for value, name in values.items() if value not in known]
    if new:
        private.add_known_values(case, new)
