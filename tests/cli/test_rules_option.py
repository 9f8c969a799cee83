"""Rules of a team through the command line: from a folder or a file, and refused with a hint when they cannot work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_command_line import run

RULE = """
[[rule]]
id = "TEAM01"
title = "The ledger service refused the booking ({code})"
meaning = "our own error, documented in our wiki"
layer = "application"
role = "indicator"
answerable_by = "customer"
cause = "dependency"
match = { regex = 'LEDGER-REFUSED code=(?P<code>\\d+)' }
remedy = ["call the ledger team"]
provenance = { ev = "R", refs = ["wiki"], positive = ["LEDGER-REFUSED code=7"], negative = ["LEDGER-OK code=7"] }
"""
INCIDENT = """
title = "Bookings fail"
[window]
start = 2026-04-04T05:55:00Z
end = 2026-04-04T06:02:00Z
"""


@pytest.mark.parametrize("as_folder", [True, False])
def test_rules_of_a_team_take_part_in_a_whole_run(tmp_path: Path, as_folder: bool) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "team.toml").write_text(RULE)
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    (evidence / "app.log").write_text("2026-04-04T05:58:45Z [ERROR] LEDGER-REFUSED code=42\n")
    (tmp_path / "incident.toml").write_text(INCIDENT)
    place = own if as_folder else own / "team.toml"
    case = tmp_path / "case"
    done = run(
        *("build", str(evidence), "--incident", str(tmp_path / "incident.toml"), "--case", str(case)),
        *("--rules", str(place), "--no-input"),
    )
    assert done.returncode in (0, 5), done.stderr
    findings = json.loads((case / "triage" / "findings.json").read_text())
    assert findings["findings"][0]["rule"] == "TEAM01"
    assert findings["findings"][0]["title"] == "The ledger service refused the booking (42)"
    assert findings["remedies"] == ["call the ledger team"]
    ledger = {row["id"]: row for row in json.loads((case / "triage" / "exclusions.json").read_text())["exclusions"]}
    assert ledger["dependency"]["state"] == "not ruled out"
    listed = run("catalog", "TEAM01", "--rules", str(place))
    assert listed.returncode == 0
    assert "ledger service" in listed.stdout


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("team.toml", RULE.replace("LEDGER-REFUSED code=(", "LEDGER-REFUSED (code=("), "no regex"),
        ("team.toml", "this is no TOML", "TOML"),
        ("team.txt", RULE, "holds no rule file"),
    ],
)
def test_a_bad_rule_file_is_named_with_a_hint_and_nothing_is_written(
    tmp_path: Path, name: str, data: str, said: str
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / name).write_text(data)
    done = run("build", str(tmp_path), "--case", str(tmp_path / "case"), "--rules", str(own), "--no-input")
    assert done.returncode == 3
    assert not (tmp_path / "case").exists()
    assert said in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_place_that_does_not_exist_is_named_with_a_hint(tmp_path: Path) -> None:
    done = run("triage", "--case", str(tmp_path), "--rules", str(tmp_path / "absent"))
    assert done.returncode == 3
    assert "hint:" in done.stderr
