"""What a message of support asks for: plain matching of words; what is not recognised is said to be so."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escalate.submit.letters import own_lines

VOCABULARY = Path(__file__).parent / "asks.toml"

LONGEST = 400
"""Characters of a sentence that are shown."""

_ASKING = re.compile(
    r"\?|\bplease\b|\bpls\b|\bkindly\b|\b(?:could|can|would|will|may) (?:you|we|i)\b"
    r"|\b(?:we|i)(?:'ll| will| would| do)? (?:also )?(?:need|require|request|ask|like|want)\b"
    r"|\b(?:is|are|be) (?:also )?(?:needed|required)\b"
    r"|\blet (?:me|us) know\b|\byou (?:need|have) to\b|\bneed (?:you|the|a|an)\b|\bwaiting for (?:the|your)\b"
    r"|^(?:also |then |and |next,? )?(?:provide|share|send|upload|attach|collect|capture|confirm|check|run|take"
    r"|generate|reproduce)\b",
    re.IGNORECASE,
)
_THANKS = re.compile(r"^\W*(?:many )?thank(?:s| you)\b[^,.;?!]{0,200}(?:[,.;!]|$)", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*\u2022\u2013\u00b7]|\(?\d{1,2}[.)]|\(?[a-h][.)])\s+")
_LEADS_IN = re.compile(r"(?:[:\uff1a]|\bfollowing\b[^.?!]{0,80}[:.]?)\s*$", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.?!;])\s+(?=[A-Z0-9\"'(])")


@dataclass(frozen=True, slots=True)
class Getter:
    """A collector that gets what is asked for."""

    collector: str
    include: str | None
    """The word of consent it needs."""


@dataclass(frozen=True, slots=True)
class AskKind:
    """One thing that engineers ask for, as asks.toml describes it."""

    id: str
    title: str
    asks: re.Pattern[str]
    other: re.Pattern[str] | None
    kinds: frozenset[str] = frozenset()
    paths: re.Pattern[str] | None = None
    among: frozenset[str] = frozenset()
    """Kinds that a path counts for; empty: every kind."""
    collect: Mapping[str, tuple[Getter, ...]] | None = None
    """Platform to collectors, best first."""
    by_hand: str | None = None
    fact: str | None = None
    person: str | None = None
    general: bool = False
    """Says nothing that another ask of the same sentence does not say better."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One sentence that asks, with what it was recognised as."""

    text: str
    """The engineer's own words."""
    kinds: tuple[AskKind, ...]
    """Empty: it asks for something that nobody here can name."""


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    kinds: tuple[AskKind, ...]
    ignored: re.Pattern[str]


@functools.cache
def vocabulary() -> _Vocabulary:
    """asks.toml, compiled."""
    data = tomllib.loads(VOCABULARY.read_text("utf-8"))
    ignored = re.compile("|".join(f"(?:{each['match']})" for each in data["ignore"]), re.IGNORECASE)
    return _Vocabulary(tuple(_kind(table) for table in data["ask"]), ignored)


def answers_to(kind: AskKind, evidence: str, path: str) -> bool:
    """Whether a file of that kind (value of `Kind`) and path is what is asked for."""
    if evidence in kind.kinds:
        return True
    by_path = kind.paths is not None and kind.paths.search(path) is not None
    return by_path and (not kind.among or evidence in kind.among)


def asks_in(body: str) -> tuple[Ask, ...]:
    """What a message asks for, in its order; text or HTML, quoted messages left out."""
    found: dict[str, Ask] = {}
    for sentence in _asking(body):
        if vocabulary().ignored.search(sentence):
            continue
        placed = [(at, kind) for kind in vocabulary().kinds if (at := _place(kind, sentence)) is not None]
        named = [kind for _, kind in sorted(placed, key=lambda each: each[0])]
        kinds = tuple(kind for kind in named if not kind.general) or tuple(named)
        found.setdefault(sentence.casefold(), Ask(sentence[:LONGEST], kinds))
    return tuple(found.values())


def _place(kind: AskKind, sentence: str) -> int | None:
    """Where in the sentence it is asked for; None: nowhere.

    What a pattern of another ask covers is blanked first: "a heap dump" is no process dump.
    """
    rest = kind.other.sub(lambda match: " " * len(match[0]), sentence) if kind.other else sentence
    match = kind.asks.search(rest)
    return match.start() if match else None


def _asking(body: str) -> Iterator[str]:
    """The sentences that ask; points of a list ask when the line before the list does."""
    in_list = False
    for line in own_lines(body):
        bullet = _BULLET.match(line)
        words = " ".join(line[bullet.end() :].split() if bullet else line.split())
        if not words:
            continue
        if bullet and in_list:
            yield words
            continue
        asked = [sentence for sentence in _sentences(words) if _ASKING.search(sentence)]
        if not bullet:
            in_list = bool(_LEADS_IN.search(words)) and bool(_ASKING.search(words))
            if in_list and asked and all(_place(kind, asked[-1]) is None for kind in vocabulary().kinds):
                asked = asked[:-1]  # "Please provide the following:" asks by its list
        yield from asked


def _sentences(words: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(words):
        rest = _THANKS.sub("", sentence).strip()
        if rest:
            yield rest


def _kind(table: Mapping[str, Any]) -> AskKind:
    collect = table.get("collect", {})
    return AskKind(
        id=table["id"],
        title=table["title"],
        asks=_any(table["asks"]),
        other=_any(table["not"]) if "not" in table else None,
        kinds=frozenset(table.get("kinds", ())),
        paths=_any(table["paths"]) if "paths" in table else None,
        among=frozenset(table.get("among", ())),
        collect={platform: tuple(map(_getter, names)) for platform, names in collect.items()} or None,
        by_hand=table.get("by_hand"),
        fact=table.get("fact"),
        person=table.get("person"),
        general=table.get("general", False),
    )


def _getter(name: str) -> Getter:
    collector, _, include = name.partition(" +")
    return Getter(collector, include or None)


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in patterns), re.IGNORECASE)
