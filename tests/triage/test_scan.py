"""The pass itself: bounded lists, batches, unreadable and hostile input."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.case.layout import Room
from escalate.formats.record import Record
from escalate.model.artifact import Artifact
from escalate.model.base import ArtifactId, CollectorId
from escalate.model.incident import Window
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.triage.claims import asserted
from escalate.triage.matcher import Matcher, Pattern
from escalate.triage.place import Hit, HitList, place_of
from escalate.triage.stage import run
from escalate.triage.template import FLAGS, fill, with_remark

T0 = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
OWNER = Artifact(
    id=ArtifactId("a1"), path="a.log", kind=Kind.TEXT, size=1, sha256="0" * 64, media_type="text/plain",
    collector=CollectorId("path"), origin="a.log",
)  # fmt: skip


@given(st.lists(st.integers(-5000, 5000), max_size=300))
def test_hits_are_all_counted_few_kept_and_those_of_the_incident_come_first(minutes):
    kept = HitList(Window(start=T0, end=T0 + timedelta(minutes=60)), 7, 3)
    for n, minute in enumerate(minutes):
        place = place_of(OWNER, Record(line=n + 1, text="x", ts=T0 + timedelta(minutes=minute)))
        if kept.room_for(place):
            kept.add(Hit(place))
    within = [m for m in minutes if -2 <= m <= 62]
    assert kept.count == len(minutes)
    assert len(kept.hits) == min(7, len(within)) + min(3, len(minutes) - len(within))
    assert all(-2 <= (hit.place.ts - T0).total_seconds() / 60 <= 62 for hit in kept.hits[: min(7, len(within))])


@given(st.lists(st.text(alphabet="ab\nc é\ud800", max_size=40), max_size=40))
def test_the_batched_prefilter_never_loses_a_match(texts):
    patterns = [
        Pattern(p, re.compile(p, FLAGS)) for p in (r"a+b", r"^c", r"b$", r"é\s?b", r"(?<!a)b", r"(?P<x>a)c(?P=x)")
    ]
    got = {(index, pattern.key) for index, pattern, _ in Matcher(patterns).matches(texts)}
    assert got == {(n, p.key) for n, text in enumerate(texts) for p in patterns if p.regex.search(text)}


def test_a_million_matches_of_one_line_cite_few_places(triaged):
    line = "2026-01-05T10:05:00.1234567Z [ERROR] Worker (pid:1901) exited with code 3.\n"
    got = triaged({"LogFiles/2026_01_05_lw1_default_docker.log": line * 5000})
    assert got.finding("L39").hits == 5000
    assert len(got.finding("L39").evidence) <= 10
    assert all(len(entry.excerpt) <= 400 for entry in got.findings.evidence)


def test_hostile_files_give_a_verdict_and_no_traceback(triaged):
    files = {
        "LogFiles/2026_01_05_lw1_default_docker.log": b"\xff\xfe\x00" + b"A" * 3_000_000 + b"\x00\x80\n",
        "azure/x.json": b'{"tables": [{"columns": [' + b"[" * 5000,
        "eventlog.xml": b"<Events><Event><System>" + b"<a>" * 2000,
        "dump.dmp": b"MDMP" + b"\x00" * 100,
        "empty.log": b"",
        "kudu/a/counters.json": b'{"connections": "many", "connectionLimit": {}}',
    }
    assert triaged(files).who == "undetermined"


def test_a_file_that_vanished_is_noted_and_the_rest_is_read(triaged):
    got = triaged({"a.log": "x\n", "b.log": "[ERROR] Worker (pid:1) exited with code 3.\n"})
    (got.case.path(Room.EVIDENCE) / "a.log").unlink()
    again = run(got.case, QuietObserver())
    assert any(finding.rule == "L39" for finding in again.findings)
    notes = [event for event in got.case.journal.events() if event["event"] == "note"]
    assert "a.log" in notes[0]["text"]


def test_equal_input_gives_equal_bytes(scenario):
    one, two = scenario("cifs-mount-serves-corrupt-files"), scenario("cifs-mount-serves-corrupt-files")
    assert one.words() == two.words()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The kernel killed it.", 1),
        ("Not the kernel killed it.", 0),
        ("Did the kernel kill it?", 0),
        ("A platform fault caused it. Memory was not short.", 1),
        ("Memory was not short.", 0),
        ("The host's OOM killer took it.", 1),
    ],
)
def test_assertions_are_told_from_questions_and_negations(text, count):
    assert len(asserted(text)) == count


def test_templates_say_what_is_unknown_and_drop_remarks_that_are():
    assert fill("on {worker} at {t0}", {"worker": "w1"}) == "on w1 at (t0 not in the evidence)"
    assert with_remark("Deadlock ({threads})", {}) == "Deadlock"
    assert with_remark("Deadlock ({threads})", {"threads": "a, b"}) == "Deadlock (a, b)"
