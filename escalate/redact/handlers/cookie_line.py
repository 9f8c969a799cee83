"""A line of cookies: each keeps its name and gives its value away; an instance id of App Service stays."""

from __future__ import annotations

import re

from escalate.redact.detectors.cookies import is_instance
from escalate.redact.detectors.grammar import is_random
from escalate.redact.engine import Engine
from escalate.redact.handlers.structured_names import is_harmless
from escalate.redact.tokens import secret_token

_COLUMNS = frozenset(("cookie", "cookies", "setcookie", "cscookie", "cs(cookie)", "sc(setcookie)"))
_NAME = re.compile(rb"[ +]*[A-Za-z0-9_.$!~-]{1,80}")


def is_cookie_column(name: str) -> bool:
    """Whether a column of this name holds lines of cookies."""
    return name.casefold().replace("_", "").replace("-", "") in _COLUMNS


def cookie_line(engine: Engine, value: bytes) -> bytes:
    """What stands in the place of a line of cookies; IIS writes its blanks as `+`. Nothing else of it is kept."""
    return b";".join(_cookie(engine, one) for one in value.split(b";"))


def _cookie(engine: Engine, one: bytes) -> bytes:
    name, equals, value = one.partition(b"=")
    if not equals:
        return one if is_harmless(one.strip(b"+ ")) else secret_token(engine.inputs.key, "COOKIE", one)
    if _NAME.fullmatch(name) is None or (is_random(name, 24) and not value.strip(b"= ")):
        return secret_token(engine.inputs.key, "COOKIE", one)  # a value that ends in `=` may stand without a name
    if is_harmless(value) or is_instance(name.lstrip(b"+ "), value.rstrip(b"+ ")):
        return one
    return name + b"=" + secret_token(engine.inputs.key, "COOKIE", value)
