"""plan, collect, build and doctor of an app in Azure, as a user meets them: other processes, streams, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from escalate.lab.server import Lab, running
from escalate.lab.worlds import WORLDS

pytestmark = pytest.mark.enable_socket

ROOT = Path(__file__).resolve().parents[2]
SIGNED_IN = ("--auth", "managed-identity")
FEW = ("--only", "site.get", "--only", "kudu.env", "--only", "kudu.whoami")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with running(WORLDS["deadlock-windows"]) as running_lab:
        yield running_lab


def escalate(lab: Lab, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "escalate", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, **lab.environment, "NO_COLOR": "1", **environment},
        check=False,
    )


def asked_of_kudu(lab: Lab) -> int:
    return sum(request.host == "scm" for request in lab.requests)


def test_plan_reads_arm_alone_and_says_where_what_and_why(lab: Lab, tmp_path: Path) -> None:
    before = asked_of_kudu(lab)
    done = escalate(lab, "plan", lab.resource_id, *SIGNED_IN, "--case", str(tmp_path / "case"))
    assert done.returncode == 0, done.stderr
    assert asked_of_kudu(lab) == before
    for words in (
        "time  about",
        "size  at most",
        "--include dumps",
        "only on RD00155DD0D38E",
        "most Http5xx",
        "Side effects:",
        "Left out for other reasons:",
        f"escalate build {lab.resource_id}",
    ):
        assert words in done.stdout, words


def test_plan_as_json_holds_the_steps_and_the_summary(lab: Lab, tmp_path: Path) -> None:
    done = escalate(lab, "plan", lab.resource_id, *SIGNED_IN, "--case", str(tmp_path / "case"), "--format", "json")
    plan = json.loads(done.stdout)
    assert plan["schema"] == "escalate.plan-view/v1"
    assert plan["survey"]["worst_why"] == plan["summary"]["worker_why"]
    assert {gain["what"] for gain in plan["summary"]["consents"]} >= {"--include dumps", "--include network"}
    assert plan["summary"]["steps"] == sum(step["step"] == "run" for step in plan["steps"])


def test_a_reader_sees_what_a_website_contributor_would_add(tmp_path: Path) -> None:
    with running(WORLDS["deadlock-windows"], role="Reader") as lab:
        done = escalate(lab, "plan", lab.resource_id, *SIGNED_IN, "--case", str(tmp_path / "case"))
        assert done.returncode == 0, done.stderr
        assert "Website Contributor unlocks" in done.stdout
        examined = escalate(lab, "doctor", lab.resource_id, *SIGNED_IN, "--format", "json")
        assert asked_of_kudu(lab) == 0, "what is refused is not woken for nothing"
    assert examined.returncode == 5
    told = json.loads(examined.stdout)
    [gain] = [check for check in told["checks"] if check["name"] == "Website Contributor"]
    assert "win.samples" in gain["detail"]
    roles = {role["collector"]: role for role in told["roles"]}
    assert roles["win.samples"]["allowed"] is False
    assert roles["win.samples"]["role"] == "Website Contributor"
    assert roles["site.get"]["allowed"] is not False


def test_a_name_with_its_group_is_the_same_case_as_its_id(lab: Lab, tmp_path: Path) -> None:
    case = ("--case", str(tmp_path / "case"))
    name = lab.resource_id.rpartition("/")[2]
    first = escalate(lab, "plan", name, "-g", "SHOP-RG", *SIGNED_IN, *case, *FEW)
    assert first.returncode == 0, first.stderr
    again = escalate(
        lab, "plan", lab.resource_id.upper().replace("/SUBSCRIPTIONS", "/subscriptions"), *SIGNED_IN, *case, *FEW
    )
    assert again.returncode == 0, again.stderr


def test_collect_goes_by_the_plan_and_shows_footprints_and_workers(lab: Lab, tmp_path: Path) -> None:
    case = ("--case", str(tmp_path / "case"))
    other = lab.state.world.workers[1]
    made = escalate(lab, "plan", lab.resource_id, *SIGNED_IN, *case, *FEW, "--instance", other.arm_id[:6])
    assert f"only on {other.machine}" in made.stdout, made.stderr
    done = escalate(lab, "collect", *SIGNED_IN, *case)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "What we changed or set off:" in done.stdout
    for worker in lab.state.world.workers:
        assert worker.machine in done.stdout
        assert worker.arm_id[:12] in done.stdout


def test_a_worker_nobody_knows_lists_those_there_are(lab: Lab, tmp_path: Path) -> None:
    done = escalate(lab, "plan", lab.resource_id, *SIGNED_IN, "--case", str(tmp_path / "case"), "--instance", "RD-GONE")
    assert done.returncode == 3
    assert "RD00155DD0D38E" in done.stderr


@pytest.mark.parametrize("verb", ["plan", "build", "doctor"])
def test_what_is_not_there_is_exit_code_3_and_no_sign_in_is_4(lab: Lab, tmp_path: Path, verb: str) -> None:
    case = () if verb == "doctor" else ("--case", str(tmp_path / "case"))
    assert escalate(lab, verb, f"{lab.resource_id}-x", *SIGNED_IN, *case).returncode == 3
    closed = () if verb == "doctor" else ("--case", str(tmp_path / "closed"))
    done = escalate(lab, verb, lab.resource_id, "--auth", "environment", *closed, AZURE_CLIENT_ID="")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_collect_without_sign_in_is_exit_code_4_and_goes_on_later(lab: Lab, tmp_path: Path) -> None:
    case = ("--case", str(tmp_path / "case"))
    escalate(lab, "plan", lab.resource_id, *SIGNED_IN, *case, "--only", "site.get")
    assert escalate(lab, "collect", "--auth", "environment", *case).returncode == 4
    assert escalate(lab, "collect", *SIGNED_IN, *case).returncode == 0


def test_a_case_of_one_cloud_is_not_collected_in_another(lab: Lab, tmp_path: Path) -> None:
    case = ("--case", str(tmp_path / "case"))
    escalate(lab, "plan", lab.resource_id, *SIGNED_IN, *case, "--only", "site.get")
    done = escalate(lab, "collect", *SIGNED_IN, *case, "--cloud", "public")
    assert done.returncode == 2
    assert "--cloud" in done.stderr


def test_doctor_names_switches_that_are_off_with_the_command_and_switches_nothing(lab: Lab) -> None:
    before = len(lab.requests)
    done = escalate(lab, "doctor", lab.resource_id, *SIGNED_IN, "--format", "json")
    told = json.loads(done.stdout)
    checks = {check["name"]: check for check in told["checks"]}
    assert done.returncode == told["exit_code"] == 5
    assert checks["Kudu"]["state"] == "ok"
    assert checks["clock"]["state"] == "ok"
    off = checks["log switch: application log"]
    assert off["state"] == "missing"
    assert off["hint"].startswith("az webapp log config --subscription ")
    assert {request.method for request in list(lab.requests)[before:]} == {"GET"}


def test_doctor_leaves_kudu_asleep_where_it_is_told_to(lab: Lab) -> None:
    before = asked_of_kudu(lab)
    done = escalate(lab, "doctor", lab.resource_id, *SIGNED_IN, "--no-scm")
    assert "not asked (--no-scm)" in done.stdout
    assert asked_of_kudu(lab) == before


def _doctor(*faults: str, world: str = "deadlock-windows") -> dict[str, Any]:
    with running(WORLDS[world], faults=faults) as lab:
        done = escalate(lab, "doctor", lab.resource_id, *SIGNED_IN, "--format", "json")
        assert done.returncode == 5, done.stderr
        return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_doctor_sees_a_clock_that_is_wrong() -> None:
    clock = _doctor("clock-skew")["clock"]
    assert clock["state"] == "missing"
    assert "ahead" in clock["detail"]


def test_doctor_says_what_closes_the_scm_site() -> None:
    kudu = _doctor("extensions-blocked", world="scm-private")["Kudu"]
    assert kudu["state"] == "missing"
    assert "private endpoint shop-pe" in kudu["detail"]


def test_a_local_target_signs_in_nowhere() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "escalate", "doctor", "local", "--auth", "environment", "--cloud", "http://127.0.0.1:1"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode in (0, 5)
    assert "disk" in done.stdout
