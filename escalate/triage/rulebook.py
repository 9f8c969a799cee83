"""Loads rule files, refuses what cannot work, and compiles every pattern that the single pass looks for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from escalate.errors import ConfigError
from escalate.model.rule import CorrelatorCall, Rule
from escalate.triage.correlators import correlators
from escalate.triage.index import LIFECYCLE
from escalate.triage.ledger.causes import CAUSES
from escalate.triage.matcher import Pattern
from escalate.triage.template import FLAGS, as_pattern

BUILT_IN = Path(__file__).parent / "rules"
HINT = "correct the rule file, or leave it out with --rules"
MAX_BYTES = 4 * 1024 * 1024
"""Of one rule file; all built-in ones together are a tenth of that."""


def load_rules(extra: Sequence[Path] = ()) -> tuple[Rule, ...]:
    """The built-in rules and those of the given folders or files, in file and then in entry order.

    Raises:
        ConfigError: unreadable or not TOML, a field that does not fit, a regex that does not compile or matches
            nothing at all, an unknown correlator, argument or cause, an id that is used twice, or, in a file of a
            team, a sample that does not hold; names file and rule.
    """
    rules: list[Rule] = []
    origin: dict[str, Path] = {}
    for path in _files(extra):
        for rule in _read(path):
            if rule.id in origin:
                raise ConfigError(f"{path}: rule {rule.id} is already defined in {origin[rule.id]}", hint=HINT)
            origin[rule.id] = path
            rules.append(rule)
    return tuple(rules)


def rule_patterns(rules: Sequence[Rule]) -> tuple[Pattern, ...]:
    """The text pattern of every rule that has one; the key is the rule's id."""
    return tuple(
        Pattern(rule.id, re.compile(rule.match.regex, FLAGS), frozenset(rule.match.kinds))
        for rule in rules
        if rule.match is not None
    )


def watch_patterns(rules: Sequence[Rule], more: Sequence[str] = ()) -> tuple[Pattern, ...]:
    """The patterns that correlators of these rules join with, and `more`, each once; the key is the pattern."""
    templates = [LIFECYCLE, *more]
    calls = [call for rule in rules for call in calls_of(rule)]
    templates += [template for call in calls for template in regexes_of(call)]
    templates += [template for call in calls for template in correlators()[call.correlator].watches]
    found: dict[str, Pattern] = {}
    for template in templates:
        pattern = as_pattern(template)
        found.setdefault(pattern, Pattern(pattern, re.compile(pattern, FLAGS)))
    return tuple(found.values())


def calls_of(rule: Rule) -> tuple[CorrelatorCall, ...]:
    """Every correlator call of a rule."""
    condition = (rule.condition,) if rule.condition else ()
    return (
        *condition,
        *rule.requires,
        *rule.refuted_by,
        *rule.demoted_by,
        *rule.supported_by,
        *rule.gates.values(),
    )


def regexes_of(call: CorrelatorCall) -> Iterator[str]:
    """The patterns among a call's arguments."""
    for name, value in call.args.items():
        if isinstance(value, str) and (name == "regex" or name.endswith("_regex")):
            yield value


def _files(extra: Sequence[Path]) -> Iterator[Path]:
    yield from sorted(BUILT_IN.glob("*.toml"))
    for place in extra:
        if place.is_dir():
            files = sorted(place.glob("*.toml"))
            if not files:
                raise ConfigError(
                    f"{place} holds no rule file (*.toml)", hint="check --rules; its folders are not searched"
                )
            yield from files
        elif place.is_file():
            yield place
        else:
            raise ConfigError(f"{place} is neither a rule file nor a folder of them", hint="check --rules")


def _read(path: Path) -> Iterator[Rule]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path} has more than {MAX_BYTES // 2**20} MiB: that is no rule file", hint=HINT)
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ConfigError(f"{path} cannot be read as TOML: it is nested too deeply", hint=HINT) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}", hint=HINT) from error
    entries = document.get("rule", [])
    if set(document) - {"rule"} or not isinstance(entries, list):
        raise ConfigError(f"{path} may hold [[rule]] tables and nothing else", hint=HINT)
    for number, entry in enumerate(entries, start=1):
        name = entry.get("id", f"entry {number}") if isinstance(entry, dict) else f"entry {number}"
        try:
            rule = Rule.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ConfigError(f"{path}: rule {name}: {place}: {first['msg']}", hint=HINT) from error
        _check(path, rule)
        if path.parent != BUILT_IN:
            _check_samples(path, rule)
        yield rule


def _check(path: Path, rule: Rule) -> None:
    if (rule.match is None) == (rule.condition is None):
        raise ConfigError(f"{path}: rule {rule.id}: needs either match or condition", hint=HINT)
    if rule.match is not None:
        _check_regex(path, rule, rule.match.regex)
    for hint in rule.missing:
        _check_regex(path, rule, hint.found_in or "x")
    causes = {cause.id for cause in CAUSES}
    if rule.cause and rule.cause not in causes:
        raise ConfigError(
            f"{path}: rule {rule.id}: no cause is called {rule.cause!r}; known: {', '.join(sorted(causes))}", hint=HINT
        )
    known = correlators()
    for call in calls_of(rule):
        if call.correlator not in known:
            raise ConfigError(
                f"{path}: rule {rule.id}: no correlator is called {call.correlator!r}; known: {', '.join(known)}",
                hint=HINT,
            )
        wrong = sorted(set(call.args) - known[call.correlator].args)
        if wrong:
            raise ConfigError(
                f"{path}: rule {rule.id}: correlator {call.correlator} has no argument {', '.join(wrong)}", hint=HINT
            )
        for template in regexes_of(call):
            _check_regex(path, rule, as_pattern(template))


def _check_samples(path: Path, rule: Rule) -> None:
    """As the tests do for the built-in rules: a text rule proves itself on lines that hit and lines that do not."""
    if rule.match is None:
        return
    pattern, given = re.compile(rule.match.regex, FLAGS), rule.provenance
    if not given.positive or not given.negative:
        raise ConfigError(
            f"{path}: rule {rule.id}: provenance needs at least one positive and one negative sample line",
            hint="add a real line that must hit and one that must not: positive = [...], negative = [...]",
        )
    for wanted, lines in ((True, given.positive), (False, given.negative)):
        for line in lines:
            if (pattern.search(line) is not None) is not wanted:
                said = "does not match" if wanted else "matches"
                raise ConfigError(f"{path}: rule {rule.id}: {said} its own sample {line[:120]!r}", hint=HINT)


def _check_regex(path: Path, rule: Rule, pattern: str) -> None:
    try:
        compiled = re.compile(pattern, FLAGS)
    except re.error as error:
        raise ConfigError(f"{path}: rule {rule.id}: {pattern!r} is no regex: {error}", hint=HINT) from error
    if compiled.search(""):
        raise ConfigError(f"{path}: rule {rule.id}: {pattern!r} matches an empty line", hint=HINT)
