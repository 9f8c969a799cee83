from __future__ import annotations

from datetime import timedelta

from escalate.draft.chronicle import CHANGES, chronicle
from escalate.model.incident import Window
from escalate.model.timeline import TimelineDocument, TimelineEvent
from tests.fakes.triaged_case import at

WINDOW = Window(start=at(5, 55), end=at(6, 2))


def event(seconds: float, category: str = "error", title: str = "x", lane: str = "a", **more: object) -> TimelineEvent:
    fields = {
        "ts_utc": at(5, 56) + timedelta(seconds=seconds),
        "precision": "s",
        "lane": lane,
        "category": category,
        "title": title,
    }
    return TimelineEvent.model_validate(fields | more)


def timeline(*events: TimelineEvent) -> TimelineDocument:
    return TimelineDocument(events=events, coverage=())


def test_what_repeats_within_a_minute_is_one_row_with_a_count():
    made = chronicle(timeline(event(0), event(59), event(118), event(200)), WINDOW, 10)
    assert [(row.count, row.first, row.last) for row in made.rows] == [
        (3, at(5, 56), at(5, 57, 58)),
        (1, at(5, 59, 20), at(5, 59, 20)),
    ]


def test_the_same_rule_with_other_numbers_in_the_text_is_the_same_thing():
    made = chronicle(timeline(event(0, title="pid 1", rule="L38"), event(1, title="pid 2", rule="L38")), WINDOW, 10)
    assert [row.count for row in made.rows] == [2]


def test_lanes_are_never_mixed():
    assert len(chronicle(timeline(event(0), event(1, lane="b")), WINDOW, 10).rows) == 2


def test_when_room_is_short_samples_go_first_and_are_counted():
    made = chronicle(timeline(event(0, "sample"), event(1, "restart"), event(2, "error")), WINDOW, 2)
    assert [row.category for row in made.rows] == ["restart", "error"]
    assert made.left_out == 1


def test_only_what_is_near_the_window_counts():
    near = chronicle(timeline(event(-3600), event(0), event(3600)), WINDOW, 10)
    assert len(near.rows) == 1
    assert len(chronicle(timeline(event(-3600), event(0)), None, 10).rows) == 2


def test_changes_can_be_asked_for_alone():
    made = chronicle(timeline(event(0, "deployment"), event(1, "error")), WINDOW, 10, CHANGES)
    assert [row.category for row in made.rows] == ["deployment"]


def test_what_escalate_did_is_one_row_however_long_it_took():
    steps = [event(n * 300, category="our footprint", title=f"step {n}") for n in range(20)]
    (row,) = chronicle(TimelineDocument(events=tuple(steps), coverage=()), None, 40).rows
    assert row.count == 20
    assert row.title == "what escalate did to collect this"
