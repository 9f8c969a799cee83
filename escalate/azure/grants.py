"""Whether role assignments allow an action, as ARM's permissions API lists them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def fits(pattern: str, action: str) -> bool:
    """Whether an action is meant by a pattern with `*`; case does not matter (Azure RBAC: role definitions)."""
    expression = re.escape(pattern.casefold()).replace(r"\*", ".*")
    return re.fullmatch(expression, action.casefold()) is not None


def granted(roles: Iterable[Mapping[str, Any]], action: str) -> bool:
    """Whether one of the roles allows it; `notActions` take away from their own role only."""
    return any(
        any(fits(each, action) for each in _texts(role.get("actions")))
        and not any(fits(each, action) for each in _texts(role.get("notActions")))
        for role in roles
    )


def _texts(value: object) -> Sequence[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
