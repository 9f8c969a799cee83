"""Takes out of a text whatever tells whose incident it is: for packets that strangers read.

The sealed evidence keeps worker names, resource ids and hosts, because support must match them. A public tracker, or
the vendor of a dependency, must not see them. So the finished text is covered as a whole, whatever template made it,
and then searched again; what is found then is a defect, and nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from escalate.draft.defect import DraftDefect
from escalate.draft.facts import Facts
from escalate.errors import ConfigError

_SHAPES: tuple[tuple[str, str], ...] = (
    ("[url]", r"\b[a-z][a-z0-9+.-]{1,20}://[^\s\"'`<>|)\]]+"),
    ("[resource]", r"/subscriptions/[^\s\"'`<>|)\]]+"),
    ("[e-mail]", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    ("[guid]", r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"),
    ("[id]", r"(?<![0-9A-Za-z])(?=[0-9a-f]*[0-9])[0-9a-f]{16,}(?![0-9A-Za-z])"),
    (
        "[worker]",
        r"(?<![0-9A-Za-z])(?:RD[0-9A-F]{8,16}|(?:lw|ln|pl|pd|ws|dw|wn)\d[a-z]{2,8}[0-9A-Za-z]{5,10})(?![0-9A-Za-z])",
    ),
    ("[worker]", r"(?<![0-9A-Za-z-])\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?![0-9A-Za-z-])"),
    ("[address]", r"(?<![0-9.])(?!127\.|0\.0\.0\.0|169\.254\.|168\.63\.129\.16)(?:\d{1,3}\.){3}\d{1,3}(?![0-9.])"),
    (
        "[address]",
        r"(?<![0-9A-Za-z:])(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){7})[0-9a-f]{1,4}(?::{1,2}[0-9a-f]{1,4}){2,7}(?![0-9A-Za-z:])",
    ),
    (
        "[host]",
        (
            r"(?<![0-9A-Za-z_/\\-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
            r"(?:com|net|org|io|de|eu|uk|fr|nl|cloud|dev|app|ms|cn|us|info|biz|local|internal|lan|invalid|example|test)"
            r"(?![0-9A-Za-z_-])(?!\.[A-Za-z])"
        ),
    ),
)
"""What identifies by its shape alone. Addresses of the platform itself stay: they are the same for everybody."""

_IMAGE = re.compile(r"[/@]|:[^/]*$")
"""Parts an image's name: registry and repositories; its tag tells nothing."""
_ANY = "[name]"
"""For a spelling that no table of cases knows: a dotless i, a long s."""
_NAMED = (_ANY, "[image]", "[subscription]", "[group]", "[app]", "[slot]", "[worker]", "[machine]", "[case]")
_TOKENS = re.compile("|".join(re.escape(one) for one in sorted({*_NAMED, *(kind for kind, _ in _SHAPES)})))
_TELLTALE = 12
"""Letters from which a name is no part of another word by chance: it is found wherever it stands."""
_ROUNDS = 4
"""What was covered may bring together what was apart; so often it is looked at again."""
_SHORTEST = 3
"""Letters of a name that is looked for; a shorter one would be found in every word."""


@dataclass(frozen=True)
class Cover:
    """Puts a word for its kind in the place of whatever identifies."""

    names: re.Pattern[str] | None
    kinds: dict[str, str]
    keep: str | None = None
    """A host that may stay, because the reader owns it."""

    def over(self, text: str) -> str:
        """The text without them."""
        for _ in range(_ROUNDS):
            before = text
            for kind, shape in _SHAPES:
                text = "".join(self._pieces(text, re.compile(shape), kind))
            text = "".join(piece if kept else self._nameless(piece) for kept, piece in self._split(text))
            if text == before:
                break
        return text

    def _nameless(self, text: str) -> str:
        return self.names.sub(lambda match: self.kinds.get(match[0].casefold(), _ANY), text) if self.names else text

    def _split(self, text: str) -> Iterable[tuple[bool, str]]:
        """Pieces, and whether each is the host that may stay."""
        if self.keep is None:
            yield False, text
            return
        for number, piece in enumerate(re.split(f"({re.escape(self.keep)})", text, flags=re.IGNORECASE)):
            yield number % 2 == 1, piece

    def _pieces(self, text: str, shape: re.Pattern[str], kind: str) -> Iterable[str]:
        end = 0
        for match in shape.finditer(text):
            yield text[end : match.start()]
            yield self._kept(match[0]) or kind
            end = match.end()
        yield text[end:]

    def check(self, text: str, where: str) -> None:
        """Search a finished text once more.

        Raises:
            DraftDefect: something that identifies is left.
        """
        left = [match[0] for _, shape in _SHAPES for match in re.finditer(shape, text) if not self._kept(match[0])]
        others = " ".join(piece for kept, piece in self._split(text) if not kept)
        bare = _TOKENS.sub("", others)
        left += [match[0] for match in self.names.finditer(bare)] if self.names else []
        if left:
            raise DraftDefect(
                f"{where} would still say who it is about ({len(left)} times)",
                hint="nothing was written; this is a defect of a template: report it without the text",
            )

    def _kept(self, found: str) -> str | None:
        """The host that may stay, if it was found, without the rest of an address on it."""
        if self.keep is None or self.keep.casefold() not in found.casefold():
            return None
        return self.keep


def cover(facts: Facts, keep: str | None = None) -> Cover:
    """For the case: every name of the app, its workers, its siblings and its resource groups.

    Raises:
        ConfigError: what may stay is part of a name that may not.
    """
    kinds: dict[str, str] = {}
    for kind, names in _names(facts):
        for name in names:
            if len(name) >= _SHORTEST and name.casefold() != (keep or "").casefold():
                kinds.setdefault(name.casefold(), kind)
    if keep is not None and any(keep.casefold() in name for name in kinds):
        raise ConfigError(f"{keep} is part of a name of your own", hint="name the whole host of the dependency")
    ordered = sorted(kinds, key=len, reverse=True)
    pattern = "|".join(
        re.escape(name) if len(name) >= _TELLTALE else rf"(?<![0-9A-Za-z]){re.escape(name)}(?![0-9A-Za-z])"
        for name in ordered
    )
    found = re.compile(pattern, re.IGNORECASE) if ordered else None
    return Cover(found, kinds, keep)


def _names(facts: Facts) -> Iterable[tuple[str, Iterable[str]]]:
    targets = (facts.case.incident.target, facts.collected.facts)
    workers = [name for one in facts.collected.workers for name in one.names]
    for target in targets:
        if target.resource_id:
            parts = [part for part in target.resource_id.split("/") if part]
            named = dict(pairwise(parts))
            yield "[subscription]", [named.get("subscriptions", "")]
            yield "[group]", [named.get("resourceGroups", "")]
            yield "[app]", [named.get("sites", "")]
            yield "[slot]", [named.get("slots", "")]
        images = [word for word in (target.runtime or "").split() if "/" in word]
        yield "[image]", [name for word in images for part in _IMAGE.split(word) for name in (part, part.split(".")[0])]
        yield "[app]", target.sibling_apps
        yield "[worker]", (*target.instances, *target.instance_ids, *target.instance_ids.values())
    yield "[worker]", workers
    yield "[worker]", [one.instance for one in facts.triage.evidence if one.instance]
    yield "[worker]", [name for one in facts.triage.findings for name in one.instances]
    yield "[app]", [one.site for one in facts.collected.artifacts if one.site]
    yield "[worker]", [one.instance for one in facts.collected.artifacts if one.instance]
    yield "[machine]", [facts.collected.host]
    yield "[case]", [facts.case.id]
