from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from escalate.draft.axis import around, ceiling, coordinate, time_axis
from escalate.model.incident import Window

MOMENTS = st.datetimes(timezones=st.just(UTC))
START = datetime(2026, 4, 4, 5, 55, tzinfo=UTC)


@given(MOMENTS, MOMENTS, st.timedeltas(timedelta(), timedelta(days=400)))
def test_any_year_a_log_may_claim_can_be_drawn(one: datetime, other: datetime, by: timedelta):
    window = around(Window(start=min(one, other), end=max(one, other)), by)
    axis = time_axis(window, 10, 90, timedelta(seconds=20))
    assert axis.end > axis.start
    assert 10 <= axis.x(one) <= 90
    assert len(axis.ticks()) <= 9


def test_ticks_are_round_and_labelled_for_their_step():
    def labels(span: timedelta) -> list[str]:
        return [label for _, label in time_axis(Window(start=START, end=START + span), 0, 1, span).ticks()]

    assert labels(timedelta(minutes=7))[:2] == ["05:55", "05:56"]
    assert labels(timedelta(seconds=30))[:2] == ["05:55:00", "05:55:05"]
    assert labels(timedelta(days=14))[:2] == ["04-05", "04-07"]


def test_what_lies_outside_is_held_at_the_edge():
    axis = time_axis(Window(start=START, end=START + timedelta(minutes=1)), 10, 90, timedelta())
    assert axis.x(START - timedelta(days=1)) == 10
    assert axis.x(START + timedelta(days=1)) == 90


def test_scales_end_at_round_numbers():
    assert [ceiling(value) for value in (0, 0.11, 1, 3, 480, 514_000)] == [1, 0.2, 1, 5, 500, 1_000_000]


def test_coordinates_are_short_and_stable():
    assert [coordinate(value) for value in (1.0, 1.005, 0.1 + 0.2, -0.001, 100.0)] == ["1", "1", "0.3", "0", "100"]
