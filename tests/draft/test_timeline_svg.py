from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta

from escalate.draft.claims import plain
from escalate.draft.marks_svg import MARKS
from escalate.draft.timeline_svg import LANES, draw
from escalate.model.incident import Window
from escalate.model.timeline import Coverage, TimelineDocument, TimelineEvent
from tests.fakes.golden import same_as_golden
from tests.fakes.triaged_case import at, customer

WINDOW = Window(start=at(5, 55), end=at(6, 2))
SVG = "{http://www.w3.org/2000/svg}"


def event(seconds: float, lane: str = "a", category: str = "error", title: str = "x") -> TimelineEvent:
    return TimelineEvent.model_validate(
        {
            "ts_utc": at(5, 56) + timedelta(seconds=seconds),
            "precision": "s",
            "lane": lane,
            "category": category,
            "title": title,
        }
    )


def drawing(*events: TimelineEvent, coverage: tuple[Coverage, ...] = (), window: Window | None = WINDOW):
    return draw(TimelineDocument(events=events, coverage=coverage), window)


def marks(svg: str) -> list[ET.Element]:
    return [one for one in ET.fromstring(plain(svg)).iter(f"{SVG}g") if one.get("class") == "mark"]


def test_the_picture_of_the_example_is_the_one_that_was_looked_at():
    made = draw(customer().timeline, WINDOW)
    assert made is not None
    assert same_as_golden("timeline_customer.svg", plain(made.pictures[0]) + "\n")


def test_without_a_record_there_is_no_picture():
    assert drawing() is None


def test_hostile_titles_and_lanes_stay_text():
    made = drawing(event(0, lane='"><script>alert(1)</script>', title="</title><script>\u202e\x1b[2J"))
    root = ET.fromstring(plain(made.pictures[0]))
    assert not [one for one in root.iter() if "script" in one.tag]
    title = next(one.text for mark in marks(made.pictures[0]) for one in mark.iter(f"{SVG}title"))
    assert "[U+202E][U+001B][2J" in title


def test_what_lies_close_is_one_mark_that_says_how_many():
    made = drawing(*(event(n / 10) for n in range(50)))
    (mark,) = marks(made.pictures[0])
    assert "50 events" in mark.findtext(f"{SVG}title")


def test_a_restart_is_not_hidden_under_an_error_of_the_same_second():
    assert len(marks(drawing(event(0), event(0, category="restart")).pictures[0])) == 2


def test_a_hundred_thousand_events_make_a_bounded_picture():
    events = [event(n / 120, lane=f"lane {n % 200}", title="t" * 900) for n in range(40_000)]
    made = drawing(*events)
    assert len(marks(made.pictures[0])) <= MARKS
    assert made.lanes_left_out == 200 - LANES
    assert len(made.pictures[0]) < 400_000


def test_events_outside_of_the_picture_are_counted():
    made = drawing(event(-7200), event(0), event(7200), event(7300))
    assert (made.earlier, made.later) == (1, 2)


def test_silence_is_hatched_and_records_are_filled():
    whole = Coverage(artifact="a1", path="x.log", lane="a", first_utc=at(4, 0), last_utc=at(8, 0), records=9)
    assert drawing(event(0), coverage=(whole,)).has_gaps is False
    early = whole.model_copy(update={"last_utc": at(5, 57)})
    late = whole.model_copy(update={"first_utc": at(5, 59)})
    made = drawing(event(0), coverage=(early, late))
    assert made.has_gaps is True
    assert (
        len([one for one in ET.fromstring(plain(made.pictures[0])).iter(f"{SVG}rect") if one.get("class") == "covered"])
        == 2
    )


def test_without_a_window_the_picture_spans_what_tells_most():
    made = drawing(event(0), event(60), event(90_000, category="sample"), window=None)
    assert made.span.end < at(5, 58)
    assert made.later == 1


def test_years_that_no_clock_shows_can_be_drawn():
    first = event(0).model_copy(update={"ts_utc": at(5, 56).replace(year=1)})
    last = event(0).model_copy(update={"ts_utc": at(5, 56).replace(year=9999)})
    assert drawing(first, last, window=None) is not None


def test_what_is_dated_long_before_is_drawn_in_an_overview():
    made = drawing(event(0), event(-400_000, category="deployment"), event(30, category="restart"))
    assert len(made.overviews) == 2
    assert "k-deployment" in made.overviews[0]
    assert "k-deployment" not in made.pictures[0]
    assert "Enlarged below" in made.overviews[0]
    assert drawing(event(0)).overviews == ()


def test_what_was_done_to_collect_does_not_stretch_the_overview():
    assert drawing(event(0), event(900_000, category="our footprint")).overviews == ()


def test_a_mark_is_named_where_there_is_room_and_not_where_another_stands():
    wide = drawing(event(0, category="restart"), event(120, category="deployment")).pictures[0]
    assert ">restart</text>" in wide
    assert ">deployment</text>" in wide
    assert ">restart</text>" not in drawing(event(0, category="restart"), event(8, category="deployment")).pictures[0]
    assert "×50</text>" in drawing(*(event(n / 10) for n in range(50))).pictures[0]


def test_first_bad_and_last_good_are_lines_with_names():
    timeline = customer().timeline
    made = draw(timeline, WINDOW)
    assert ">first bad</text>" in made.pictures[0]
    assert ">last good</text>" in made.pictures[0]
    assert "bound" not in draw(timeline.model_copy(update={"first_bad": None, "last_good": None}), WINDOW).pictures[0]


def test_a_silence_inside_of_a_record_is_hatched():
    timeline = customer().timeline
    without = draw(timeline.model_copy(update={"gaps": ()}), WINDOW).pictures[0]
    assert draw(timeline, WINDOW).pictures[0].count("uncovered") == without.count("uncovered") + 1
