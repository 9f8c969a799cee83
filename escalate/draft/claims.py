"""Keeps the draft from saying more than the evidence can: who may be blamed in which words, and where.

A customer never sees the host. So words that blame it may stand in few places only: in a question, in a quotation of
evidence (or a list of what could not be seen), in a statement that rests on a file of a host (a kernel dump of a VM),
or, as the layer that is suspected, once the verdict itself is that only Microsoft can answer. That something happened
in the host - a panic, a bugcheck, a kill - is not said even then, and nothing follows from a kernel log that nobody
could read: its lines are not visible, which is not the same as not there. Templates mark such places with `zone`;
`lint` refuses what stands outside of them; `plain` takes the marks off.
"""

from __future__ import annotations

import re
import unicodedata
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
_EVENT = re.compile(
    r"""(?<![A-Za-z])(?:
      bug[ -]?checks? | bsod | blue\ screens?
    | panic(?:s|ked|king)?
    | oom[ -]?kill(?:er|ers|ed|s|ing)? | out[ -]of[ -]memory[ -]kill(?:er|ed|s)?
    | pool\ leaks?
    | (?:kernels?|drivers?|hypervisors?|platform|host|azure|microsoft|infrastructure)\b[^.;:]{0,40}?
      \b(?:crashed|died|stole|killed|killing|leak(?:s|ed|ing)?|broke|broken|faulty|defective|failed|caused|
        did\ it|at\ fault|to\ blame|(?:is|was)\ the\ (?:root\ )?cause)
    | (?:is|was)\ an?\ (?:kernel|driver|hypervisor|platform|host|azure|microsoft|infrastructure|hardware)[ ]
      (?:faults?|bugs?|defects?|failures?|outages?|malfunctions?)
    )(?![A-Za-z0-9])""",
    re.IGNORECASE | re.VERBOSE,
)
"""What is said to have happened in the host: no verdict bears that out, only a file of the host does."""

_ABSENCE = re.compile(
    r"\b(?:no|without|missing|absen(?:t|ce))\b[^.;]{0,40}"
    r"\b(?:dmesg|kernel (?:log|line|message|entr)|oom\b|out-of-memory line)[^.;]{0,60}"
    r"\b(?:so|therefore|hence|thus|means?|proves?|shows?|rules? out|excludes?)\b",
    re.IGNORECASE,
)
"""A conclusion from lines that no sandbox shows."""
_NO_CONCLUSION = re.compile(
    r"\bvisible\b|\bcannot\b|\b(?:tells?|means?|proves?|shows?|rules? out|excludes?) (?:neither|nothing)\b",
    re.IGNORECASE,
)

_HEDGE = re.compile(r"\b(?:may|might|could|would|if|possibly|suspected|hypothesis|wanted)\b", re.IGNORECASE)

_LOOKALIKES = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0455\u0458\u04cf\u03b1\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u0131",
    "abekmhopctyxisjlaeiknoptui",
)
"""Letters of other alphabets that a reader takes for Latin ones (the common part of Unicode's confusables)."""
_INVISIBLE_MARK = re.compile(r"\[U\+(?:00AD|034F|061C|115F|1160|17B4|17B5|180E|20[0-6][0-9A-F]|FE0[0-9A-F]|FEFF)\]")
"""How `text.clean` writes characters that nobody sees."""

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
    """Whether the text names the host, its kernel or the platform as a cause, in whatever form or script."""
    return _CLAIM.search(_OWN.sub(_NOTHING, _as_read(text))) is not None


def tells_of_host(text: str) -> bool:
    """Whether the text says what happened in the host, without a hedge."""
    read = _as_read(text)
    return _EVENT.search(_OWN.sub(_NOTHING, read)) is not None and _HEDGE.search(read) is None


def concludes_from_absence(text: str) -> bool:
    """Whether the text concludes something from a kernel log that shows nothing because nobody can read it."""
    read = _as_read(text)
    return _ABSENCE.search(read) is not None and _NO_CONCLUSION.search(read) is None


def _as_read(text: str) -> str:
    """The text as a reader sees it: without what is invisible, accents and look-alikes turned into plain letters."""
    if text.isascii() and "[U+" not in text:
        return text
    bare = _INVISIBLE_MARK.sub("", text)
    parts = unicodedata.normalize("NFKD", bare.lower())
    kept = "".join(char for char in parts if unicodedata.category(char) not in ("Mn", "Cf"))
    return kept.translate(_LOOKALIKES)


def zone(text: str, limit: int = SENTENCE) -> Said:
    """Mark a question, a quotation, or a thing that could not be seen."""
    return Said(f"{OPEN}{clean(plain(text), limit)}{CLOSE}")


def plain(text: str) -> str:
    """The text without marks."""
    return text.replace(OPEN, "").replace(CLOSE, "")


def lint(text: str, answerable_by: Answerer, *, where: str) -> None:
    """Refuse text that claims what the evidence cannot show.

    Raises:
        DraftDefect: a sentence outside of every zone blames the host; under the verdict `microsoft`, one that says
            what happened in it.
    """
    refused = tells_of_host if answerable_by == "microsoft" else blames
    outside, zones = _ZONE.subn(_NOTHING, text)
    while zones:  # innermost first: a list that is a zone holds quotations that are
        outside, zones = _ZONE.subn(_NOTHING, outside)
    for part in sentences(outside):
        if concludes_from_absence(part):
            raise DraftDefect(
                f"{where} would conclude from what is not visible: {clean(plain(part), 200)!r}",
                hint="this is a defect of a rule or a template: report the sentence; the evidence is intact",
            )
        if refused(part) and not (part.endswith("?") or (answerable_by == "microsoft" and _denied(part))):
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
    borne_out: frozenset[str] = frozenset()
    """Statements that rest on a file of a host, such as a kernel dump of a VM; any verdict may repeat them."""

    def say(self, statement: str, limit: int = SENTENCE) -> Said:
        """The statement if it claims nothing it may not; otherwise a sentence that says where the wording is.

        A question and a denial ("no memory pressure, so not the ...") claim nothing; they come back as a zone. So does
        what a file of a host bears out.
        """
        text = clean(statement, limit)
        if any(concludes_from_absence(part) for part in sentences(text)):
            return LEFT_OUT
        if not blames(text):
            return Said(text)
        if self.answerable_by == "microsoft" and not any(tells_of_host(part) for part in sentences(text)):
            return Said(text)
        if all(self._may_say(part) for part in sentences(text)):
            return zone(text, len(text))
        return LEFT_OUT

    def _may_say(self, part: str) -> bool:
        if self.answerable_by == "microsoft" and not tells_of_host(part):
            return True
        return _harmless(part) or any(statement and statement in part for statement in self.borne_out)

    def layer(self, layer: str) -> str:
        """The layer in words; one that would blame the host is not settled until Microsoft answers."""
        words = clean(layer.replace("_", " "), 120)
        may_be_named = self.answerable_by == "microsoft" and not tells_of_host(words)
        return words if may_be_named or not blames(words) else "not settled"

    def reported(self, words: str, limit: int = SENTENCE) -> tuple[Said, bool]:
        """The reporter's own words without sentences that name an unproven cause, and whether there were any."""
        text = clean(words, limit)
        parts = [part for part in sentences(text) if not concludes_from_absence(part)]
        if len(parts) < len(sentences(text)):
            return Said(self.reported(" ".join(parts), limit)[0]), True
        if self.answerable_by == "microsoft":
            kept = [part for part in parts if not tells_of_host(part) or _harmless(part)]
            return (Said(text), False) if len(kept) == len(parts) else (Said(" ".join(kept)), True)
        kept = [part for part in parts if not blames(part) and not _BLAME.search(_as_read(part))]
        return Said(" ".join(kept)), len(kept) < len(parts)


def _harmless(part: str) -> bool:
    return not blames(part) or part.endswith("?") or _denied(part)


def _denied(part: str) -> bool:
    return _DENIAL.search(part) is not None and _FALSE_DENIAL.search(part) is None


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
