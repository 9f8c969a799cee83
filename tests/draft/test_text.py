from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.draft import text
from escalate.model.finding import Precision

WHEN = datetime(2026, 4, 4, 5, 58, 45, 58_900, tzinfo=UTC)


def test_ansi_and_direction_marks_become_visible():
    assert text.clean("\x1b[31mred\u202e.txt") == "[U+001B][31mred[U+202E].txt"


def test_line_breaks_become_blanks_so_that_no_quotation_leaves_its_line():
    assert text.clean("a\r\nb\tc\u2028d") == "a b c[U+2028]d"


def test_the_marks_of_a_zone_cannot_come_from_outside():
    assert text.clean("\ue000kernel\ue001") == "[U+E000]kernel[U+E001]"


def test_a_line_of_ten_megabytes_is_cut_and_says_by_how_much():
    cut = text.clean("x" * 10_000_000, 400)
    assert cut == "x" * 400 + " … (+9999600 characters)"


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_nothing_invisible_survives(value: str):
    assert all(unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for one in text.clean(value))


@given(st.text(), st.integers(20, 500))
def test_cleaned_text_is_bounded(value: str, limit: int):
    assert len(text.clean(value, limit)) <= limit + 40


def test_moments_are_as_exact_as_their_source():
    assert text.moment(WHEN) == "2026-04-04 05:58:45 UTC"
    assert text.moment(WHEN, Precision.MILLISECOND) == "2026-04-04 05:58:45.058 UTC"
    assert text.moment(WHEN, Precision.MINUTE) == "2026-04-04 05:58 UTC"


def test_a_span_names_the_day_once():
    assert text.span(WHEN, WHEN.replace(hour=7)) == "2026-04-04 05:58:45 to 07:58:45 UTC"
    assert text.span(WHEN, WHEN.replace(day=5)) == "2026-04-04 05:58:45 to 2026-04-05 05:58:45 UTC"
    assert text.span(WHEN, WHEN) == "2026-04-04 05:58:45 UTC"


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_951, "1.0 MB"),
        (5_000_000, "5.0 MB"),
        (1_204_331_520, "1.2 GB"),
        (40 * 10**15, "40000.0 TB"),
    ],
)
def test_sizes_are_in_powers_of_ten(n_bytes: int, words: str):
    assert text.size(n_bytes) == words


def test_names_from_code_keep_their_case():
    assert text.sentence("read(2) is right") == "read(2) is right."
    assert text.sentence("py-spy is missing") == "py-spy is missing."
    assert text.sentence("give it a timeout") == "Give it a timeout."
    assert text.sentence("Did it?") == "Did it?"
    assert text.sentence("") == ""


def test_lists_say_how_much_they_leave_out():
    assert text.listed(["a"]) == "a"
    assert text.listed(["a", "b", "c"]) == "a, b and c"
    assert text.listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert text.count(0, "file") == "no files"
    assert text.count(1, "entry", "entries") == "1 entry"
    assert text.count(1200, "entry", "entries") == "1,200 entries"


def test_a_command_keeps_its_small_letter():
    assert text.sentence("df -h / /home, then clean up") == "df -h / /home, then clean up."
    assert text.sentence("clean up") == "Clean up."


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (15125.5, "ms", "15,126 ms"),
        (0.333333, "percent", "0.333 %"),
        (75.0, "", "75"),
        (1e-9, "s", "1e-09 s"),
        (5.89e9, "bytes", "5.9 GB"),
    ],
)
def test_a_measured_number_has_no_more_digits_than_anybody_reads(value: float, unit: str, words: str):
    assert text.figure(value, unit) == words
