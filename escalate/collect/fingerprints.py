"""What may be said of a setting's value without showing it: its kind, its length class, a keyed fingerprint."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

_LENGTHS = (0, 8, 16, 32, 64, 128, 256, 1024)
_KINDS = (
    ("key-vault-reference", re.compile(r"@Microsoft\.(KeyVault|AppConfiguration)\(", re.IGNORECASE)),
    ("boolean", re.compile(r"(true|false)$", re.IGNORECASE)),
    ("number", re.compile(r"-?\d+(\.\d+)?$")),
    ("url", re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)),
    ("parts", re.compile(r"[\w .]+=[^;]*;")),
    ("json", re.compile(r"[{\[]")),
)


def facts_of_value(value: str, fingerprint: Callable[[str], str]) -> dict[str, str]:
    """`kind`, `length` as a class, and `fingerprint`: within a case equal for equal values."""
    facts = {"kind": kind_of(value), "length": length_class(len(value))}
    return {**facts, "fingerprint": fingerprint(value)} if value else facts


def kind_of(value: str) -> str:
    """What a value looks like: `url`, `number`, `key-vault-reference`, ...; `parts` is `Name=value;...`."""
    if not value:
        return "empty"
    return next((kind for kind, pattern in _KINDS if pattern.match(value.strip())), "text")


def length_class(length: int) -> str:
    """`9-16`: so that an emptied or cut-off value can be seen, and no exact length."""
    for low, high in itertools.pairwise(_LENGTHS):
        if length <= high:
            return "0" if length == 0 else f"{low + 1}-{high}"
    return f"over {_LENGTHS[-1]}"
