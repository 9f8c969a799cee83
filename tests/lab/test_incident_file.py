"""The incident of a world, written as a file, is read back as the same incident."""

from __future__ import annotations

from datetime import UTC, datetime

from escalate.cli.inputs import read_incident
from escalate.lab.incident_file import as_toml
from escalate.model.incident import Contact, Incident, Severity, Window


def test_what_is_written_is_read_back(tmp_path):
    incident = Incident(
        title='A "quoted" title \\ with ünïcode',
        symptom="two\nlines",
        severity=Severity.CRITICAL,
        window=Window(start=datetime(2026, 4, 4, 5, 55, tzinfo=UTC), end=datetime(2026, 4, 4, 6, 2, tzinfo=UTC)),
        contact=Contact(first_name="Ada", email="ada@example.com"),
    )
    file = tmp_path / "incident.toml"
    file.write_text(as_toml(incident), encoding="utf-8")

    assert read_incident(file, None, None) == incident
