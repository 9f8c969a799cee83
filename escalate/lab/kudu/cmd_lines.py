"""Reads a line as cmd.exe does: variables first, then commands between `&`, `&&`, `||`, with their redirections."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_VARIABLE = re.compile(r"%([^%\s]+)%")
_DELAYED = re.compile(r"!([^!\s]+)!")
_REDIRECTION = re.compile(r"(?P<source>[012])?(?P<kind>>>|>|<)(?P<target>&[12])?")


@dataclass
class Simple:
    """One command; `words` keep their quotes."""

    words: list[str] = field(default_factory=list)
    text: str = ""
    """As it was written, without redirections; `echo` keeps its blanks."""
    after: str = "&"
    """What stands before it: `&` always, `&&` after success, `||` after failure."""
    output: str | None = None
    append: bool = False
    errors: str | None = None
    """A file, or `&1`."""


def expand(line: str, value: Callable[[str], str | None]) -> str:
    """`%NAME%`; a name that nobody knows stays, as on a command line."""
    return _VARIABLE.sub(lambda match: _or_itself(match, value), line)


def expand_delayed(line: str, value: Callable[[str], str | None]) -> str:
    """`!NAME!`, with `cmd /v:on`."""
    return _DELAYED.sub(lambda match: _or_itself(match, value), line)


def split(line: str) -> list[Simple]:
    """The commands of a line, in order."""
    found = [Simple()]
    word = ""
    target = ""
    """Where the next word goes: `output`, `errors`, `input`, or nowhere special."""
    quoted = False
    at = 0

    def finish() -> None:
        nonlocal word, target
        if not word:
            return
        if target == "output":
            found[-1].output = word
        elif target == "errors":
            found[-1].errors = word
        elif target == "":
            found[-1].words.append(word)
        word, target = "", ""

    while at < len(line):
        char = line[at]
        redirection = None if quoted else _REDIRECTION.match(line, at)
        if redirection is not None and redirection["source"] and word:
            redirection = None  # the digit belongs to the word
        if not target and redirection is None and (quoted or char not in "&|^"):
            found[-1].text += char
        if char == '"':
            quoted = not quoted
            word += char
        elif quoted:
            word += char
        elif char == "^" and at + 1 < len(line):
            at += 1
            word += line[at]
            found[-1].text += line[at]
        elif redirection is not None:
            finish()
            at = redirection.end() - 1
            target = _redirect(found[-1], redirection)
        elif char in "&|":
            finish()
            operator = char * 2 if line[at + 1 : at + 2] == char else char
            at += len(operator) - 1
            found.append(Simple(after=operator))
        elif char in " \t\r\n":
            finish()
        else:
            word += char
        at += 1
    finish()
    return [each for each in found if each.words]


def bare(word: str) -> str:
    """Without quotes."""
    return word.replace('"', "")


def rest_of(words: list[str], start: int) -> str:
    """What stands behind, as `cmd /c` takes it: one pair of quotes around it all falls away."""
    text = " ".join(words[start:]).strip()
    return text[1:-1] if len(text) > 1 and text.startswith('"') and text.endswith('"') else text


def _redirect(command: Simple, redirection: re.Match[str]) -> str:
    kind = "input" if redirection["kind"] == "<" else "errors" if redirection["source"] == "2" else "output"
    if redirection["target"]:
        if kind == "errors":
            command.errors = redirection["target"]
        return ""
    command.append = redirection["kind"] == ">>" if kind == "output" else command.append
    return kind


def _or_itself(match: re.Match[str], value: Callable[[str], str | None]) -> str:
    known = value(match[1])
    return match[0] if known is None else known
