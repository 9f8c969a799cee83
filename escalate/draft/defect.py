"""The error of a draft that must not be shown: a statement without evidence, or one that claims too much."""

from __future__ import annotations

from escalate.errors import EscalateError


class DraftDefect(EscalateError):
    """A rule or template is wrong; no draft is better than a false one."""
