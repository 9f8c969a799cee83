"""Times are read with their precision, and nothing is taken for UTC that does not say so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest

from escalate.formats.stamps import of_date_command, of_line, of_path, parse
from escalate.model.finding import Precision

T = datetime(2026, 4, 4, 5, 58, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "micro", "precision"),
    [
        ("2026-04-04T05:58:45Z", 0, Precision.SECOND),
        ("2026-04-04T05:58:45.1Z", 100_000, Precision.MILLISECOND),
        ("2026-04-04T05:58:45.1234567Z", 123_456, Precision.NANOSECOND),
        ("2026-04-04T05:58:45.123456789Z", 123_456, Precision.NANOSECOND),
        ("2026-04-04T07:58:45,250+02:00", 250_000, Precision.MILLISECOND),
        ("2026-04-04 05:58:45 +0000", 0, Precision.SECOND),
        ("04/Apr/2026:05:58:45 +0000", 0, Precision.SECOND),
        ("Sat Apr 04 2026 07:58:45 GMT+0200 (Central European Summer Time)", 0, Precision.SECOND),
        ("20260404T055845Z", 0, Precision.SECOND),
        ("/Date(1775282325500)/", 500_000, Precision.MILLISECOND),
    ],
)
def test_times_with_a_zone(text, micro, precision):
    stamp = parse(text)
    assert stamp is not None
    assert stamp.ts == T.replace(microsecond=micro)
    assert stamp.precision is precision


@pytest.mark.parametrize(
    ("text", "expected", "precision"),
    [
        ("04/04/2026 05:58:45", T, Precision.SECOND),
        ("4/4/2026, 5:58:45.500 AM", T.replace(microsecond=500_000), Precision.MILLISECOND),
        ("4/4/2026 5:58 PM", T.replace(hour=17, second=0), Precision.MINUTE),
        ("13/04/2026 05:58:45", T.replace(day=13), Precision.SECOND),
        ("2026-04-04 05:58", T.replace(second=0), Precision.MINUTE),
    ],
)
def test_naive_times_are_utc_only_on_the_callers_word(text, expected, precision):
    assert parse(text) is None
    stamp = parse(text, naive_is_utc=True)
    assert stamp is not None
    assert (stamp.ts, stamp.precision) == (expected, precision)


@pytest.mark.parametrize(
    "text",
    ["", "-", "0001-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-04-04T25:00:00Z", "2026-04-04T05:58:45Z x",
     "9999-12-31T23:59:59-12:00", "05:58:45", "2026-04-04T05:58:45+99:00"],
)  # fmt: skip
def test_what_is_no_time_gives_none(text):
    assert parse(text, naive_is_utc=True) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2026-04-04T05:58:45Z hello", T),
        ("[2026-04-04 05:58:45 +0000] [1904] [CRITICAL] WORKER TIMEOUT", T),
        ('169.254.129.1 - - [04/Apr/2026:05:58:45 +0000] "GET / HTTP/1.1" 200', T),
        ("2026-04-04 05:58:45.123 ERROR naive", None),
        ('{"level":"info","@timestamp":"2026-04-04T05:58:45Z","msg":"x"}', T),
        ('{"level":"info","when":"2026-04-04T05:58:45Z"}', None),
        ("hello 2026-04-04T05:58:45Z", None),
    ],
)
def test_a_line_has_the_time_at_its_start_or_in_brackets_or_json(line, expected):
    stamp = of_line(line)
    assert (stamp.ts if stamp else None) == expected


def test_what_date_prints_counts_when_it_names_utc():
    assert of_date_command("Sat Apr  4 05:58:45 UTC 2026").ts == T
    assert of_date_command("Sat Apr  4 05:58:45 CEST 2026") is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("procfs/20260404T055845Z/meminfo", T),
        ("kudu/x/counters_20260404T0558Z.json", T.replace(second=0)),
        ("20200101T000000Z/local/h/20260404T055845Z/x", T),
        ("LogFiles/kudu/trace/2026-04-04T05-58-45_d10e51_366_GET_api_200.xml", T),
        ("LogFiles/2026_04_04_RD1_docker.log", None),
        ("20269904T055845Z/meminfo", None),
    ],
)
def test_a_path_may_carry_the_time(path, expected):
    stamp = of_path(PurePosixPath(path))
    assert (stamp.ts if stamp else None) == expected
