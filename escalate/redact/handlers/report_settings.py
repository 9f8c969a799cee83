"""Finds settings, arguments and local variables in reports and transcripts by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escalate.redact.engine import Engine
from escalate.redact.handlers.structured_names import hides, is_harmless
from escalate.redact.handlers.structured_spans import Edit, Window
from escalate.redact.tokens import inside_token, secret_token

LABEL = "named-setting"
_NAME_BACKWARDS = re.compile(rb"\s{0,4}[\"']?(?P<name>[\w.:$-]{1,128})")
_LINE_START = re.compile(rb"(?:^|[\r\n])[^\S\r\n]*(?:(?:export|set|setx|declare -x|typeset -x|\$env:|[+$#>-]+)\s*)*$")
_QUOTED = re.compile(
    rb"\s{0,4}(?:0x[0-9a-fA-F]+ )?(?:<[^<>\r\n]{0,200}> )?b?"
    rb"(?P<quote>[\"'])(?P<text>(?:\\[^\r\n]|(?!(?P=quote))[^\\\r\n\0])+)"
)
_BARE = re.compile(rb"[ \t]{0,4}(?P<text>[^\s\"',;&()\[\]{}<>\0]+)")
_LINE = re.compile(rb"[ \t]*(?P<text>[^\r\n\0]+)")
_ENTRY = re.compile(rb"(?P<text>[^\0]+)")
_POINTER = re.compile(rb"0x[0-9a-fA-F]+|@?\w+::.*")
_FOLDERS = frozenset(("PWD", "OLDPWD"))
_LONGEST_NAME = 160


def settings(window: Window, end: int, engine: Engine) -> Iterator[Edit]:
    """The edits because of a name of a secret whose sign (`=`, `:`, NUL) ends at `end`."""
    data = window.data
    low = max(0, end - _LONGEST_NAME)
    found = _NAME_BACKWARDS.match(data[low : end - 1][::-1])
    if found is None:
        return
    name, begin = found["name"][::-1].decode("utf-8", "replace"), end - 1 - found.end()
    if not hides(name.lstrip("-$")) or name in _FOLDERS or inside_token(data, begin):
        return
    if data[end - 1] == 0x3A and not data[end : end + 1].isspace():
        return
    sign, before = data[end - 1], data[max(0, begin - 1) : begin]
    if sign == 0:
        match = _ENTRY.match(data, end) if name.startswith("-") and before in (b"", b"\0") else None
    elif _is_entry(data, end, begin):
        match = _ENTRY.match(data, end) if sign == 0x3D else None
    elif _LINE_START.search(data, max(0, begin - 64), begin):
        match = _LINE.match(data, end)
    elif sign == 0x3D:
        match = _QUOTED.match(data, end) or _BARE.match(data, end)
    else:
        match = None
    if match is None:
        return
    start, stop = match.span("text")
    if stop == len(data):
        window.cut_off()
    start, stop = _unquoted(data, start, stop)
    old = data[start:stop]
    if old and not is_harmless(old) and _POINTER.fullmatch(old) is None:
        yield Edit(start, stop, secret_token(engine.inputs.key, "SECRET", old), LABEL)


def _is_entry(data: bytes, end: int, start: int) -> bool:
    """Whether it is one of many that a NUL ends, as in `/proc/<pid>/environ`."""
    if start and data[start - 1] == 0:
        return True
    return start == 0 and data.find(b"\0", end, end + 128 * 1024) >= 0


def _unquoted(data: bytes, start: int, stop: int) -> tuple[int, int]:
    """Without the blanks and quotes around it."""
    while stop > start and data[stop - 1] in b" \t":
        stop -= 1
    quote = data[start : start + 1]
    if quote in (b'"', b"'") and stop - start > 1 and data[stop - 1 : stop] == quote:
        return start + 1, stop - 1
    return start, stop
