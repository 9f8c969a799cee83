"""Known secret values: what collection found, what the user added, and what configuration in the evidence says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from escalate.case import private
from escalate.case.store import Case
from escalate.redact.detectors.assignments import names_a_secret
from escalate.redact.detectors.grammar import entropy, is_random
from escalate.redact.secret_parts import secret_parts
from escalate.redact.settings import Setting, settings_of
from escalate.redact.stop_list import why_not

LEARNED = "learned: "
"""Begins the name of a value that redaction itself found; such values are no input of the stage."""
MAX_VALUES = 5_000
MAX_UNSEARCHED = 1_000
CONFIG_BYTES = 4 * 1024 * 1024
"""Configuration larger than this is not parsed, only searched."""

_SECRET_NAME = re.compile(
    r"(?i)passw|pwd$|secret|token$|credential|connection_?string|connstr|conn_str|_dsn$|(?:^|_)sas$|_key$|(?:^|_)key$"
    r"|encryption|signing|identity_header|validationkey|decryptionkey|userpwd|signature"
)
_NO_SECRET_NAME = re.compile(
    r"(?i)(?:^|[._])(?:publickey|primary_key|foreign_key|sort_?key|cache_?key|row_?key)$|publickeytoken"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-.:]")
_MADE = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9+/_~=-]{20,}")
_MADE_BITS = 3.7
"""Bits a character from which a value of a setting with a plain name passes for a key."""


@dataclass(frozen=True, slots=True)
class Unsearched:
    """A setting whose value is not looked for everywhere, and the entry of the stop list that says why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Learned:
    """What redaction found out by itself."""

    values: dict[str, str] = field(default_factory=dict)
    """Secret value to the setting it came from."""
    unsearched: tuple[Unsearched, ...] = ()


def is_worth_searching(value: str, own_names: Iterable[str] = ()) -> bool:
    """Whether a secret is distinctive enough to be masked wherever it stands; see `stop_list.why_not`."""
    return why_not(value, own_names) is None


def says_secret(name: str) -> bool:
    """Whether a setting of this name holds a secret."""
    if _NO_SECRET_NAME.search(name):
        return False
    return names_a_secret(name) or _SECRET_NAME.search(_HUMP.sub("_", name)) is not None


def values_in_config(text: str) -> Iterator[tuple[str, str]]:
    """(value, setting) of everything secret in a configuration: by its name, by its shape, or inside of a value."""
    for setting in settings_of(text):
        yield from values_of_setting(setting)


def values_of_setting(setting: Setting) -> Iterator[tuple[str, str]]:
    """(value, name) of the secret of a setting, and of the secret parts of its value."""
    parts = [(part, f"{setting.name}: {name}") for part, name in secret_parts(setting.value) if part]
    whole = says_secret(setting.name) or (setting.connection and not parts)
    if setting.value and (whole or (setting.listed and _is_made(setting.value))):
        yield setting.value, setting.name
    yield from parts


def _is_made(value: str) -> bool:
    """Whether it looks like a key whatever its setting is called."""
    return (
        _MADE.fullmatch(value) is not None
        and is_random(value.encode("ascii"), 20)
        and entropy(value.encode("ascii")) >= _MADE_BITS
        and not value.startswith("/")
    )


def searched(case: Case, own_names: Iterable[str]) -> tuple[str, ...]:
    """The saved values that are distinctive enough to be looked for everywhere."""
    own = tuple(own_names)
    return tuple(
        sorted(
            value
            for value, name in private.known_values(case).items()
            if why_not(value, own, asked=name.startswith(private.ASKED)) is None
        )
    )


def add_learned(case: Case, learned: Learned) -> None:
    """Save what redaction found beside what collection found; a name that is already known stays."""
    known = private.known_values(case)
    new = [(value, LEARNED + name) for value, name in learned.values.items() if value not in known]
    if new:
        private.add_known_values(case, new)
