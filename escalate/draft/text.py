"""Makes words of others harmless and bounded, and writes times, sizes and numbers the one way we write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType

from escalate.model.finding import Precision

SENTENCE = 600
"""Characters of one generated statement that are shown."""
EXCERPT = 400
"""Characters of one quoted line that are shown; triage cuts there too."""

_TAGS = range(0xE0000, 0xE1000)
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_CONTROL = re.compile(r"[^\x20-\x7e]")
_SPACES = re.compile(r"[\t\n\r\v\f\x85]+")


def clean(value: str, limit: int = SENTENCE) -> str:
    """One line without anything that acts: controls, ANSI, direction marks and invisible characters become `[U+XXXX]`.

    Line breaks and tabs become a blank. What is longer than `limit` characters is cut, and says by how much.
    """
    kept = _CONTROL.sub(_visible, _SPACES.sub(" ", value[: limit + 1]))
    if len(value) > limit or len(kept) > limit:
        shown = kept[:limit].rstrip()
        return f"{shown} … (+{max(len(value) - limit, len(kept) - limit)} characters)"
    return kept


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    hidden = unicodedata.category(character) in _INVISIBLE or ord(character) in _TAGS
    return f"[U+{ord(character):04X}]" if hidden else character


def moment(value: datetime, precision: Precision = Precision.SECOND) -> str:
    """`2026-04-04 05:58:45 UTC`, with milliseconds where the source had them, to the minute where it had no more."""
    if precision is Precision.MINUTE:
        return f"{value:%Y-%m-%d %H:%M} UTC"
    fraction = f".{value.microsecond // 1000:03d}" if precision in (Precision.MILLISECOND, Precision.NANOSECOND) else ""
    return f"{value:%Y-%m-%d %H:%M:%S}{fraction} UTC"


def span(first: datetime, last: datetime) -> str:
    """Two moments, without saying the day twice: `2026-04-04 05:58:14 to 05:59:43 UTC`."""
    if first == last:
        return moment(first)
    if first.date() == last.date():
        return f"{first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S} UTC"
    return f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"


def size(n_bytes: int) -> str:
    """Bytes in powers of ten, as portals count them: `812 bytes`, `1.2 MB`."""
    if n_bytes < 1000:
        return f"{n_bytes} bytes"
    power = next((n for n in (1, 2, 3) if n_bytes < 999.95 * 1000**n), 4)
    return f"{n_bytes / 1000**power:.1f} {('kB', 'MB', 'GB', 'TB')[power - 1]}"


def number(value: int) -> str:
    """With a thin grouping that survives plain text: `1,234,567`."""
    return f"{value:,}"


_UNITS = MappingProxyType({"percent": "%", "milliseconds": "ms", "seconds": "s", "count": "", "a minute": "/min"})


def figure(value: float, unit: str = "") -> str:
    """A measured number in at most three digits behind which nobody looks: `0.42`, `12.5 %`, `1,240 ms`."""
    if unit.casefold() == "bytes" and value >= 1000:
        return size(round(value))
    whole = abs(value) >= 100 or value == int(value)
    words = f"{value:,.0f}" if whole else f"{value:.3g}"
    short = _UNITS.get(unit.casefold(), unit)
    return f"{words} {clean(short, 40)}".rstrip()


def count(n: int, one: str, many: str | None = None) -> str:
    """`1 time`, `4 times`, `no times`."""
    words = one if n == 1 else many or f"{one}s"
    return f"{'no' if n == 0 else number(n)} {words}"


def listed(words: Sequence[str], limit: int = 4) -> str:
    """`a, b and c`; past `limit` it says how many more."""
    if len(words) > limit:
        return f"{', '.join(words[:limit])} and {len(words) - limit} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def sentence(words: str) -> str:
    """With a capital at the start and a full stop at the end."""
    words = capital(words.strip())
    return words + ("" if not words or words.endswith((".", "?", "!", "…", ".)", "?)", "!)", "characters)")) else ".")


def capital(words: str) -> str:
    """With a capital at the start, unless the first word is a name from code or a command: `requests.get`, `df -h`."""
    first, _, rest = words.partition(" ")
    is_word = first.rstrip(",.:;").isalpha() and not rest.startswith(("-", "/"))
    return words[:1].upper() + words[1:] if is_word else words
