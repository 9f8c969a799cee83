"""Closed questions for Microsoft, rendered from rule templates with what the evidence knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from escalate.model.exclusion import Exclusion
from escalate.model.question import Question
from escalate.triage.cite import EvidenceBook
from escalate.triage.evaluate import Match
from escalate.triage.index import Index
from escalate.triage.known import known_values
from escalate.triage.template import fill, names_in
from escalate.triage.verdict import Decision

MAX_QUESTIONS = 5
MAX_RULED_OUT = 6

IDENTITY: Mapping[str, str] = MappingProxyType(
    {
        "worker": "worker",
        "instance_id": "instance id",
        "also_named": "also named",
        "sku": "plan",
        "region": "region",
        "window": "incident window",
        "pid": "process id",
        "first": "first sign at",
    }
)
"""What an engineer needs to find the host; in the order in which it is told."""


def questions(
    decision: Decision, index: Index, ledger: Sequence[Exclusion], book: EvidenceBook
) -> tuple[Question, ...]:
    """At most five, and none unless the verdict is `microsoft` and something was ruled out with evidence."""
    if decision.who != "microsoft":
        return ()
    ruled_out = _ruled_out(decision, ledger)
    if not ruled_out:
        return ()
    asking = [match for match in decision.drivers if match.rule.microsoft.question]
    return tuple(
        _question(f"Q{number}", match, index, ruled_out, book)
        for number, match in enumerate(asking[:MAX_QUESTIONS], start=1)
    )


def _ruled_out(decision: Decision, ledger: Sequence[Exclusion]) -> tuple[str, ...]:
    passed = [gate.sentence for gate in decision.gates if gate.state == "pass" and gate.id in ("G2", "G3", "G5")]
    tested = [f"{row.cause[:1].upper()}{row.cause[1:]}: {row.result}" for row in ledger if row.state == "ruled out"]
    said = [row for row in tested if not any(sentence in row for sentence in passed)]
    return tuple(dict.fromkeys(passed + said))[:MAX_RULED_OUT]


def _question(name: str, match: Match, index: Index, ruled_out: tuple[str, ...], book: EvidenceBook) -> Question:
    values = known_values(index, match)
    part = match.rule.microsoft
    pid = values.get("pid")
    window = index.window
    is_of_worker = "worker" in names_in(part.question + part.host_only_artifact)
    return Question(
        id=name,
        text=identified(fill(part.question, values), values),
        worker=values.get("worker") if is_of_worker else None,
        instance_id=values.get("instance_id") if is_of_worker else None,
        window_utc=(window.start, window.end) if window else None,
        pid=int(pid) if pid and pid.isdecimal() else None,
        host_only_artifact=fill(part.host_only_artifact, values),
        what_the_answer_decides=fill(part.what_the_answer_decides, values),
        why_only_microsoft=fill(part.why_only_microsoft, values),
        ruled_out=ruled_out,
        evidence=book.cite_all(match.cites),
    )


def identified(text: str, values: Mapping[str, str]) -> str:
    """The question, and after it in one sentence what it leaves out of worker, instance, process and times."""
    told = [
        f"{name} {values[key]}"
        for key, name in IDENTITY.items()
        if key in values and values[key].removesuffix(" UTC") not in text
    ]
    return f"{text} To find it: {', '.join(told)}." if told else text
