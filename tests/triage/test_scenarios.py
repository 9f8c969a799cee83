"""The worked incidents end to end, as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from escalate.triage.claims import asserted

NAMES = ("gunicorn-sigkill-is-not-oom", "sibling-app-port-hog", "cifs-mount-serves-corrupt-files")


@pytest.fixture(params=NAMES)
def worked(request, shared, scenario):
    expected = json.loads((shared / "scenarios" / request.param / "expected.json").read_text())
    return scenario(request.param), expected, shared / "scenarios" / request.param / "input"


def record_lines(path: Path, line: int) -> range:
    """Lines of the JSON row or object that a line belongs to."""
    lines = path.read_text().splitlines()
    depth = len(lines[line - 1]) - len(lines[line - 1].lstrip())
    first = last = line
    while first > 1 and len(lines[first - 1]) - len(lines[first - 1].lstrip()) >= depth:
        first -= 1
    while last < len(lines) and len(lines[last - 1]) - len(lines[last - 1].lstrip()) >= depth:
        last += 1
    return range(first, last + 1)


def test_verdict_confidence_and_layer_are_as_expected(worked):
    got, expected, _ = worked
    verdict = got.findings.verdict
    assert (verdict.answerable_by, verdict.confidence) == (
        expected["verdict"]["answerable_by"],
        expected["verdict"]["confidence"],
    ), verdict.why
    assert verdict.layer.split(" ")[0].split("_")[0] == expected["verdict"]["layer"].split(" ")[0].split("_")[0]
    assert [gate.id for gate in verdict.gates] == ["G1", "G2", "G3", "G4", "G5", "G6", "G7"]


def test_expected_signatures_count_and_demoted_ones_do_not_drive(worked):
    got, expected, _ = worked
    assert set(expected["signatures_expected"]) <= got.active
    first = got.findings.findings[0]
    assert first.rule in expected["signatures_expected"]
    for rule in set(expected["signatures_demoted"]) & got.active:
        assert got.finding(rule).role == "context"


def test_every_primary_citation_is_there(worked):
    got, expected, folder = worked
    for citation in expected["citations"]:
        if citation["role"] not in ("primary", "contradicting"):
            continue
        path = citation["file"]
        lines = [citation["line"]]
        if path.endswith((".json", ".xml")):
            lines = record_lines(folder / path, citation["line"])
        assert any(entry.line in lines for entry in got.cited(path)), (citation, got.cited(path))


def test_red_herrings_are_shown_and_do_not_count(worked):
    got, expected, _ = worked
    herrings = {c["file"]: c["line"] for c in expected["citations"] if c["role"] == "red_herring"}
    for finding in got.findings.findings:
        if finding.rule in expected["signatures_demoted"]:
            assert finding.demoted or finding.role == "context"
    assert not herrings or any(got.cited(path) for path in herrings)


def test_questions_hold_what_they_must_and_there_is_none_where_none_is_expected(worked):
    got, expected, _ = worked
    assert len(got.questions) >= len(expected["questions"])
    if not expected["questions"]:
        assert got.questions == ()
    for wanted in expected["questions"]:
        assert any(all(word in asked.text for word in wanted["must_mention"]) for asked in got.questions)
    for asked in got.questions:
        assert asked.ruled_out
        assert asked.evidence
        assert "not in the evidence" not in asked.text


def test_nothing_is_claimed_that_must_not_be(worked):
    got, expected, _ = worked
    said = got.words().lower()
    for claim in expected["must_not_claim"]:
        assert claim.lower() not in said
    if got.who != "microsoft":
        assert [sentence for text in got.sentences() for sentence in asserted(text)] == []


def test_missing_evidence_and_commands_are_listed(worked):
    got, expected, _ = worked
    listed = {row.what: row.command for row in got.findings.missing_evidence}
    for what in expected.get("missing_evidence", ()):
        assert listed.get(what), listed


def test_every_cited_id_exists_and_every_excerpt_is_at_its_line(worked):
    got, _, folder = worked
    ids = [entry.id for entry in got.findings.evidence]
    assert ids == [f"E{number}" for number in range(1, len(ids) + 1)]
    used = {name for finding in got.findings.findings for name in finding.evidence}
    used |= {name for gate in got.findings.verdict.gates for name in gate.evidence}
    used |= {name for asked in got.questions for name in asked.evidence}
    used |= {name for row in got.exclusions.values() for name in row.evidence}
    used |= {event.evidence for event in got.timeline.events if event.evidence}
    assert used <= set(ids)
    for entry in got.findings.evidence:
        lines = (folder / entry.path).read_text().splitlines()
        assert 1 <= entry.line <= len(lines)
        if entry.path.endswith((".log", ".txt")):
            assert entry.excerpt[:80] in lines[entry.line - 1]


def test_processes_and_times_are_in_the_evidence(scenario):
    got = scenario("gunicorn-sigkill-is-not-oom")
    killed = [entry for entry in got.findings.evidence if entry.line == 64 and "docker" in entry.path]
    assert killed[0].pid == 1905
    assert killed[0].instance == "10-30-0-103"
    assert killed[0].ts_utc is not None
    assert got.finding("L38").hits == 4
