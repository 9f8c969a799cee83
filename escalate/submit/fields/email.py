"""E-mail addresses, by a simple look: only a message that arrives proves one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escalate.submit.fields.problem import Problem

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[\w](?:[\w-]{0,61}[\w])?\.)+[^\W\d_]{2,63}")
_LONGEST = 254
"""RFC 5321, path without brackets."""


def is_address(text: str) -> bool:
    """Whether it looks like an address."""
    word = text.strip()
    local = word.partition("@")[0]
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    return len(word) <= _LONGEST and not dots and _ADDRESS.fullmatch(word) is not None


def problems(text: str, field: str = "contact.email") -> Iterator[Problem]:
    """What is wrong with an address."""
    if not is_address(text):
        yield Problem(field, "this is no e-mail address", "write it like kim@contoso.com")
