"""What the user types and writes becomes values, or an error that says how to write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from escalate.cli.inputs import parse_target, read_incident
from escalate.cli.options import Moment, Size, Span
from escalate.errors import ConfigError, TargetError
from escalate.model.target import LocalTarget, PathTarget


def test_local_is_this_machine() -> None:
    assert parse_target("local") == LocalTarget()


def test_local_with_a_pid_is_one_process() -> None:
    assert parse_target("local:1905") == LocalTarget(pid=1905)


def test_an_existing_path_is_evidence_gathered_elsewhere(tmp_path: Path) -> None:
    assert parse_target(str(tmp_path)) == PathTarget(path=str(tmp_path))


@pytest.mark.parametrize("text", ["locale", "local:", "local:x", "local:-3", "/no/such/folder", ""])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(TargetError):
        parse_target(text)


def test_an_azure_resource_is_refused_honestly() -> None:
    with pytest.raises(TargetError, match="does not read from Azure yet"):
        parse_target(
            "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Web/sites/a"
        )


def test_an_incident_file_is_read(shared: Path) -> None:
    folder = shared / "scenarios" / "gunicorn-sigkill-is-not-oom"
    incident = read_incident(folder / "incident.toml", None, None)
    assert incident.target.instances == ("10-30-0-103",)
    assert incident.window is not None
    assert incident.window.start == datetime(2026, 4, 4, 5, 55, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("title = ", "not TOML"),
        ("titel = 'x'", "titel"),
        ("[window]\nstart = 2026-04-04T05:55:00\nend = 2026-04-04T06:00:00Z", "window.start"),
        ("severity = 'awful'", "severity"),
    ],
)
def test_a_wrong_incident_file_says_where(tmp_path: Path, text: str, names: str) -> None:
    file = tmp_path / "incident.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=names):
        read_incident(file, None, None)


def test_flags_set_the_window(tmp_path: Path) -> None:
    start = datetime(2026, 4, 4, 5, tzinfo=UTC)
    incident = read_incident(None, start, start + timedelta(hours=1))
    assert incident.window is not None
    assert incident.window.end - incident.window.start == timedelta(hours=1)


def test_until_alone_is_refused() -> None:
    with pytest.raises(ConfigError, match="--since"):
        read_incident(None, None, datetime(2026, 4, 4, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("10kb", 10_000), ("2GiB", 2 * 1024**3), ("1.5MB", 1_500_000), ("7B", 7)]
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "ten", "-1", "1 XB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError):
        Size().convert(text, None, None)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("20m", 1200), ("2h", 7200)])
def test_durations_are_read(text: str, seconds: float) -> None:
    assert Span().convert(text, None, None) == seconds


def test_a_time_needs_a_zone() -> None:
    with pytest.raises(click.UsageError, match="no zone"):
        Moment().convert("2026-04-04T05:55", None, None)
    assert Moment().convert("2026-04-04T07:55+02:00", None, None) == datetime(2026, 4, 4, 5, 55, tzinfo=UTC)


def test_a_span_is_so_long_ago() -> None:
    ago = datetime.now(UTC) - Moment().convert("2h", None, None) + timedelta(seconds=1)
    assert timedelta(hours=2) <= ago < timedelta(hours=2, minutes=1)
