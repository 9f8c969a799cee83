"""How long a server asks to be left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.azure.retry_after import retry_after_s

DATE = "Wed, 01 Jan 2020 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "17"}, 17),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"Retry-After": "-3"}, 0),
        ({"Retry-After": "Wed, 01 Jan 2020 00:02:05 GMT", "Date": DATE}, 125),
        ({"Retry-After": "Tue, 31 Dec 2019 00:00:00 GMT", "Date": DATE}, 0),
        ({"Retry-After": DATE}, 0),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"Retry-After": "later", "retry-after-ms": "2000"}, 2),
        ({"Retry-After": "nan"}, None),
    ],
)
def test_seconds_dates_and_milliseconds_are_read(headers, seconds):
    assert retry_after_s(headers) == seconds


@given(st.text(), st.text())
def test_any_text_is_a_time_or_nothing(text, date):
    seconds = retry_after_s({"Retry-After": text, "Date": date})
    assert seconds is None or 0 <= seconds < float("inf")
