"""Keeps the draft from saying more than the evidence can: who may be blamed in which words, and where.

A customer never sees the host. So words that blame it may stand in three places only: in a question, in a quotation of
evidence (or a list of what could not be seen), or anywhere once the verdict itself is that only Microsoft can answer.
Templates mark such places with `zone`; `lint` refuses what stands outside of them; `plain` takes the marks off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal

from escalate.draft.defect import DraftDefect
from escalate.draft.text import SENTENCE, clean

Answerer = Literal["customer", "microsoft", "undetermined"]


class Said(str):
    """Words that were made harmless and may carry zone marks; joining or formatting them makes a plain str again."""

    __slots__ = ()


OPEN = "\ue000"
CLOSE = "\ue001"
"""Marks of a zone; `text.clean` lets none of them in from outside."""

_CLAIM = re.compile(
    r"""(?<![A-Za-z])(?:
      kernels?
    | bug[ -]?checks? | bsod | blue\ screens?
    | panic(?:s|ked|king)?
    | drivers?
    | oom[ -]?kill(?:er|ers|ed|s|ing)? | out[ -]of[ -]memory[ -]kill(?:er|ed|s)?
    | hypervisors?
    | pool\ leaks?
    | (?:platform|host|azure|microsoft|infrastructure|hardware)(?:['’]s)?[ ]
      (?:faults?|bugs?|defects?|failures?|outages?|malfunctions?)
    )(?![A-Za-z0-9])""",
    re.IGNORECASE | re.VERBOSE,
)
_OWN = re.compile(
    r"\b(?:odbc|jdbc|ado|sql|database|db|client|postgres|pg|mysql|redis|mongo(?:db)?|web|chrome)[ -]drivers?\b"
    r"|\b(?:go|golang|rust|goroutine)[ -]panics?\b",
    re.IGNORECASE,
)
"""Words of the same sound that belong to the app: a database driver, a panic in Go."""

_BLAME = re.compile(
    r"\bplatform\b"
    r"|\b(?:azure|microsoft|infrastructure)\b.*\b(?:faults?|bugs?|blame|broken|broke|problem|issue|cause[sd]?|must|outage)\b"
    r"|\b(?:faults?|bugs?|blame|cause[sd]?|broken|problem|issue)\b.*\b(?:azure|microsoft|infrastructure)\b",
    re.IGNORECASE,
)
"""What a reporter writes who has already decided; wider than `_CLAIM`, for their words alone."""

_DENIAL = re.compile(
    r"\b(?:not|no|never|cannot|without|neither|nor|whether|unknown)\b|n't\b|\bruled out\b", re.IGNORECASE
)
_FALSE_DENIAL = re.compile(
    r"\bno (?:doubt|question)\b|\bnot (?:only|just|merely)\b|\bwithout (?:a )?doubt\b", re.IGNORECASE
)

_SENTENCES = re.compile(r"(?<=[.!?])[\"'”’)]*\s+|\n+")
_ZONE = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
_NOTHING = "…"
LEFT_OUT = Said("This statement named a cause that no evidence here can show; its wording is left out")


def sentences(text: str) -> list[str]:
    """The text in sentences, without empty ones."""
    return [part.strip() for part in _SENTENCES.split(text) if part and part.strip()]


def blames(text: str) -> bool:
    """Whether the text names the host, its kernel or the platform as a cause, in whatever form."""
    return _CLAIM.search(_OWN.sub(_NOTHING, text)) is not None


def zone(text: str, limit: int = SENTENCE) -> Said:
    """Mark a question, a quotation, or a thing that could not be seen."""
    return Said(f"{OPEN}{clean(plain(text), limit)}{CLOSE}")


def plain(text: str) -> str:
    """The text without marks."""
    return text.replace(OPEN, "").replace(CLOSE, "")


def lint(text: str, answerable_by: Answerer, *, where: str) -> None:
    """Refuse text that claims what the evidence cannot show.

    Raises:
        DraftDefect: a sentence outside of every zone blames the host, and the verdict is not `microsoft`.
    """
    if answerable_by == "microsoft":
        return
    outside, zones = _ZONE.subn(_NOTHING, text)
    while zones:  # innermost first: a list that is a zone holds quotations that are
        outside, zones = _ZONE.subn(_NOTHING, outside)
    for part in sentences(outside):
        if not part.endswith("?") and blames(part):
            raise DraftDefect(
                f"{where} would claim more than the evidence shows: {clean(plain(part), 200)!r}",
                hint="this is a defect of a rule or a template: report the sentence; the evidence is intact",
            )


def lint_html(html: str, answerable_by: Answerer, *, where: str) -> None:
    """As `lint`, over what a reader of the page sees, hears or finds in a hover title."""
    lint("\n".join(_words(html)), answerable_by, where=where)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Decides which generated statements may be repeated under a verdict."""

    answerable_by: Answerer

    def say(self, statement: str, limit: int = SENTENCE) -> Said:
        """The statement if it claims nothing it may not; otherwise a sentence that says where the wording is.

        A question and a denial ("no memory pressure, so not the ...") claim nothing; they come back as a zone.
        """
        text = clean(statement, limit)
        if self.answerable_by == "microsoft" or not blames(text):
            return Said(text)
        if all(_harmless(part) for part in sentences(text)):
            return zone(text, len(text))
        return LEFT_OUT

    def layer(self, layer: str) -> str:
        """The layer in words; one that would blame the host is not settled until Microsoft answers."""
        words = clean(layer.replace("_", " "), 120)
        return words if self.answerable_by == "microsoft" or not blames(words) else "not settled"

    def reported(self, words: str, limit: int = SENTENCE) -> tuple[Said, bool]:
        """The reporter's own words without sentences that name an unproven cause, and whether there were any."""
        text = clean(words, limit)
        if self.answerable_by == "microsoft":
            return Said(text), False
        parts = sentences(text)
        kept = [part for part in parts if not blames(part) and not _BLAME.search(part)]
        return Said(" ".join(kept)), len(kept) < len(parts)


def _harmless(part: str) -> bool:
    if not blames(part) or part.endswith("?"):
        return True
    return _DENIAL.search(part) is not None and not _FALSE_DENIAL.search(part)


class _Reader(HTMLParser):
    """Collects the words of a page, with a line break wherever an element begins or ends."""

    _INLINE = frozenset({"a", "abbr", "b", "code", "em", "i", "q", "small", "span", "strong", "sup", "wbr"})
    _SPOKEN = frozenset({"title", "alt", "aria-label", "content"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        if tag not in self._INLINE:
            self.words.append("\n")
        for name, value in attrs:
            if name in self._SPOKEN and value:
                self.words.append(f"\n{value}\n")

    def handle_endtag(self, tag: str) -> None:
        self._style = False
        if tag not in self._INLINE:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.words.append(data)


def _words(html: str) -> Iterator[str]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    yield "".join(reader.words)
