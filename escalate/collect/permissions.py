"""Whether a role allows an action, as the permissions API of ARM describes roles."""

from __future__ import annotations

import re
from collections.abc import Sequence

from escalate.model.survey import Survey


def allows(actions: Sequence[str], not_actions: Sequence[str], wanted: str) -> bool:
    """Whether an action (`Microsoft.Web/sites/publish/Action`) is among `actions` and not among `not_actions`.

    Both may hold `*`; case does not matter (Azure RBAC: understand role definitions).
    """
    return any(_fits(each, wanted) for each in actions) and not any(_fits(each, wanted) for each in not_actions)


def may(survey: Survey, wanted: str | None) -> bool:
    """Whether the signed-in identity may; when its permissions could not be read, the answer is found by trying."""
    if wanted is None or survey.actions is None:
        return True
    return allows(survey.actions, survey.not_actions, wanted)


def _fits(pattern: str, action: str) -> bool:
    expression = re.escape(pattern.casefold()).replace(r"\*", ".*")
    return re.fullmatch(expression, action.casefold()) is not None
