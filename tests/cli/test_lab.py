"""`escalate lab` as a user meets it: another process, what it prints, how it ends."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from escalate.lab.faults import FAULTS
from escalate.lab.support.mishaps import KINDS, OPERATIONS
from escalate.lab.worlds import WORLDS

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 60

Up = Callable[..., "subprocess.Popen[str]"]

pytestmark = pytest.mark.enable_socket


def words(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "escalate", "lab", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words(*arguments),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        timeout=WAIT_S,
        check=False,
    )


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """Starts `escalate lab up`, with temporary files below a folder of the test's own; ends what still runs."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            words("up", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=WAIT_S)


def document(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The JSON document that it prints once it is up."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.rstrip() == "}":
            return json.loads("".join(lines))
    pytest.fail(f"no document on stdout: {process.communicate()}")


def test_list_shows_every_world_and_every_fault() -> None:
    done = run("list")
    assert done.returncode == 0, done.stderr
    for name, world in WORLDS.items():
        assert name in done.stdout
        assert world.title in done.stdout
    assert all(fault in done.stdout for fault in FAULTS)
    data = json.loads(run("list", "--format", "json").stdout)
    assert {world["name"]: world["expected"] for world in data["worlds"]} == {
        name: world.expected for name, world in WORLDS.items()
    }
    assert set(data["faults"]) == set(FAULTS)
    assert set(data["mishaps"]) == set(KINDS)
    assert all(name in done.stdout for name in (*KINDS, *OPERATIONS))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_up_answers_until_it_is_told_to_stop_and_leaves_nothing_behind(
    up: Up, tmp_path: Path, ending: signal.Signals
) -> None:
    process = up("--world", "crash-loop", "--format", "json")
    told = document(process)
    assert told["world"]["name"] == "crash-loop"
    assert told["world"]["expected"] == "customer"
    assert Path(told["incident"]).read_text().startswith("title = ")
    assert Path(told["folder"]).parent == tmp_path
    assert told["resource_id"] in told["try"]
    cloud = told["environment"]["ESCALATE_CLOUD"]
    with urllib.request.urlopen(f"{cloud}/metadata/endpoints?api-version=2022-09-01") as answer:
        assert answer.status == 200
    process.send_signal(ending)
    _, stderr = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, stderr
    assert "the lab is down" in stderr
    assert list(tmp_path.iterdir()) == []


def test_up_prints_lines_that_a_shell_can_take(up: Up, tmp_path: Path) -> None:
    process = up("--world", "scm-private", "--fault", "throttled", "--role", "Reader")
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if line.startswith("# escalate build "):
            break
    assert all(line.startswith(("#", "export ")) for line in lines)
    exported = subprocess.run(
        ["/bin/sh", "-c", "\n".join(lines) + "\nenv"], capture_output=True, text=True, check=True
    ).stdout
    assert "ESCALATE_CLOUD=http://127.0.0.1:" in exported
    assert "IDENTITY_ENDPOINT=" in exported
    tried = shlex.split(lines[-1].removeprefix("# "))
    assert tried[tried.index("build") + 1] == WORLDS["scm-private"].app.resource_id
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=WAIT_S)
    assert process.returncode == 0


def test_up_plays_a_subscription_as_it_is_told(up: Up) -> None:
    situation = ("--plan", "none", "--unregistered", "--open-ticket", "--service-incident", "--engineer-after", "0")
    process = up("--world", "crash-loop", *situation, "--mishap", "services.list#2=error", "--format", "json")
    told = document(process)
    assert told["plan"] == "none"
    cloud = told["environment"]["ESCALATE_CLOUD"]
    asked = urllib.request.Request(
        f"{cloud}/msi/token?resource={cloud}&api-version=2019-08-01",
        headers={"X-IDENTITY-HEADER": told["environment"]["IDENTITY_HEADER"]},
    )
    with urllib.request.urlopen(asked) as answer:
        token = json.load(answer)["access_token"]
    subscription = "/".join(told["resource_id"].split("/")[:3])

    def get(path: str, version: str = "2024-04-01") -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        asked = urllib.request.Request(f"{cloud}{path}?api-version={version}", headers=headers)
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)

    services = "/providers/Microsoft.Support/services"
    assert get(services)["value"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(services)
    refused.value.close()
    assert refused.value.code == 500
    assert get(f"{subscription}/providers/Microsoft.Support")["registrationState"] == "NotRegistered"
    events = get(f"{subscription}/providers/Microsoft.ResourceHealth/events", "2025-05-01")["value"]
    assert [each["properties"]["status"] for each in events] == ["Active"]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--world", "java-heap-leek"), "java-heap-leak"),
        (("--world", "crash-loop", "--fault", "cold-smc"), "cold-scm"),
        (("--role", "Emperor"), "lab up --help"),
        (("--plan", "Gold"), "lab up --help"),
        (("--world", "crash-loop", "--mishap", "tickets.create=burnt"), "lost"),
    ],
)
def test_a_name_that_does_not_exist_is_a_usage_error_with_a_hint(arguments: tuple[str, ...], hint: str) -> None:
    done = run("up", *arguments)
    assert done.returncode == 2
    assert hint in done.stderr
    assert done.stdout == ""
