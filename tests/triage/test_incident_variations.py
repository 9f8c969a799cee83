"""The worked incidents with other workers, another year and more files; and without what decides them."""

from __future__ import annotations

import json
import shutil
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from escalate.model.incident import Incident
from tests.triage.conftest import Triaged
from tests.triage.resaved import TOOLS, resave
from tests.triage.test_incidents import FOLDER, NAMES, NOT_YET

NOISE = {
    "LogFiles/kudu/deployment/3f2c-1.txt": "2014-03-01T10:00:00  PID[41] Information Building\n" * 40,
    "LogFiles/old/2014_03_01_{worker}_default_docker.log": (
        "2014-03-01T10:00:00.1234567Z [2014-03-01 10:00:00 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:11)\n"
        "2014-03-01T10:00:01.1234567Z [2014-03-01 10:00:01 +0000] [7] [ERROR] Worker (pid:11) was sent SIGKILL! "
        "Perhaps out of memory?\n"
        "2014-03-01T10:00:02.1234567Z Error: getaddrinfo EAI_AGAIN old.example\n"
        "2014-03-01T10:00:03.1234567Z python exited with code 137\n"
    ),
    "site/wwwroot/host.json": '{"version": "2.0"}\n',
    "notes/readme.txt": "The kernel panics of 2014 were a driver of the test machine.\n",
    "notes/empty.log": "",
    "notes/blob.bin": "\x00\x01\x02\x7f" * 500,
}


def other(worker: str) -> str:
    """A name of the same shape that is none of the evidence's."""
    turned = {"0": "7", "1": "8", "2": "9", "3": "6", "A": "E", "B": "F", "C": "D", "H": "M"}
    head, tail = worker[:-3], worker[-3:]
    if worker.count("-") == 3:
        return "10-44-" + worker.split("-", 2)[2]
    return head[:2] + "".join(turned.get(sign, sign) for sign in head[2:]) + tail


def files_of(name: str) -> Path:
    return FOLDER / name / "input"


def incident_of(name: str, words: dict[str, str] | None = None) -> Incident:
    toml = (FOLDER / name / "incident.toml").read_text()
    for old, new in (words or {}).items():
        toml = toml.replace(old, new)
    return Incident.model_validate(tomllib.loads(toml))


def expected(name: str) -> str:
    return json.loads((FOLDER / name / "expected.json").read_text())["verdict"]["answerable_by"]


def varied(name: str, folder: Path) -> dict[str, str]:
    """Copy an incident with other workers, another year and noise; returns what was replaced."""
    workers = incident_of(name).target.instances
    words = {worker: other(worker) for worker in workers}
    if not list(files_of(name).rglob("*.pcap")):  # its times are no text
        words |= {str(year): str(year + 4) for year in range(2025, 2015, -1)}
    for path in sorted(files_of(name).rglob("*")):
        if path.is_file():
            data, place = path.read_bytes(), str(path.relative_to(files_of(name)))
            once = tuple((old, f"\0{number}\0") for number, old in enumerate(words))
            again = tuple((mark, words[old]) for old, mark in once)
            for old, new in (*once, *again):
                data, place = data.replace(old.encode(), new.encode()), place.replace(old, new)
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_bytes(data)
    for place, text in NOISE.items():
        path = folder / place.format(worker=words[workers[0]])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return words


@pytest.mark.parametrize("name", NAMES)
def test_names_years_noise_and_the_tool_that_saved_it_change_no_verdict(name, tmp_path, triaged):
    words = varied(name, tmp_path / "input")
    resave(tmp_path / "input", tmp_path / "resaved", tuple(TOOLS)[NAMES.index(name) % 2])
    once = {old: f"@{chr(97 + number)}@" for number, old in enumerate(words)}
    incident = incident_of(name, {**once, **{mark: words[old] for old, mark in once.items()}})
    got: Triaged = triaged(tmp_path / "resaved", incident)
    if name not in NOT_YET:
        assert got.who == expected(name), got.findings.verdict.why
    assert got.who == "microsoft" or got.questions == ()
    assert got.who == expected(name) or got.who != "microsoft"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_YET])
def test_without_what_decides_it_stays_open(name, tmp_path, triaged):
    deciding = json.loads((FOLDER / name / "expected.json").read_text())["deciding"]
    if not deciding:
        assert expected(name) == "undetermined"
        return
    shutil.copytree(files_of(name), tmp_path / "input")
    for place in deciding:
        path = tmp_path / "input" / place
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    got: Triaged = triaged(tmp_path / "input", incident_of(name))
    assert got.who == "undetermined", got.findings.verdict.why
    assert got.questions == ()
    assert got.findings.missing_evidence


def deployment(rows: list[dict[str, object]]) -> dict[str, object]:
    """A row of the activity log that tells of a change, in the form of the incident's own."""
    return next(row for row in rows if any(word in json.dumps(row) for word in ("publish", "write")))


@pytest.mark.parametrize("name", [name for name in NAMES if expected(name) == "microsoft"])
def test_a_deployment_two_minutes_before_keeps_the_question_back(name, tmp_path, triaged):
    shutil.copytree(files_of(name), tmp_path / "input")
    path = next((tmp_path / "input").rglob("activity*.json"))
    document, incident = json.loads(path.read_text()), incident_of(name)
    assert incident.window is not None
    rows = document if isinstance(document, list) else document["value"]
    when = next(key for key in rows[0] if key.lower() == "eventtimestamp")
    rows.append({**deployment(rows), when: f"{incident.window.start - timedelta(minutes=2):%Y-%m-%dT%H:%M:%SZ}"})
    path.write_text(json.dumps(document, indent=1))
    got: Triaged = triaged(tmp_path / "input", incident)
    assert got.who != "microsoft"
    assert got.questions == ()
