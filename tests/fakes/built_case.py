"""A case that was built against a lab, up to the bundle, by the command itself."""

from __future__ import annotations

from pathlib import Path

from escalate.lab.incident_file import as_toml
from escalate.lab.server import Lab
from tests.flow.conftest import run_command

WORLD = "crash-loop"
"""The world that is built quickest."""
TOPIC = "Availability, Performance, and Application Issues / Web app down or reporting errors"
"""A problem type that its service has."""


def build(lab: Lab, folder: Path) -> Path:
    """`escalate build` of the lab's app; the case is `folder / "case"`."""
    incident = folder / "incident.toml"
    incident.write_text(as_toml(lab.state.world.incident(lab.state.started)))
    words = ["build", lab.resource_id, "--auth", "managed-identity", "--incident", incident, "--no-input"]
    done = run_command(folder, *words, "--case", folder / "case", **lab.environment)
    assert done.code in (0, 5), done.stderr
    return folder / "case"
