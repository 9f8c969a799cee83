"""Which values of an environment or command line must never be seen outside: names that look secret, long values."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence

MIN_VALUE = 8
_DASHES = str.maketrans("-.:", "___")
MIN_SECRET = 4

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?|pwd$|secret|token|credential|api_?key|account_?key|access_?key|private_?key|_key$|^key$"
    r"|connection_?string|connectionstring|connstr|conn_str|dsn$|sas$|signature|identity_header|encryption|signing|auth$",
    re.IGNORECASE,
)

_KEPT_NAMES = re.compile(
    r"^(PATH|PWD|OLDPWD|HOME|LANG|LANGUAGE|LC_\w+|TERM|SHELL|USER|LOGNAME|HOSTNAME|COMPUTERNAME|CONTAINER_NAME|TZ|TMPDIR|EDITOR|PAGER"
    r"|\w+_(VERSION|HOME|ROOT|PATH|DIR|REGION|ENVIRONMENT)|REGION_NAME|LD_LIBRARY_PATH|PYTHONPATH|PORT|DEBIAN_FRONTEND"
    r"|WEBSITE_(SITE_NAME|INSTANCE_ID|HOSTNAME|OWNER_NAME|RESOURCE_GROUP|SKU|SLOT_NAME|HOME_STAMPNAME|IIS_SITE_NAME"
    r"|PLATFORM_VERSION|DEPLOYMENT_ID|ROLE_INSTANCE_ID|STAMP_DEPLOYMENT_ID|STACK|TIME_ZONE|COMPUTE_MODE|OS)"
    r"|FUNCTIONS_\w+|ORYX_\w+|DOTNET_\w+|COMPlus_\w+|KUBERNETES_\w+)$"
)
"""Identifiers that support matches by, and settings that say nothing private: replacing them would blind the case."""

_PLAIN = re.compile(r"^([\d.,:_-]+|true|false|yes|no|none|null|enabled|disabled|production|development|staging)$", re.I)

_ARGUMENT = re.compile(r"^(?:--?|/)?(?:D|XX:)?(?P<name>[A-Za-z][\w.:-]*)[=:](?P<value>.+)$", re.DOTALL)


def looks_secret(name: str) -> bool:
    """Whether a setting of this name holds a secret."""
    return _SECRET_NAME.search(name.lstrip("-").translate(_DASHES)) is not None and name not in ("PWD", "OLDPWD")


def secrets_of_environment(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """(value, name) of what must be known to redaction."""
    for name, value in pairs:
        value = value.strip()
        if looks_secret(name):
            if len(value) >= MIN_SECRET and not _PLAIN.match(value):
                yield value, name
        elif (
            len(value) >= MIN_VALUE and not _KEPT_NAMES.match(name) and not _PLAIN.match(value) and not _is_place(value)
        ):
            yield value, name


def secrets_of_arguments(argv: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(value, name) of `--password=x`, `-Ddb.password=x` and `--password x`."""
    for argument, following in zip(argv, [*argv[1:], ""], strict=True):
        match = _ARGUMENT.match(argument)
        if match and looks_secret(match["name"]) and len(match["value"]) >= MIN_SECRET:
            yield match["value"], match["name"]
        elif argument.startswith("-") and "=" not in argument and looks_secret(argument):
            yield from [(following, argument.lstrip("-"))] if _is_value(following) else []


def _is_value(word: str) -> bool:
    return len(word) >= MIN_SECRET and not word.startswith("-")


def _is_place(value: str) -> bool:
    """Whether it is a path, or a list of paths, of this machine; a key may begin with a slash, too."""
    return all(part.startswith("/") and os.path.lexists(part) for part in value.split(":"))
