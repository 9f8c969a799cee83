"""Secrets inside answers of ARM: fields whose names say so, signed URLs, the parts of connection strings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from escalate.collect.secrets import looks_secret, secrets_of_environment

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PART = re.compile(r"\s*(?P<name>[A-Za-z][\w .]{0,60}?)\s*=\s*(?P<value>[^;]+)")
_SIGNED = ("sig", "code", "sharedaccesssignature")
_DEPTH = 60


def secrets_of_answer(data: object, name: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """(value, name) of every field of a decoded answer that redaction must know."""
    if depth > _DEPTH:
        return
    if isinstance(data, dict):
        for key, value in data.items():
            yield from secrets_of_answer(value, str(key), depth + 1)
    elif isinstance(data, list):
        for value in data:
            yield from secrets_of_answer(value, name, depth + 1)
    elif isinstance(data, str):
        snake = _HUMP.sub("_", name)
        if not snake.casefold().endswith("name") and looks_secret(snake):
            yield from secrets_of_environment([(snake, data)])
        yield from secrets_of_parts(data, name)


def secrets_of_parts(value: str, name: str) -> Iterator[tuple[str, str]]:
    """(value, name) of what is secret inside a value: a signature, a password in a URL, `AccountKey=...;`."""
    if "://" in value:
        yield from _of_url(value, name)
    if ";" in value or "=" in value:
        for match in _PART.finditer(value):
            part = _HUMP.sub("_", match["name"].replace(" ", "_"))
            if looks_secret(part):
                yield from secrets_of_environment([(part, match["value"].strip().strip("\"'"))])


def _of_url(value: str, name: str) -> Iterator[tuple[str, str]]:
    for word in value.split():
        try:
            parts = urlsplit(word)
            password = parts.password
        except ValueError:
            continue
        if password:
            yield password, f"{name}: password in a URL"
        signed = [
            (key, inner) for key, inner in parse_qsl(parts.query) if key.casefold() in _SIGNED and len(inner) >= 8
        ]
        for key, inner in signed:
            yield inner, f"{name}: {key}"
        if signed:
            yield parts.query, f"{name}: signed query"
