"""The user's own rules: read from TOML, tried on their examples, matched by hyperscan from the start to the end."""

from __future__ import annotations

import re
import tomllib
from functools import cached_property

import hyperscan
from pydantic import Field, TypeAdapter, ValidationError

from escalate.errors import UsageError
from escalate.model.base import Frozen
from escalate.redact.own_patterns import BadPattern, Pattern, parse_pattern
from escalate.redact.rule import Expression, Hit
from escalate.redact.tokens import inside_token, is_redacted, secret_token

MAX_RULES = 200
_AFTER = 1024
"""Bytes behind a wake-up in which the match may go on: as many as it can have."""
_NEAR = 256
"""Bytes before and after a match in which a keyword has to stand."""
_SECRET_LENGTH = 4
"""Bytes of the shortest match; anything shorter is everywhere."""
_HINT = "docs/own-rules.md has an example"


class OwnRule(Frozen):
    """One rule as the file says it; the whole of what `regex` matches is replaced."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,40}$")
    title: str = Field(min_length=3, max_length=200)
    kind: str = Field(pattern=r"^[A-Z][A-Z0-9_-]{1,23}$")
    """The word in the mark: `[R:<kind>:3FA9C1]`."""
    regex: str = Field(min_length=1)
    caseless: bool = False
    keywords: tuple[str, ...] = Field(default=(), max_length=20)
    """One of them, in any case, has to stand near by; none: no condition."""
    positives: tuple[str, ...] = Field(default=(), max_length=50)
    negatives: tuple[str, ...] = Field(default=(), max_length=50)


class _File(Frozen):
    rule: tuple[OwnRule, ...] = Field(min_length=1, max_length=MAX_RULES)


_FILE = TypeAdapter(_File)


class OwnMatcher:
    """One own rule, at work. It finds with hyperscan alone, so no text can make it slow."""

    def __init__(self, rule: OwnRule, key: bytes) -> None:
        self._rule = rule
        self._key = key
        self._pattern: Pattern = parse_pattern(rule.regex)
        self.expressions = (Expression(self._pattern.expression, rule.caseless),)
        self._keywords = re.compile(b"|".join(re.escape(word.casefold().encode()) for word in rule.keywords))

    @cached_property
    def _database(self) -> hyperscan.Database:
        return _compiled(self._pattern.expression, caseless=self._rule.caseless, starts=True)

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """See `Rule.find`: of the matches around `end` the one that starts first and ends last."""
        del expression
        low = max(0, end - self._pattern.longest)
        # one byte more on the left, so that an edge is judged by what really stands before it
        first = max(0, low - 1)
        window = data[first : min(len(data), end + _AFTER)]
        found: list[tuple[int, int]] = []

        def on_match(_identity: int, start: int, stop: int, _flags: int, _context: object) -> None:
            found.append((start, stop))

        self._database.scan(window, match_event_handler=on_match)
        around = [start for start, stop in found if start < end - first <= stop]
        if not around:
            return ()
        start = min(around)
        stop = max(stop for begin, stop in found if begin == start)
        start, stop = _whole_characters(window, start, stop)
        value = window[start:stop]
        if len(value) < _SECRET_LENGTH or is_redacted(value) or inside_token(data, start + first):
            return ()
        near = window[max(0, start - _NEAR) : stop + _NEAR]
        if self._rule.keywords and not self._keywords.search(near.lower()):
            return ()
        token = secret_token(self._key, self._rule.kind, value)
        return (Hit(start + first, stop + first, token, f"own-{self._rule.id}", value),)


def _whole_characters(data: bytes, start: int, stop: int) -> tuple[int, int]:
    """The span with the rest of the UTF-8 characters at its edges: half of one would make a text invalid."""
    for _ in range(3):
        start -= start > 0 and data[start] & 0xC0 == 0x80
        stop += stop < len(data) and data[stop] & 0xC0 == 0x80
    return start, stop


def read_rules(text: str, where: str) -> tuple[OwnRule, ...]:
    """The rules of a TOML file; `where` is its name.

    Raises:
        UsageError: no TOML, a field is wrong, a pattern cannot be taken, or a rule fails its own examples.
    """
    try:
        rules = _FILE.validate_python(tomllib.loads(text)).rule
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{where} is no TOML: {error}", hint=_HINT) from None
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise UsageError(f"{where}: {place}: {problem['msg']}", hint=_HINT) from None
    ids = [rule.id for rule in rules]
    for rule in rules:
        if ids.count(rule.id) > 1:
            raise UsageError(f"{where}: two rules are called {rule.id}", hint="give each rule its own id")
        check_rule(rule, where)
    return rules


def check_rule(rule: OwnRule, where: str) -> None:
    """Compile a rule and try it on its examples.

    Raises:
        UsageError: it cannot be taken, and why.
    """
    try:
        pattern = parse_pattern(rule.regex)
        for starts in (False, True):
            _compiled(pattern.expression, caseless=rule.caseless, starts=starts)
    except BadPattern as error:
        raise UsageError(f"{where}: rule {rule.id}: {error}", hint=error.hint) from None
    except (hyperscan.error, ValueError) as error:
        raise UsageError(
            f"{where}: rule {rule.id}: its pattern does not compile: {error}", hint="make it shorter or simpler"
        ) from None
    if pattern.shortest < _SECRET_LENGTH:
        raise UsageError(
            f"{where}: rule {rule.id} matches {pattern.shortest} bytes",
            hint=f"let it match at least {_SECRET_LENGTH}: less is found everywhere",
        )
    matcher = OwnMatcher(rule, b"\0" * 32)
    for texts, wanted in ((rule.positives, True), (rule.negatives, False)):
        for number, text in enumerate(texts, start=1):
            if finds(matcher, text.encode()) != wanted:
                verb = "does not find its positive" if wanted else "finds its negative"
                raise UsageError(
                    f"{where}: rule {rule.id} {verb} example {number}", hint="correct the pattern or the example"
                )


def finds(matcher: OwnMatcher, data: bytes) -> bool:
    """Whether a rule finds anything in a short text."""
    wakes: set[int] = set()

    def on_match(_identity: int, _start: int, stop: int, _flags: int, _context: object) -> None:
        wakes.add(stop)

    [expression] = matcher.expressions
    _compiled(expression.pattern, caseless=expression.caseless, starts=False).scan(data, match_event_handler=on_match)
    return any(matcher.find(data, end, 0) for end in sorted(wakes))


def _compiled(expression: bytes, *, caseless: bool, starts: bool) -> hyperscan.Database:
    flags = hyperscan.HS_FLAG_DOTALL | (hyperscan.HS_FLAG_CASELESS if caseless else 0)
    flags |= hyperscan.HS_FLAG_SOM_LEFTMOST if starts else 0
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[expression], ids=[0], elements=1, flags=[flags])
    return database


def rules_of(saved: dict[str, str]) -> tuple[OwnRule, ...]:
    """The rules that the case remembers, in the order of their ids; see `private.own_rules`."""
    return tuple(OwnRule.model_validate_json(saved[identity]) for identity in sorted(saved))
