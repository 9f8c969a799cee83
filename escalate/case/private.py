"""The private folder: key, map of pseudonyms, known secret values. Draft and bundle may not import this."""

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
KEY_BYTES = 32


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
    """Add (value, name) pairs that collection or the user found; they are purged with the raw evidence."""
    _write_json(case, KNOWN, {**known_values(case), **dict(values)})


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
