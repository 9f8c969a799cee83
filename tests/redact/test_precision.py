"""Precision: ordinary logs come out as they went in, and every identifier that support looks for is kept."""

from __future__ import annotations

import pytest

from escalate.redact.engine import Engine
from tests.redact.ordinary_logs import KINDS, Line, generate

LINES = 400
"""Of each kind."""
TOUCHED = 0.005
"""Share of lines that a rule for secrets may touch."""
NO_SECRETS = frozenset(
    ("email", "ipv4-address", "ipv6-address", "phone-number", "claim-user", "claim-person", "claim-display-name")
)
"""Families of personal data: what they find they replace with a pseudonym."""


def _touched(engine: Engine, lines: list[Line]) -> list[str]:
    """What rules for secrets would replace, in one text: context crosses lines."""
    data = "\n".join(line.text for line in lines).encode()
    found = {}
    for hit in engine.hits(data):
        if hit.label not in NO_SECRETS:
            number = data.count(b"\n", 0, hit.start)
            found[number] = f"{hit.label}: {hit.value!r} in {lines[number].text}"
    return list(found.values())


def test_at_most_one_line_in_two_hundred_of_ordinary_logs_is_touched(engine: Engine):
    lines = [line for kind in KINDS for line in generate(kind, LINES)]
    touched = _touched(engine, lines)
    assert len(touched) <= TOUCHED * len(lines), sorted(set(touched))


@pytest.mark.parametrize("kind", KINDS)
def test_hardly_a_line_of_one_kind_is_touched(engine: Engine, kind: str):
    lines = generate(kind, LINES)
    assert len(touched := _touched(engine, lines)) <= TOUCHED * LINES, touched


@pytest.mark.parametrize("kind", KINDS)
def test_every_identifier_of_a_line_is_kept(engine: Engine, kind: str):
    for line in generate(kind, LINES):
        redacted = engine.redact_text(line.text)
        assert [one for one in line.identifiers if one not in redacted] == [], line.text
