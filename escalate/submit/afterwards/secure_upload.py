"""The link for big files: an engineer sends it, whoever has it can upload, so it is a secret and never kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escalate.model.redaction import Withheld
from escalate.model.submission import FILE_BYTES
from escalate.submit.afterwards.holdings import Holdings

MASK = "[link for a secure upload, {fingerprint}]"

_LINK = re.compile(
    r"https?://support\.microsoft\.com/(?:[a-z]{2}-[a-z]{2,4}/)?files[/?#][^\s\"'<>)\]]{3,8000}[^\s\"'<>)\].,;:!?]",
    re.IGNORECASE,
)
"""Reference: support-api.md 5.3."""


@dataclass(frozen=True, slots=True)
class BigFile:
    """One file that no ticket takes."""

    path: str
    kind: str
    size: int
    """Bytes."""
    sha256: str | None
    withheld: str | None
    """Why it cannot be redacted, where it cannot."""


def fingerprints(text: str) -> tuple[str, ...]:
    """Of the links in a message: 12 hex digits of the SHA-256; enough to tell one from another, and nothing more."""
    return tuple(dict.fromkeys(_fingerprint(match[0]) for match in _LINK.finditer(text)))


def masked(text: str) -> str:
    """The text without its links."""
    return _LINK.sub(lambda match: MASK.format(fingerprint=_fingerprint(match[0])), text)


def big_files(holdings: Holdings) -> tuple[BigFile, ...]:
    """What a ticket does not take and a secure upload would: too big, or memory that nobody can redact."""
    return tuple(_big(holdings))


def request_words(files: Sequence[BigFile]) -> tuple[str, str]:
    """Subject and body of the message that asks for a link."""
    lines = [
        "Hello,",
        "",
        f"we hold evidence that the ticket does not take ({len(files)} file{'s' if len(files) != 1 else ''}):",
        *(f"- {each.kind}, {each.size:,} bytes, SHA-256 {each.sha256 or '(not computed)'}" for each in files),
        "",
        "Please send a link for a secure upload (DTM workspace) to the contact of this case, and say which you need.",
        "Please do not post the link where others can read it: whoever has it can upload.",
    ]
    return "Link for a secure upload", "\n".join(lines) + "\n"


def checklist(files: Sequence[BigFile]) -> tuple[str, ...]:
    """What a person does with the link, in order."""
    names = ", ".join(each.path for each in files[:5]) or "the files"
    return (
        "ask for the link: escalate ticket reply --ask-upload-link",
        "the link comes by mail or in the portal and works for a limited time; it is a password: no chat, no log",
        "decide for each file whether it may leave: a memory image cannot be redacted and holds what the process held",
        f"compare the SHA-256 of what you upload with the manifest: {names}",
        "open the link in a browser, upload, wait until every file is shown as done",
        "tell the engineer: escalate ticket reply, with file names, sizes and SHA-256",
    )


def _big(holdings: Holdings) -> Iterator[BigFile]:
    for item in holdings.items:
        why = item.reason if isinstance(item, Withheld) else None
        if item.size > FILE_BYTES and (why is not None or item.artifact not in holdings.members):
            yield BigFile(item.path, item.kind.value, item.size, item.sha256, why)


def _fingerprint(link: str) -> str:
    return hashlib.sha256(link.encode()).hexdigest()[:12]
