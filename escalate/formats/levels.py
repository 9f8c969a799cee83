"""The level words that frameworks write at the start of a log line."""

from __future__ import annotations

import re

_REACH = 120
"""Characters from the start of a line in which its own level stands."""

_WORDS = (
    "TRACE",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARN",
    "WARNING",
    "ERROR",
    "CRITICAL",
    "FATAL",
    "SEVERE",
    "ALERT",
    "EMERG",
)
_BEGINS = "|".join(rf"{word[0]}(?<![\w./-]{word[0]}){word[1:]}" for word in _WORDS)
"""What may not stand before a word is looked for behind its first letter: so `re` skips to the letters that begin one,
instead of looking back from every character."""

_UPPER = re.compile(rf"({_BEGINS})(?![\w/-]|\.\w)")
_BRACKETS = re.compile(r"\[(?:[a-z_0-9]+:)?(debug|info|notice|warn|warning|error|crit|alert|emerg)\]")
_DOTNET = re.compile(r"^(trce|dbug|info|warn|fail|crit): ")

_DOTNET_NAMES = {"trce": "TRACE", "dbug": "DEBUG", "fail": "ERROR", "crit": "CRITICAL"}


def level_of(text: str) -> str | None:
    """The level in upper case as the line writes it (`WARN` stays `WARN`); None where it writes none."""
    head = text[:_REACH]
    if head[4:6] == ": ":
        match = _DOTNET.match(head)
        if match:
            return _DOTNET_NAMES.get(match[1], match[1].upper())
    match = _BRACKETS.search(head) if "[" in head else None
    match = match or _UPPER.search(head)
    if match is None:
        return None
    return match[1].upper()
