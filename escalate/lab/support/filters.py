"""`$filter` and `$top` of lists: `Status eq 'Open' and CreatedDate ge 2026-11-16T00:00:00Z`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from escalate.lab.arm.ask import Ask
from escalate.lab.support.refusals import invalid

_TERM = re.compile(r"(?P<name>\w+)\s+(?P<how>eq|gt|ge)\s+(?P<value>'[^']*'|[^\s']+)", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)


def wanted(ask: Ask, texts: Mapping[str, str], created: datetime) -> bool:
    """Whether something fits the request's `$filter`: `texts` are its fields (names in lower case) that take `eq`.

    Raises:
        Refusal: the filter has a field or operator that this list does not take.
    """
    text = ask.request.args.get("$filter", "").strip()
    return not text or all(_fits(term, texts, created) for term in _AND.split(text))


def size(ask: Ask, *, usual: int, most: int) -> int:
    """The page size that `$top` asks for.

    Raises:
        Refusal: no number from 1 to the most that a page may hold.
    """
    text = ask.request.args.get("$top")
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= most:
        raise invalid(f"The value of $top '{text}' is not valid: from 1 to {most}.")
    return int(text)


def _fits(term: str, texts: Mapping[str, str], created: datetime) -> bool:
    found = _TERM.fullmatch(term.strip())
    if found is None:
        raise invalid(f"The filter '{term}' is not valid.")
    name, how, value = found["name"].lower(), found["how"].lower(), found["value"].strip("'")
    if name == "createddate" and how in ("gt", "ge"):
        at = _time(value)
        whole = created.replace(microsecond=0)
        return whole > at if how == "gt" else whole >= at
    if name in texts and how == "eq":
        return texts[name].lower() == value.lower()
    raise invalid(f"The filter '{term}' is not supported.")


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"The time '{text}' is not valid.") from None
    if at.tzinfo is None:
        raise invalid(f"The time '{text}' has no zone.")
    return at
