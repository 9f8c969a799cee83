"""Scripts in the app's container: how they are wrapped, watched, fetched and cleared away, and every way they fail."""

from __future__ import annotations

import dataclasses
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from escalate.azure.failure import AzureFailure, Why
from escalate.collect.container import ContainerShell, wrapped
from escalate.collect.container_notes import ContainerProcess
from escalate.collect.container_processes import LIST, main_process, parsed
from escalate.collect.container_request import jcmd, undisturbed
from escalate.collect.container_samples import files_in, marked
from escalate.lab.server import running
from escalate.lab.worlds.registry import Worlds
from tests.fakes.lab_steps import collect_steps, target_of

pytestmark = pytest.mark.enable_socket

LINUX = "scm-private"
"""A world of two Linux workers without processes of its own, reached through ARM where the SCM site is private."""


def sh(script, **environment):
    return subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, env={"PATH": os.environ["PATH"], **environment}
    )


def answer(tmp_path, script, name="step", limit=30, **environment):
    """Code, worker, container, size, complaint: what the wrapper says."""
    sh(wrapped(script, str(tmp_path / "folder of it's own"), name, limit), **environment)
    text = (tmp_path / "folder of it's own" / f"{name}.rc").read_text()
    code, worker, container, size, *complaint = text.split("\n")
    return int(code), worker, container, int(size), "\n".join(complaint)


@pytest.fixture
def world():
    """Two Linux workers, reachable."""
    return dataclasses.replace(Worlds()[LINUX], faults=frozenset())


@pytest.fixture
def run_steps(make_case):
    """Collects from a world: run_steps(world, {collectors}, *include, faults=())."""

    def run(world, only, *include, faults=()):
        with running(world, faults=faults) as lab:
            got = collect_steps(lab, make_case(target=target_of(lab)), only, *include)
            logs = {place.name for place in lab.state.home(world.app).joinpath("LogFiles").iterdir()}
            left = {name for name in logs if name.startswith("escalate-")}
            return got, left

    return run


def test_the_wrapper_says_how_the_script_ended_and_where(tmp_path):
    said = answer(tmp_path, "echo out; echo 'it is \"broken\"' >&2; exit 7", WEBSITE_INSTANCE_ID="ab12")
    assert (said[0], said[1], said[3]) == (7, "ab12", 4)
    assert said[2] == sh("hostname 2>/dev/null || cat /proc/sys/kernel/hostname").stdout.strip()
    assert said[4].strip() == 'it is "broken"'


def test_quotes_dollars_and_newlines_of_a_script_arrive_as_they_are(tmp_path):
    text = "a 'b' \"c\" $d `e` \\f\n%g"
    answer(tmp_path, f"printf %s {shlex.quote(text)}")
    assert (tmp_path / "folder of it's own" / "step.out").read_text() == text


def test_the_container_ends_a_script_by_its_own_limit(tmp_path):
    if shutil.which("timeout") is None:
        pytest.skip("needs timeout")
    assert answer(tmp_path, "sleep 20", limit=1)[0] == 124


def test_files_come_apart_again_and_refusals_keep_the_kernels_words(tmp_path):
    (tmp_path / "one").write_text("first\n")
    mark, script = marked(
        "case", f"get a/one {tmp_path}/one\nget b {tmp_path}\nget none {tmp_path}/none\nmark c; echo =="
    )
    found = dict(files_in(sh(script).stdout.encode(), mark))
    assert found["a/one"] == b"first\n"
    assert b"directory" in found["b.refused"]
    assert found["c"] == b"==\n"
    assert "none" not in found


def test_names_that_lead_elsewhere_are_left_out():
    data = b"\nMARK ../x\n1\n\nMARK /etc/y\n2\n\nMARK good\n3\n"
    assert list(files_in(data, "MARK")) == [("good", b"3\n")]


def process(pid, runtime, rss=10, parent=1, name="x", is_site=False):
    return ContainerProcess(pid, parent, rss, 1, 0, name, "", is_site, runtime)


def test_the_app_is_the_biggest_process_of_its_runtime_and_the_sites_own_first():
    found = [process(5, "java", 50), process(6, "java", 20, is_site=True), process(7, "python", 90)]
    assert main_process(found, ("java",)).pid == 6
    assert main_process(found, ()).pid == 6
    assert main_process(found, ("node",)) is None


def test_without_a_known_runtime_it_is_what_pid_1_started_and_no_helper():
    found = [process(9, None, 99, name="sshd"), process(10, None, 40, name="api"), process(11, None, 70, parent=10)]
    assert main_process(found, ()).pid == 10


def test_processes_are_read_from_proc_by_the_shell_alone(tmp_path):
    child = subprocess.Popen(["sleep", "60"], env={"WEBSITE_INSTANCE_ID": "lab42"})
    try:
        found = {each.pid: each for each in parsed(sh(LIST, WEBSITE_INSTANCE_ID="lab42").stdout)}
    finally:
        child.kill()
        child.wait()
    assert found[child.pid].is_site
    assert found[child.pid].name == "sleep"
    assert found[child.pid].rss > 0
    assert not found[os.getpid()].is_site
    assert found[os.getpid()].runtime == "python"


def test_jcmd_is_found_beside_the_jvm_that_runs(tmp_path):
    (tmp_path / "jcmd").write_text("")
    (tmp_path / "jcmd").chmod(0o755)
    shutil.copy("/bin/sleep", tmp_path / "java")
    child = subprocess.Popen([tmp_path / "java", "60"])
    try:
        assert sh(f"echo {jcmd(process(child.pid, 'java'))}").stdout.strip() == str(tmp_path / "jcmd")
    finally:
        child.kill()
        child.wait()


def test_a_process_that_a_dump_left_stopped_runs_on_and_no_file_grows_too_big(tmp_path):
    child = subprocess.Popen(["sleep", "60"])
    try:
        big = f"kill -STOP {child.pid}; head -c 100000 /dev/zero >{tmp_path}/big"
        ended = sh(undisturbed(big, process(child.pid, None), 10_240))
        status = Path(f"/proc/{child.pid}/status").read_text().splitlines()
    finally:
        child.kill()
        child.wait()
    (state,) = (line.split()[1] for line in status if line.startswith("State:"))
    assert state != "T"
    assert (tmp_path / "big").stat().st_size <= 10_240
    assert ended.returncode != 0


def test_a_stamp_without_exec_is_missing_with_the_way_by_ssh(run_steps, world):
    got, _ = run_steps(world, {"container.tools"}, faults=("old-stamp",))
    step = got.step("container.tools")
    assert step.outcome.state == "missing"
    assert "az webapp ssh" in step.outcome.hint
    assert step.expected
    assert step.footprints == ()


def test_a_container_without_home_is_blocked_once_and_known_afterwards(run_steps, world, monkeypatch):
    monkeypatch.setattr("escalate.collect.container.FIRST_SIGN_S", 0.5)
    got, _ = run_steps(dataclasses.replace(world, storage_mounted=False), {"container.tools", "container.dmesg"})
    assert {step.outcome.state for step in got.steps.values()} == {"blocked"}, got.reasons()
    assert "WEBSITES_ENABLE_APP_SERVICE_STORAGE" in got.step("container.tools").outcome.reason
    asked = sorted(step.exchange_count for step in got.steps.values())
    assert asked[0] == 0  # on the worker where it was found out already


def test_a_command_that_another_worker_ran_counts_for_nothing(run_steps, world):
    app = dataclasses.replace(world.app, settings={**world.app.settings, "WEBSITE_INSTANCE_ID": "ff" * 32})
    got, left = run_steps(dataclasses.replace(world, app=app), {"container.tools"})
    assert got.step("container.tools").outcome.state == "missing"
    assert "worker ffffff" in got.step("container.tools").outcome.reason
    assert not got.artifacts("tools.txt")
    assert not left


def test_the_folder_is_removed_and_the_container_is_learned(run_steps, world):
    got, left = run_steps(world, {"container.tools"})
    step = got.step("container.tools")
    assert step.outcome.state == "collected", got.reasons()
    assert not left
    assert [text.split()[0] for text in step.footprints] == ["ran", "removed"]
    assert b"curl " in got.data("tools.txt")
    worker = next(each for each in got.evidence.workers if each.label == step.worker)
    assert worker.containers
    assert got.artifacts("tools.txt")[0].instance == step.worker


def test_a_folder_that_cannot_be_removed_is_named(run_steps, world, monkeypatch):
    def refuse(kudu, path):
        raise AzureFailure(Why.DENIED, "read-only share")

    monkeypatch.setattr("escalate.collect.container.remove_folder", refuse)
    got, left = run_steps(world, {"container.tools"})
    (leftover,) = left
    assert (
        f"/home/LogFiles/{leftover} could not be removed and is left: read-only share"
        in got.step("container.tools").footprints
    )


def test_the_folder_is_removed_also_when_the_step_is_given_up(run_steps, world, monkeypatch):
    def given_up(shell, name, limit_s):
        shell._context.watch.give_up()
        shell._context.watch.pause(1)

    monkeypatch.setattr(ContainerShell, "_answer", given_up)
    got, left = run_steps(world, {"container.tools"})
    assert got.step("container.tools").footprints[-1].startswith("removed /home/LogFiles/escalate-")
    assert not left


def test_no_runtime_no_dump_and_that_is_an_answer(run_steps, world):
    got, _ = run_steps(world, {"linux.java.heap"}, "heap")
    assert got.step("linux.java.heap").outcome.state == "missing"
    assert got.step("linux.java.heap").expected
