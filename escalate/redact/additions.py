"""What the user adds to redaction: secret values, words to replace, rules; kept in the private folder of the case."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from escalate.case import private
from escalate.case.store import Case
from escalate.errors import UsageError
from escalate.redact.known import says_secret
from escalate.redact.names import Name, NameClass
from escalate.redact.own_rules import OwnRule, rules_of
from escalate.redact.secret_parts import unquoted
from escalate.redact.stop_list import why_not

MAX_LINES = 5_000
_LEAST_WORD = 3
"""Characters of the shortest word."""
_NAMED = re.compile(r"(?P<name>[A-Za-z_][\w.:-]{0,127})=(?P<value>.*)")
_SETTING = re.compile(r"[A-Z][A-Z0-9_]*")
_WORD = re.compile(r"(?:(?P<kind>[a-z]+)[ \t:]+)?(?P<text>.+)")
_WORD_KINDS: tuple[str, ...] = tuple(kind for kind in get_args(NameClass) if kind != "phone")
_REASONS = {"short": "it is too short to be looked for", "long": "it is too long", "our-mark": "it is a mark of ours"}


@dataclass(frozen=True)
class Additions:
    """What was added at one run."""

    secrets: tuple[tuple[str, str], ...] = ()
    """(value, name)."""
    words: tuple[Name, ...] = ()
    rules: tuple[OwnRule, ...] = ()

    def save(self, case: Case) -> None:
        """Put them to those of earlier runs."""
        if self.secrets:
            private.add_known_values(case, self.secrets)
        if self.words:
            private.add_words(case, {word.text: word.kind for word in self.words})
        if self.rules:
            private.add_own_rules(case, {rule.id: rule.model_dump_json() for rule in self.rules})


def read_secrets(text: str, where: str) -> tuple[tuple[str, str], ...]:
    """(value, name) of every line: a value, or NAME=value; blank lines and lines with `#` and a blank are left out.

    Where NAME does not look like the name of a setting, the whole line is looked for, too: it may be one value.

    Raises:
        UsageError: a value cannot be looked for; its line is named, never itself.
    """
    found: list[tuple[str, str]] = []
    for number, line in _lines(text, where):
        named = _NAMED.fullmatch(line)
        value = unquoted(named["value"]) if named else line
        if named and why_not(value, asked=True) is not None:
            named, value = None, line  # the padding of base64 is no value
        reason = why_not(value, asked=True)
        if reason is not None:
            raise UsageError(
                f"{where}, line {number}: {_REASONS[reason]}", hint="give at least four characters, one value a line"
            )
        name = private.ASKED + (named["name"] if named and _is_name(named["name"]) else f"line {number}")
        found.append((value, name))
        if named and not _is_name(named["name"]):
            found.append((line, name))
    return tuple(found)


def read_words(text: str, where: str) -> tuple[Name, ...]:
    """The words of a file, one a line: `user jdoe`, `host: db7`, `person Jane Doe`, `project Falcon`, or a bare term.

    Raises:
        UsageError: a word is too short.
    """
    found: list[Name] = []
    for number, line in _lines(text, where):
        match = _WORD.fullmatch(line)
        kind, word = (match["kind"], match["text"].strip()) if match else (None, line)
        if kind not in _WORD_KINDS:
            kind, word = "project", line
        if len(word) < _LEAST_WORD:
            raise UsageError(
                f"{where}, line {number}: the word has fewer than {_LEAST_WORD} characters",
                hint="a shorter one stands everywhere",
            )
        found += [Name(one, word) for one in get_args(NameClass) if one == kind]
    return tuple(found)


def _is_name(text: str) -> bool:
    return _SETTING.fullmatch(text) is not None or says_secret(text)


def _lines(text: str, where: str) -> Iterable[tuple[int, str]]:
    lines = text.removeprefix("\ufeff").splitlines()
    if len(lines) > MAX_LINES:
        raise UsageError(
            f"{where} has {len(lines):,} lines; {MAX_LINES:,} is the most", hint="leave out what is no secret"
        )
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith("# "):
            yield number, line.strip()


def added_words(case: Case) -> tuple[Name, ...]:
    """The words that the user added at this run or before."""
    saved = private.words(case)
    return tuple(
        Name(kind, text) for text, said in sorted(saved.items()) for kind in get_args(NameClass) if kind == said
    )


def added_rules(case: Case) -> tuple[OwnRule, ...]:
    """The rules that the user added at this run or before."""
    return rules_of(private.own_rules(case))


def added(case: Case) -> str:
    """All that the user added but the values, as one text; to be hashed with the key among the inputs of the stage."""
    return json.dumps([private.words(case), private.own_rules(case)], sort_keys=True)
