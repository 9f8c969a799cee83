"""Says which settings were not looked for: by name and reason, and only where the name can be nothing but a name."""

from __future__ import annotations

import re

from escalate.model.redaction import STOPPED, Unsearched
from escalate.redact.engine import Engine
from escalate.redact.known import Learned

_LONGEST = 128
_BETWEEN = re.compile(r"[_ .:()$/-]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[A-Za-z]+[0-9]{0,3}")
_SHORT = re.compile(r"[A-Za-z0-9]{1,4}|[0-9]{1,6}")
_LEAST_HUMP = 2.5
"""Characters of a word inside of a name, on average; base64 has shorter ones."""


def unsearched(engine: Engine, learned: Learned) -> tuple[Unsearched, ...]:
    """What the document says; a name that could be a piece of a secret is left out, as in a line of base64."""
    found: dict[str, str] = {}
    for one in learned.unsearched:
        if is_plain_name(one.name):
            found.setdefault(engine.redact_text(one.name), f"{STOPPED}{one.reason}")
    return tuple(Unsearched(name=name, reason=reason) for name, reason in sorted(found.items()))


def is_plain_name(name: str) -> bool:
    """Whether it is made of words, as people name settings: `DB_PASSWORD`, `AzureWebJobsStorage`, `Serilog:Args:0`."""
    if not name or len(name) > _LONGEST or not name.isascii():
        return False
    return all(_SHORT.fullmatch(part) or _is_words(part) for part in _BETWEEN.split(name) if part)


def _is_words(part: str) -> bool:
    humps = _HUMP.split(part)
    return len(part) >= _LEAST_HUMP * len(humps) and all(_WORD.fullmatch(hump) for hump in humps)
