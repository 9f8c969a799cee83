"""What is missing says how long it can still be had, and every command of ours is in the table of retentions."""

from datetime import UTC, datetime, timedelta

import pytest

from escalate.model.incident import Window
from escalate.triage.ledger.causes import CAUSES
from escalate.triage.missing import NOTHING_FOUND
from escalate.triage.retention import availability
from escalate.triage.rulebook import load_rules

END = datetime(2026, 4, 4, 6, 2, tzinfo=UTC)
WINDOW = Window(start=END - timedelta(minutes=7), end=END)
COMMANDS = sorted(
    {hint.command for rule in load_rules() for hint in rule.missing}
    | {need.command for need in NOTHING_FOUND}
    | {cause.how_to_test for cause in CAUSES if cause.id != "native"}
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_we_name_says_how_long_it_is_good_for(command):
    assert availability(command, WINDOW, END).text


@pytest.mark.parametrize(
    ("command", "days"),
    [
        ("az monitor activity-log list --resource-id X", 90),
        ("az monitor metrics list --resource X --metric Http5xx", 93),
        ("az monitor log-analytics query --workspace W --analytics-query Q", 30),
    ],
)
def test_what_is_kept_for_days_is_told_as_a_day_and_is_gone_after_it(command, days):
    until = END + timedelta(days=days)
    early = availability(command, WINDOW, END)
    assert (early.until, early.urgency) == (until, "no hurry")
    assert f"{until:%Y-%m-%d}" in early.text
    assert availability(command, WINDOW, until - timedelta(days=1)).urgency == "soon"
    late = availability(command, WINDOW, until)
    assert late.urgency == "gone"
    assert "ended" in late.text


def test_what_lives_in_a_process_is_wanted_now_whatever_the_day():
    assert availability("in the SSH session of the worker: escalate build local:7", WINDOW, END).urgency == "now"
    assert availability("tcpdump -i any", None, END).urgency == "now"


def test_without_a_window_no_day_is_made_up():
    told = availability("az monitor metrics list --resource X", None, END)
    assert told.until is None
    assert told.urgency == "unknown"
    assert availability("ask the neighbours", WINDOW, END).text == ""


def test_the_document_of_findings_holds_it(triaged):
    found = triaged({"LogFiles/a.log": "2026-04-04T05:58:45Z [INFO] nothing of note\n"}).findings
    assert found.verdict.answerable_by == "undetermined"
    assert found.missing_evidence
    assert all(row.available_until for row in found.missing_evidence)
