"""Scores a case against expected.json of a worked incident, by the rules of the incidents' README."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.model.finding import FindingsDocument
from escalate.model.question import Question, QuestionsDocument
from escalate.triage.claims import asserted

PAGES = ("ticket.md", "report.html")
QUOTED = re.compile(r"<(pre|code|script|style|svg)\b.*?</\1>|`[^`]*`", re.DOTALL | re.IGNORECASE)
"""What is shown as evidence or as a command, and so is no sentence of ours."""

TAG = re.compile(r"<[^>]+>")
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
NOT_SAID = re.compile(
    r"\b(?:no|not|never|cannot|nor|neither|without|contradict\w*|ruled out|rather than|guess)\b", re.IGNORECASE
)


def record_lines(path: Path, line: int) -> range:
    """Lines of the record that a line belongs to: an <Event>, an element of a JSON array, else the whole document."""
    lines = path.read_text().splitlines()
    if path.suffix == ".xml":
        first = max(n for n in range(1, line + 1) if "<Event>" in lines[n - 1])
        last = min(n for n in range(line, len(lines) + 1) if "</Event>" in lines[n - 1])
        return range(first, last + 1)
    depths = [len(text) - len(text.lstrip()) for text in lines]
    for first in range(line, 0, -1):
        opens = lines[first - 1].strip() in ("{", "[") and depths[first - 1] > 0
        if opens and (first == line or depths[first - 1] < depths[line - 1]):
            last = next(n for n in range(first + 1, len(lines) + 1) if depths[n - 1] == depths[first - 1])
            if last >= line:
                return range(first, last + 1)
    return range(1, len(lines) + 1)


def uncited(expected: Mapping[str, Any], found: FindingsDocument, folder: Path) -> list[str]:
    """Primary citations that no evidence of the findings stands at; of a capture the file is enough."""
    cited: dict[str, set[int]] = {}
    for entry in found.evidence:
        cited.setdefault(entry.path, set()).add(entry.line)
    left = []
    for citation in expected["citations"]:
        path, line = citation["file"], citation["line"]
        lines: Sequence[int] = [line]
        if path.endswith((".json", ".xml")):
            lines = record_lines(folder / path, line)
        here = cited.get(path, set())
        is_there = bool(here) if path.endswith(".pcap") else bool(here & {*lines})
        if citation["role"] == "primary" and not is_there:
            left.append(f"{path}:{line} {citation['contains']!r}, cited there: {sorted(here)}")
    return left


def unasked(expected: Mapping[str, Any], asked: Sequence[Question]) -> list[str]:
    """Expected questions that no question matches; and any question where none is expected."""
    wanted = expected["questions"]
    if not wanted and asked:
        return [f"asks without need: {asked[0].text}"]
    return [
        f"no question holds all of {entry['must_mention']}: {[one.text for one in asked]}"
        for entry in wanted
        if not any(all(word in one.text for word in entry["must_mention"]) for one in asked)
    ]


def unlisted(expected: Mapping[str, Any], found: FindingsDocument) -> list[str]:
    """Evidence that is missing and is not listed with a command to get it."""
    rows = [f"{row.what} {row.why} {row.command}".lower() for row in found.missing_evidence if row.command]
    return [what for what in expected["missing_evidence"] if not any(what.lower() in row for row in rows)]


def sentences(case: Case) -> Iterator[str]:
    """What ticket, report and questions say themselves; evidence, commands and markup left out."""
    texts = [case.path(Room.DRAFT, name).read_text() for name in PAGES]
    for question in case.read(QuestionsDocument).questions:
        texts += [question.text, question.what_the_answer_decides, question.why_only_microsoft, *question.ruled_out]
    for text in texts:
        said = html.unescape(TAG.sub("\n", QUOTED.sub(" ", text)))
        yield from (part.strip() for part in SENTENCE.split(said) if part.strip())


def claimed(expected: Mapping[str, Any], case: Case, who: str) -> list[str]:
    """Sentences that assert what must not be claimed, and, unless Microsoft has to answer, any fault of the host."""
    wrong = []
    reported = f"{case.document.incident.title} {case.document.incident.symptom}"
    for sentence in sentences(case):
        if sentence.endswith("?") or NOT_SAID.search(sentence) or sentence.rstrip(".") in reported:
            continue
        wrong += [
            f"{claim!r} in {sentence!r}" for claim in expected["must_not_claim"] if claim.lower() in sentence.lower()
        ]
        if who != "microsoft" and asserted(sentence):
            wrong.append(f"asserts {sentence!r}")
    return wrong


def lost(case: Case) -> list[str]:
    """Workers, instance ids and the resource id that the ticket or the redacted evidence no longer names."""
    target = case.document.incident.target
    ticket = case.path(Room.DRAFT, "ticket.md").read_text()
    everything = ticket.encode() + b"".join(p.read_bytes() for p in case.path(Room.REDACTED).rglob("*") if p.is_file())
    gone = [name for name in (*target.instances, *target.instance_ids.values()) if name.encode() not in everything]
    if target.resource_id and target.resource_id not in ticket:
        gone.append(target.resource_id)
    return gone
