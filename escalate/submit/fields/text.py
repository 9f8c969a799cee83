"""Title and texts: the API states no limit, so ours can be changed; what is too long is never cut in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from escalate.submit.fields.problem import Problem


@dataclass(frozen=True, slots=True)
class Caps:
    """Longest texts, in characters."""

    title: int = 250
    description: int = 8000
    subject: int = 250
    body: int = 8000
    """Of a communication."""


DEFAULT_CAPS = Caps()
SHORTEST_TITLE = 10
_ALLOWED = "\n\r\t"


def line_problems(text: str, field: str, longest: int, shortest: int = 1) -> Iterator[Problem]:
    """What is wrong with a title or a subject: one line of plain text."""
    if len(text.strip()) < shortest:
        said = "is empty" if not text.strip() else f"has fewer than {shortest} characters"
        yield Problem(field, f"the {field} {said}", "say what fails, where, and since when")
    if any(not char.isprintable() for char in text):
        yield Problem(field, f"the {field} holds a line break or another control character", "write it on one line")
    yield from _too_long(text, field, longest)


def text_problems(text: str, field: str, longest: int) -> Iterator[Problem]:
    """What is wrong with a description or a message."""
    if not text.strip():
        yield Problem(field, f"the {field} is empty", "say what is asked, and on what grounds")
    if any(_is_control(char) for char in text):
        yield Problem(field, f"the {field} holds control characters", "plain text with line breaks only")
    yield from _too_long(text, field, longest)


def _is_control(char: str) -> bool:
    return char not in _ALLOWED and (ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000)


def _too_long(text: str, field: str, longest: int) -> Iterator[Problem]:
    if len(text) > longest:
        yield Problem(
            field,
            f"the {field} has {len(text):,} characters, {longest:,} are allowed; nothing is cut for you",
            "shorten it, and attach the long form as a file",
        )
