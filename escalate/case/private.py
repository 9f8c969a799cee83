"""The private folder: key, map of pseudonyms, known secret values, what the user added. Not for draft and bundle."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.errors import DocumentError

KEY = "case.key"
MAP = "map.json"
KNOWN = "known-values.json"
WORDS = "words.json"
OWN_RULES = "own-rules.json"
KEY_BYTES = 32

ASKED = "asked: "
"""Begins the name of a value that the user added."""


def case_key(case: Case) -> bytes:
    """The random key of the case, 32 bytes; made at the first call."""
    place = case.path(Room.PRIVATE, KEY)
    if not place.exists():
        with case.new_file(Room.PRIVATE, KEY) as handle:
            handle.write(secrets.token_bytes(KEY_BYTES))
    key = place.read_bytes()
    if len(key) != KEY_BYTES:
        raise DocumentError(f"{place} is damaged", hint="pseudonyms of this case cannot be continued: start a new case")
    return key


def read_map(case: Case) -> dict[str, str]:
    """Pseudonym to original; empty when nothing was replaced yet."""
    return _read_json(case, MAP)


def write_map(case: Case, pseudonyms: Mapping[str, str]) -> None:
    """Replace the map."""
    _write_json(case, MAP, dict(pseudonyms))


def known_values(case: Case) -> dict[str, str]:
    """Known secret values with the name of the setting they came from: value to name."""
    return _read_json(case, KNOWN)


def add_known_values(case: Case, values: Iterable[tuple[str, str]]) -> None:
    """Add (value, name) pairs that collection or the user found; they are purged with the raw evidence.

    What the user asked for stays so, whoever finds it again.
    """
    known = known_values(case)
    asked = {value: name for value, name in known.items() if name.startswith(ASKED)}
    _write_json(case, KNOWN, {**known, **dict(values), **asked})


def words(case: Case) -> dict[str, str]:
    """Names and terms that the user wants replaced by pseudonyms: text to kind."""
    return _read_json(case, WORDS)


def add_words(case: Case, added: Mapping[str, str]) -> None:
    """Add names and terms to those of earlier runs; a new kind for a known text replaces the old one."""
    _write_json(case, WORDS, {**words(case), **added})


def own_rules(case: Case) -> dict[str, str]:
    """The user's own rules: id to the rule as JSON."""
    return _read_json(case, OWN_RULES)


def add_own_rules(case: Case, added: Mapping[str, str]) -> None:
    """Add rules to those of earlier runs; a rule of the same id is replaced."""
    _write_json(case, OWN_RULES, {**own_rules(case), **added})


def has_key(case: Case) -> bool:
    """Whether the case has its key already."""
    return case.path(Room.PRIVATE, KEY).exists()


def _read_json(case: Case, name: str) -> dict[str, str]:
    place = case.path(Room.PRIVATE, name)
    try:
        return dict(json.loads(place.read_bytes()))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise DocumentError(f"{place} is damaged", hint="restore it from a copy, or start a new case") from error


def _write_json(case: Case, name: str, data: Mapping[str, str]) -> None:
    with case.new_file(Room.PRIVATE, name) as handle:
        handle.write(json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True).encode())
