"""Names of people and machines: what was learned before the first file is redacted, and their pseudonyms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from escalate.redact.addresses import address_pseudonym
from escalate.redact.keep import is_kept, is_platform_address
from escalate.redact.tokens import MAIL_DOMAIN, PSEUDONYM, keyed_hex

NameClass = Literal["person", "user", "phone", "host", "project"]

MAX_MAP = 200_000
"""Entries of the private map; further addresses still get their pseudonym, but it cannot be decoded."""
_DIGITS = 6
"""Hexadecimal digits of a readable pseudonym."""


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


COMMON = words(
    """
    admin administrator administrators app apps appuser azure azureuser bin build builder ci container daemon data
    debian default deploy dev developer docker everyone git guest home host http info jenkins local localhost log
    logfiles mail me mysql network nginx node nobody none null ops oracle owner postgres public python redis root
    runner runneradmin sales sa security service services shared shop site staging superuser support sys system team
    temp test tester testuser tmp tomcat ubuntu user users vagrant vsts web webadmin webapp worker www wwwroot
    www-data appservice containeradministrator containeruser defaultapppool iusr dotnet java php ruby go npm yarn
    customer microsoft undetermined kernel platform linux windows error warning server client database api name
    will mark may grant rich art bill case chase chance christian dean drew faith frank glen grace hope hunter iris jack
    josh joy june april august lance max miles miller nick page park parker pat paul penny ray reed rob rose royal rusty
    sandy sky smith sterling stone sue summer victor wade ward wells young west long little white black brown green king
    price field fields bush rice baker cook cooper gray hall hill lane law love major marshall mason moon nice power
    """
)
"""Words that are names of accounts or of people, and of much else: never replaced on their own."""


PUBLIC_SUFFIXES = (
    *(f".{service}.core.windows.net" for service in ("blob", "file", "queue", "table", "dfs", "web")),
    ".database.windows.net",
    ".postgres.database.azure.com",
    ".mysql.database.azure.com",
    ".mariadb.database.azure.com",
    ".documents.azure.com",
    ".mongo.cosmos.azure.com",
    ".servicebus.windows.net",
    ".redis.cache.windows.net",
    ".redis.azure.net",
    ".search.windows.net",
    ".vault.azure.net",
    ".azconfig.io",
    ".azurecr.io",
    ".azure-devices.net",
    ".service.signalr.net",
    ".webpubsub.azure.com",
    ".openai.azure.com",
)
"""What follows the customer's own label in the host names of Azure services; it says which service, and stays."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name that must not leave."""

    kind: NameClass
    text: str

    @property
    def alone(self) -> bool:
        """Whether it may be replaced wherever it stands as a word."""
        return len(self.text) >= 3 and self.text.casefold() not in COMMON


class NameBook:
    """Gives every name its pseudonym and remembers the way back.

    A pseudonym follows from the key and the name alone, so that all processes and machines of a case agree. Should two
    names have the same one, the map holds the first of them only.
    """

    def __init__(self, key: bytes, saved: Mapping[str, str] | None = None) -> None:
        self._key = key
        self._originals: dict[str, str] = dict(saved or {})
        self._tokens: dict[tuple[str, str], str] = {}
        self._new: list[tuple[str, str]] = []
        self.changed = False

    @property
    def map(self) -> Mapping[str, str]:
        """Pseudonym to original."""
        return self._originals

    def pseudonym(self, kind: NameClass, text: str) -> str:
        """`user-3fa9c1`; equal for equal names, whatever their case."""
        return self._tokens.get((kind, text)) or self._remember(kind, text, self._named(kind, text.casefold()), text)

    def email(self, text: str) -> str:
        """`email-3fa9c1@redacted.invalid`; equal for equal addresses, whatever their case."""
        return self._tokens.get(("email", text)) or self._emailed(text)

    def address(self, text: str) -> str:
        """Another address, in a range where no client lives.

        Raises:
            ValueError: not an IP address.
        """
        known = self._tokens.get(("address", text))
        return known or self._remember("address", text, address_pseudonym(self._key, text), text)

    def merge(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take over (pseudonym, original) that another process has given; what is known already stays."""
        for token, original in pairs:
            self._add(token, original)

    def take_new(self) -> tuple[tuple[str, str], ...]:
        """(pseudonym, original) of what has come to the map since the last call."""
        new = tuple(self._new)
        self._new.clear()
        return new

    def _named(self, kind: NameClass, folded: str) -> str:
        suffix = public_suffix(folded) if kind == "host" else ""
        return f"{kind}-{self._hex(kind, folded.removesuffix(suffix))}{suffix}"

    def _emailed(self, text: str) -> str:
        folded = text.casefold()
        return self._remember("email", text, f"email-{self._hex('email', folded)}@{MAIL_DOMAIN.decode()}", folded)

    def _hex(self, kind: str, folded: str) -> str:
        return keyed_hex(self._key, kind, folded.encode("utf-8", "surrogatepass"), _DIGITS)

    def _remember(self, kind: str, text: str, token: str, original: str) -> str:
        if len(self._tokens) >= MAX_MAP:
            self._tokens.clear()
        self._tokens[kind, text] = token
        self._add(token, original)
        return token

    def _add(self, token: str, original: str) -> None:
        if token not in self._originals and len(self._originals) < MAX_MAP:
            self._originals[token] = original
            self._new.append((token, original))
            self.changed = True


def public_suffix(host: str) -> str:
    """The part of a host name that belongs to Azure, with its leading dot; empty for any other host."""
    for suffix in PUBLIC_SUFFIXES:
        if host.endswith(suffix) and len(host) > len(suffix):
            return suffix
    return ""


def names_of_map(pseudonyms: Mapping[str, str]) -> tuple[Name, ...]:
    """The names behind a saved map; e-mail and IP addresses are recognised by their shape and need no name."""
    kinds: tuple[NameClass, ...] = ("person", "user", "phone", "host", "project")
    return tuple(
        Name(kind, original) for token, original in pseudonyms.items() for kind in kinds if token.startswith(f"{kind}-")
    )


def worth_masking(names: Iterable[Name], own_names: Iterable[str]) -> tuple[Name, ...]:
    """Without duplicates, common words, identifiers of the keep list, the site's own names, and our pseudonyms."""
    own = tuple(own_names)
    best: dict[str, Name] = {}
    for name in names:
        text = name.text.strip()
        if len(text) < 3 or not Name(name.kind, text).alone or PSEUDONYM.fullmatch(text) or not re.search(r"\w", text):
            continue
        if name.kind == "host" and is_kept(text.removesuffix(public_suffix(text.casefold())), own):
            continue
        if is_kept(text, own) or (text.isdecimal() and name.kind != "phone") or _is_address(text):
            continue
        best.setdefault(text.casefold(), Name(name.kind, text))
    return tuple(sorted(best.values(), key=lambda name: (-len(name.text), name.text)))


def _is_address(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-fA-F:.]+", text)) and ("." in text or ":" in text) and is_platform_address(text)
