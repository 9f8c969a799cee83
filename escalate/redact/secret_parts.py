"""The secret parts of a value: of a connection string, of a signed link or one with a password, of a command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from escalate.redact.detectors.assignments import names_a_secret

LONGEST = 65_536
"""Characters of a value that are looked at."""

_PAIR = re.compile(
    r"(?:^|[;,?&\s])\s{0,8}(?P<name>[A-Za-z][\w .-]{0,60}?)\s{0,4}=\s{0,4}(?P<value>\"[^\"]*\"|'[^']*'|\{[^}]*\}|[^;]+)"
)
_PART_NAMES = frozenset(
    (
        "accountkey",
        "sharedaccesskey",
        "sharedaccesssignature",
        "sharedsecret",
        "sharedsecretvalue",
        "accesskey",
        "password",
        "pwd",
        "userpassword",
        "dbpassword",
        "secret",
        "sig",
        "code",
        "instrumentationkeysecret",
    )
)
_USER_INFO = re.compile(r"[a-z][a-z0-9+.-]{1,30}://[^\s/?#@:]{0,128}:(?P<secret>[^\s/@]{1,512})@", re.IGNORECASE)
_QUERY = re.compile(
    r"[?&;](?P<name>sig|code|signature|x-amz-signature|x-goog-signature|access_token|token|password|pwd|key)"
    r"=(?P<value>[^&\s\"'<>;]{8,4096})",
    re.IGNORECASE,
)
_ARGUMENT = re.compile(
    r"(?:^|\s)[\"']?(?:--?|/)(?:D|p:)?(?P<name>[A-Za-z][\w.:-]{1,80})(?:=|:|\s{1,4})"
    r"(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"']+)"
)


def secret_parts(value: str) -> Iterator[tuple[str, str]]:
    """(part, what it is called) of everything in a value that is secret on its own; percent escapes are undone, too."""
    text = value[:LONGEST]
    if "=" in text:
        for found in _PAIR.finditer(text):
            name = re.sub(r"[\s_.-]", "", found["name"]).casefold()
            if name in _PART_NAMES:
                yield from _both(unquoted(found["value"].strip()), found["name"])
    if "://" in text:
        for found in _USER_INFO.finditer(text):
            yield from _both(found["secret"], "password in a URL")
    for found in _QUERY.finditer(text):
        yield from _both(found["value"], found["name"])
    for found in _ARGUMENT.finditer(text):
        if names_a_secret(found["name"]) and not found["value"].startswith("-"):
            yield unquoted(found["value"]), found["name"]


def unquoted(value: str) -> str:
    """Without the quotes or braces around it."""
    for pair in ('""', "''", "{}"):
        if len(value) >= 2 and value[0] == pair[0] and value[-1] == pair[1]:
            return value[1:-1]
    return value


def _both(value: str, name: str) -> Iterator[tuple[str, str]]:
    """As it stands in the link, and as the program sees it."""
    yield value, name
    for plain in {unquote(value), unquote_plus(value)} - {value}:
        yield plain, name
