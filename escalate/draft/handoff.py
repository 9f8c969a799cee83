"""Handoff packets: for each person who takes the case over, a page with what they need and nothing else.

A packet is a folder `templates/handoff/<name>/` with `packet.md.j2`, and one row of `PACKETS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from escalate.draft import environment
from escalate.draft.anonymous import cover
from escalate.draft.claims import CLOSE, OPEN, lint, plain
from escalate.draft.facts import Facts
from escalate.draft.ticket import FULL, context, description
from escalate.draft.wishes import DraftWishes
from escalate.errors import ConfigError, UsageError
from escalate.model.finding import Evidence

CALLS = 40
"""Lines of a dependency that its vendor is shown."""

Maker = Callable[[Facts, DraftWishes], dict[str, object]]


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: for whom, and what its template is given besides what every template gets."""

    name: str
    reader: str
    more: Maker = lambda facts, wishes: {}
    nameless: bool = False
    """Strangers read it: nothing that tells whose incident it is may stay."""
    of_dependency: bool = False
    """It is about one host, which the user has to name."""


def _portal(facts: Facts, wishes: DraftWishes) -> dict[str, object]:
    checked = f"{OPEN}{description(facts, wishes)}{CLOSE}"  # as a field of the ticket it was held to the rules already
    return {"description": environment.Raw(checked), "service": _SERVICES.get(facts.os or "")}


def _calls(facts: Facts, wishes: DraftWishes) -> dict[str, object]:
    host = (wishes.dependency or "").casefold()
    lines = [one for one in facts.triage.evidence if host in one.excerpt.casefold() or host in one.path.casefold()]
    if not lines:
        raise ConfigError(
            f"no line that triage cites names {wishes.dependency}",
            hint="give the host as it stands in the report: escalate encode --case DIR says how that is",
        )
    return {"host": wishes.dependency, "calls": _ordered(lines)[:CALLS], "call_count": len(lines)}


def _lines(facts: Facts, wishes: DraftWishes) -> dict[str, object]:
    cited = [item.excerpt for one in facts.findings[:3] for item in facts.telling(one.evidence, 2)]
    return {"lines": list(dict.fromkeys(cited))}


def _ordered(lines: Sequence[Evidence]) -> list[Evidence]:
    """Dated ones first, in the order of time."""
    dated = sorted((one for one in lines if one.ts_utc), key=lambda one: (str(one.ts_utc), one.id))
    return [*dated, *(one for one in lines if not one.ts_utc)]


_SERVICES: Mapping[str, str] = MappingProxyType(
    {
        "windows": "Web App (Windows)",
        "linux": "Web App (Linux)",
        "linux-container": "Web App for Containers",
        "windows-container": "Web App for Containers",
    }
)
"""What the portal's list of services calls an app; the ticket API lists them under the same names."""

PACKETS: Mapping[str, Packet] = MappingProxyType(
    {
        one.name: one
        for one in (
            Packet("microsoft-kit", "the support engineer who gets the kit with the ticket"),
            Packet("microsoft-full", "the support engineer who gets the full bundle"),
            Packet("portal", "whoever files by hand in the Azure portal", _portal),
            Packet("application-team", "the developers of the app"),
            Packet("dependency-vendor", "the vendor of a dependency", _calls, nameless=True, of_dependency=True),
            Packet("incident-commander", "the incident commander and the status page"),
            Packet("next-shift", "the engineer who takes over"),
            Packet("privacy", "privacy and security officers"),
            Packet("public-issue", "a public tracker of a runtime or library", _lines, nameless=True),
            Packet("secure-upload", "whoever sends what is too big for the ticket"),
        )
    }
)
"""By name; each is written to `draft/handoff/<name>.md`."""


def packets(facts: Facts, wishes: DraftWishes) -> dict[str, str]:
    """The packets that are wished, by name; without a wish all, but that of a dependency which nobody named.

    Raises:
        UsageError: a packet that does not exist, or one about a dependency without its host.
        ConfigError: a template of the user's is broken, no evidence names the host, or it is part of an own name.
        DraftDefect: a packet would claim too much, or say to strangers whose incident it is.
    """
    for name in wishes.packets:
        if name not in PACKETS:
            raise UsageError(f"there is no packet {name!r}", hint=f"there are: {', '.join(PACKETS)}")
        if PACKETS[name].of_dependency and not wishes.dependency:
            raise UsageError(f"the packet {name} is about one host", hint="name it with --dependency HOST")
    names = wishes.packets or [one.name for one in PACKETS.values() if wishes.dependency or not one.of_dependency]
    return {name: _packet(PACKETS[name], facts, wishes) for name in names}


def _packet(packet: Packet, facts: Facts, wishes: DraftWishes) -> str:
    paper = environment.markdown(facts, wishes.templates)
    words = environment.render(
        paper,
        f"handoff/{packet.name}/packet.md.j2",
        **context(facts, FULL),
        **packet.more(facts, wishes),
    )
    where = f"the packet {packet.name}"
    lint(words, facts.answerable_by, where=where)
    made = plain(words)
    if not packet.nameless:
        return made
    covering = cover(facts, wishes.dependency if packet.of_dependency else None)
    made = covering.over(made)
    covering.check(made, where)
    return made
