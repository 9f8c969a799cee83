"""Names of tickets, workspaces, files and communications."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escalate.submit.fields.problem import Problem

LONGEST_TICKET = 255
LONGEST_FILE = 110
FORBIDDEN = frozenset("<>%&:\\?/")
"""The server's own sentence of 2024-05 names these and control characters."""
DENIED = frozenset(
    (
        *(
            ".bat",
            ".bin",
            ".cmd",
            ".com",
            ".cpl",
            ".exe",
            ".inf",
            ".ins",
            ".isu",
            ".job",
            ".js",
            ".jse",
            ".lnk",
            ".msi",
        ),
        *(".msp", ".paf", ".pif", ".ps1", ".reg", ".rgs", ".scr", ".sct", ".vb", ".vbe", ".vbs", ".ws", ".wsf", ".wsh"),
        *(".htm", ".html", ".svg"),
    )
)
"""Refused as attachments by the service or by Microsoft's own command line; .zip is welcome."""

_GUID = re.compile(r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_WORKSPACE = re.compile(r"[0-9a-zA-Z_\-. ]+")
_FILE = re.compile(r"[^<>:\"/\\|?*%&\x00-\x1f\x7f]+")


def is_guid(text: str) -> bool:
    """Whether it is a GUID and nothing else."""
    return _GUID.fullmatch(text) is not None


def ticket_problems(name: str, field: str = "name") -> Iterator[Problem]:
    """What is wrong with the resource name of a ticket or of a communication."""
    hint = "a name such as esc-shop-20260404: letters, digits, - and _"
    if not name:
        yield Problem(field, "the name is empty", hint)
        return
    bad = sorted({char for char in name if char in FORBIDDEN or not char.isprintable()})
    if bad:
        yield Problem(field, f"the name holds {' '.join(map(repr, bad))}, which names may not", hint)
    if name.isdigit():
        yield Problem(field, "the name is all digits", hint)
    if name.casefold().startswith("tmp-"):
        yield Problem(field, "the name begins with tmp-, which the service keeps for itself", hint)
    if is_guid(name):
        yield Problem(field, "the name is a bare GUID, which the service refused", hint)
    if len(name) > LONGEST_TICKET:
        yield Problem(field, f"the name has {len(name)} characters, {LONGEST_TICKET} are allowed", hint)


def workspace_problems(name: str) -> Iterator[Problem]:
    """What is wrong with the name of a file workspace. A ticket's own is its number: digits are allowed here."""
    if not _WORKSPACE.fullmatch(name):
        yield Problem(
            "workspace",
            f"{name!r} is no name of a workspace",
            "letters, digits, blanks and _ - . only",
        )


def file_problems(name: str) -> Iterator[Problem]:
    """What is wrong with the name of an attachment."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or not extension:
        yield Problem("attachment", f"{name!r} has no extension", "name it like evidence.zip")
    elif f".{extension.casefold()}" in DENIED:
        yield Problem("attachment", f"files that end with .{extension} are refused", "put it into a zip")
    if len(name) > LONGEST_FILE:
        yield Problem("attachment", f"{name!r} has {len(name)} characters, {LONGEST_FILE} are allowed", "shorten it")
    if not _FILE.fullmatch(name):
        yield Problem("attachment", f"{name!r} holds characters that file names may not", "rename it")
