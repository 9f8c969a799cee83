"""Reads names and values of settings out of every form in which configuration comes."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from escalate.redact.secret_parts import unquoted

_ENV_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Za-z0-9]+)+|[A-Z][A-Z0-9]{2,}")
_LINE = re.compile(
    r"^[ \t]*(?:-[ \t]+)?(?:(?:export|setx?|declare[ \t]+-x|ENV|ARG|-e|--env)[ \t]+|\$env:|--env=|-D)?"
    r"[\"']?(?P<name>[A-Za-z_][\w.:-]{0,127})[\"']?[ \t]*(?P<sign>=|:(?=[ \t]))[ \t]*"
    r"(?P<value>[^\r\n]*?)[ \t]*,?[ \t]*\r?$",
    re.MULTILINE,
)
_NAMED = re.compile(
    r"^[ \t]*-[ \t]+name:[ \t]*[\"']?(?P<name>[\w.:-]{1,128})[\"']?[ \t]*\r?\n"
    r"(?:[ \t]+(?!value:)[\w.]+:[^\r\n]*\r?\n){0,4}[ \t]+value:[ \t]*(?P<value>[^\r\n]+?)[ \t]*\r?$",
    re.MULTILINE,
)
_JSON_PAIR = re.compile(r"\"(?P<name>[\w.: -]{1,128})\"\s{0,8}:\s{0,64}\"(?P<value>(?:\\.|[^\"\\\r\n]){1,8192})\"")
_OPTION = re.compile(
    r"(?:(?<=\s)(?:-e|--env)[ =]|(?<=\s)-D|(?<=[\[,])\s{0,4}(?=\"[A-Za-z_]))"
    r"(?:\"(?P<d>[A-Za-z_][\w.]{0,127}=(?:\\.|[^\"\\\r\n]){1,8192})\"|'(?P<s>[A-Za-z_][\w.]{0,127}=[^'\r\n]{1,8192})'"
    r"|(?P<b>[A-Za-z_][\w.]{0,127}=(?:\"[^\"\r\n]{0,8192}\"|'[^'\r\n]{0,8192}'|[^\s\"']{1,8192})))"
)
_TAG = re.compile(
    r"<(?P<tag>[A-Za-z][\w:.-]{0,80})"
    r"(?P<attributes>(?:\s{1,64}[\w:.-]{1,80}\s{0,8}=\s{0,8}(?:\"[^\"<]*\"|'[^'<]*'))*)"
    r"\s{0,64}(?P<end>/?)>(?P<text>[^<]{0,8192})"
)
_ATTRIBUTE = re.compile(r"(?P<name>[\w:.-]{1,80})\s{0,8}=\s{0,8}(?:\"(?P<d>[^\"<]*)\"|'(?P<s>[^'<]*)')")
_VALUE_KEYS = ("value", "connectionstring")
_NAME_KEYS = ("name", "key")
_CONNECTIONS = "connectionstrings"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of an app, a tool or a process."""

    name: str
    value: str
    listed: bool
    """Whether it stands in a list of settings or an environment, and is no field of just any document."""
    connection: bool = False
    """Whether it stands where connection strings stand."""


def settings_of(text: str) -> Iterator[Setting]:
    """Every setting of a text: JSON, XML, NUL-separated environment, or lines in any usual notation."""
    if "\0" in text:
        for part in text.split("\0"):
            name, sign, value = part.partition("=")
            if sign:
                yield Setting(name, value, listed=True)
        return
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        yield from _of_text(text)
        return
    yield from _of_json(document)


def options_of(line: str) -> Iterator[Setting]:
    """Settings among the words of a command: `-e NAME=value`, `--env`, `-Dname=value`, `["NAME=value", ...]`."""
    for found in _OPTION.finditer(line):
        name, _, value = (found["d"] or found["s"] or found["b"]).partition("=")
        if found["d"] is not None and "\\" in value:
            value = _json_text(value)
        yield Setting(name, unquoted(value), listed=True)


def _of_text(text: str) -> Iterator[Setting]:
    yield from _of_xml(text)
    for found in _NAMED.finditer(text):
        yield Setting(found["name"], unquoted(found["value"]), listed=True)
    for found in _LINE.finditer(text):
        listed = found["sign"] == "=" or _ENV_NAME.fullmatch(found["name"]) is not None
        yield Setting(found["name"], unquoted(found["value"]), listed=listed)
    for found in _JSON_PAIR.finditer(text):
        yield Setting(found["name"], _json_text(found["value"]), listed=_ENV_NAME.fullmatch(found["name"]) is not None)
    yield from options_of(text)


def _json_text(inner: str) -> str:
    try:
        result = json.loads(f'"{inner}"')
    except ValueError:
        return inner
    return str(result)


def _of_xml(text: str) -> Iterator[Setting]:
    if "<" not in text:
        return
    for found in _TAG.finditer(text):
        pairs = [
            (one["name"], html.unescape(one["d"] if one["d"] is not None else one["s"]))
            for one in _ATTRIBUTE.finditer(found["attributes"])
        ]
        folded = {name.casefold(): value for name, value in pairs}
        named = next((folded[key] for key in _NAME_KEYS if folded.get(key)), None)
        for key in _VALUE_KEYS:
            if named is not None and key in folded:
                yield Setting(named, folded[key], listed=True, connection=key == "connectionstring")
        for name, value in pairs:
            yield Setting(name, value, listed=False)
        if found["text"].strip() and not found["end"]:
            yield Setting(found["tag"], html.unescape(found["text"].strip()), listed=False)


def _of_json(root: object) -> Iterator[Setting]:
    waiting: list[tuple[object, str]] = [(root, "")]
    while waiting:
        node, above = waiting.pop()
        if isinstance(node, list):
            for item in node:
                if isinstance(item, str):
                    yield from _assignment(item)
                waiting.append((item, above))
        elif isinstance(node, Mapping):
            yield from _of_object(node, above)
            waiting += [(inner, str(key)) for key, inner in node.items()]


def _of_object(node: Mapping[str, object], above: str) -> Iterator[Setting]:
    folded = {str(key).casefold(): inner for key, inner in node.items()}
    name = next((folded[key] for key in _NAME_KEYS if isinstance(folded.get(key), str)), None)
    connections = above.casefold() == _CONNECTIONS
    for key in _VALUE_KEYS:
        inner = folded.get(key)
        if isinstance(inner, str):
            yield Setting(str(name or above), inner, listed=True, connection=connections)
    for key, inner in node.items():
        if isinstance(inner, str | int) and not isinstance(inner, bool):
            listed = _ENV_NAME.fullmatch(str(key)) is not None or above.casefold() in (
                "values",
                "environment_variables",
            )
            yield Setting(str(key), str(inner), listed=listed, connection=connections)


def _assignment(item: str) -> Iterator[Setting]:
    name, sign, value = item.partition("=")
    if sign and re.fullmatch(r"(?:-D)?[A-Za-z_][\w.]{0,127}", name):
        yield Setting(name.removeprefix("-D"), value, listed=True)
