"""Log files, names of workers and plain requests, taken from a running lab, whole and with faults."""

from __future__ import annotations

import json

import pytest

from escalate.lab.server import running
from escalate.lab.worlds.registry import Worlds
from tests.fakes.lab_run import collect_only

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Nobody waits between tries."""
    for module in ("policies", "ranges"):
        monkeypatch.setattr(f"escalate.azure.{module}.FIRST_WAIT_S", 0.01)


WINDOWS_LOGS = ("evt.log", "http.w3c", "freb", "log.app", "log.detailed_errors", "log.kudu_trace", "vfs.logs")


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    with running(Worlds()["deadlock-windows"]) as lab:
        yield collect_only(
            lab, tmp_path_factory.mktemp("windows"), *WINDOWS_LOGS, "kudu.whoami", "log.recent", "kudu.env"
        )


def kinds(run, collector):
    return {each.kind.value for each in run.evidence.artifacts if each.collector == collector}


def test_every_kind_of_windows_log_is_taken_and_recognised(windows):
    assert {step.outcome.state for step in windows.evidence.steps if step.collector in WINDOWS_LOGS} == {"collected"}
    assert kinds(windows, "evt.log") == {"event-log"}
    assert kinds(windows, "http.w3c") == {"w3c-log"}
    assert kinds(windows, "freb") == {"failed-request", "json"}
    assert kinds(windows, "log.kudu_trace") == {"kudu-trace"}


def test_failed_requests_are_the_slowest_and_the_newest_and_the_others_are_named(windows):
    files = windows.files("freb")
    rows = json.loads(files["kudu/shop-web/listing-freb.json"].read_text())
    assert sum(row["taken"] for row in rows) == 10
    assert all(row["why_not"] for row in rows if not row["taken"])
    assert len(files) == 11


def test_the_list_names_every_file_and_why_it_was_not_taken(windows):
    rows = json.loads(windows.files("vfs.logs")["kudu/shop-web/listing.json"].read_text())
    by_path = {row["path"]: row for row in rows}
    assert by_path["LogFiles/eventlog.xml"]["by"] == "evt.log"
    assert all(row.get("taken") or row.get("by") or row.get("why_not") for row in rows)


def test_an_application_log_says_its_worker_and_its_process(windows):
    logs = [each for each in windows.evidence.artifacts if each.collector == "log.app"]
    assert {each.instance for each in logs} == {"RD00155DD0D38E", "RD00155DD0E1A2"}
    assert {each.pid for each in logs} == {6744}


def test_every_worker_says_who_it_is_and_waking_kudu_is_owned_up_to_once(windows):
    steps = windows.steps("kudu.whoami")
    assert [step.outcome.state for step in steps] == ["collected"] * 2
    assert sum("SCM site" in text for step in steps for text in step.footprints) == 1
    assert all(worker.computer for worker in windows.evidence.workers)


def test_a_worker_that_was_replaced_is_missing_and_its_files_are_nobodys(tmp_path):
    with running(Worlds()["deadlock-windows"]) as lab:
        run = collect_only(lab, tmp_path, "kudu.whoami", "proc.list", "win.samples", after_plan=["worker-replaced"])
    for collector in ("kudu.whoami", "proc.list", "win.samples"):
        states = {step.worker: step.outcome.state for step in run.steps(collector)}
        assert states == {"RD00155DD0D38E": "missing", "RD00155DD0E1A2": "collected"}
    assert {each.instance for each in run.evidence.artifacts} == {"RD00155DD0E1A2"}


@pytest.mark.parametrize("fault", ["cut-502", "reset", "growing-log", "wrong-host-href", "locked-file"])
def test_logs_come_whole_through_a_bad_connection(tmp_path, fault, windows):
    with running(Worlds()["deadlock-windows"], faults=[fault]) as lab:
        home = lab.state.home(lab.state.world.app)
        run = collect_only(
            lab, tmp_path, "http.w3c", "evt.log", "log.kudu_trace", "log.app", "log.detailed_errors", "vfs.logs"
        )
        taken = {path: file for each in ("http.w3c", "evt.log", "log.app") for path, file in run.files(each).items()}
        assert {step.outcome.state for step in run.evidence.steps if step.exchange_count} == {"collected"}
        assert any(file.stat().st_size > 256 * 1024 for file in taken.values())
        for path, file in taken.items():
            there = (home / path.removeprefix("kudu/shop-web/")).read_bytes()
            assert there.startswith(file.read_bytes()), path
            assert len(there) - file.stat().st_size < 10_000, path
    footprints = [text for step in run.evidence.steps for text in step.footprints]
    assert any("(type)" in text for text in footprints) is (fault == "locked-file")


def test_an_scm_site_that_answers_with_pages_gives_no_files(tmp_path):
    with running(Worlds()["deadlock-windows"], faults=["html-401", "extensions-blocked"]) as lab:
        run = collect_only(lab, tmp_path, *WINDOWS_LOGS, "kudu.whoami", "win.samples", "kudu.env")
    assert not run.evidence.artifacts
    assert {step.outcome.state for step in run.evidence.steps if step.exchange_count} <= {"denied", "blocked"}


@pytest.fixture(scope="module")
def crash_loop(tmp_path_factory):
    with running(Worlds()["crash-loop"]) as lab:
        yield collect_only(
            lab, tmp_path_factory.mktemp("linux"), "log.containers", "kudu.whoami", "log.startup", "kudu.cfgcheck",
            "log.startup_summary", "log.startup_list", "kudu.deployment", "vfs.logs", "proc.list", "stats.cpu",
        )  # fmt: skip


def test_container_logs_are_recognised_and_their_names_join_the_roster(crash_loop):
    assert kinds(crash_loop, "log.containers") <= {"container-log", "platform-log"}
    (worker,) = crash_loop.evidence.workers
    assert {f"{worker.machine}_default", worker.machine} <= set(worker.infixes)
    assert {each.instance for each in crash_loop.evidence.artifacts if each.collector == "log.containers"} == {
        worker.label
    }


def test_linux_says_what_it_does_not_have_and_that_is_no_gap(crash_loop):
    for collector in ("proc.list", "stats.cpu"):
        step = crash_loop.step(collector)
        assert (step.outcome.state, step.expected) == ("missing", True)


def test_the_endpoints_of_2026_answer(crash_loop):
    for collector in ("log.startup", "kudu.cfgcheck", "log.startup_summary", "log.startup_list"):
        assert crash_loop.step(collector).outcome.state == "collected", collector


def test_a_linux_worker_says_its_container(crash_loop):
    assert crash_loop.step("kudu.whoami").outcome.state == "collected"
    assert crash_loop.evidence.workers[0].containers


def test_an_old_stamp_lacks_them_and_that_is_no_gap(tmp_path):
    ids = ("log.startup", "kudu.cfgcheck", "log.startup_summary", "log.startup_list")
    with running(Worlds()["crash-loop"], faults=["old-stamp"]) as lab:
        run = collect_only(lab, tmp_path, *ids)
    assert {(run.step(each).outcome.state, run.step(each).expected) for each in ids} == {("missing", True)}


def test_guided_ones_say_how_a_person_does_it(windows):
    for collector in ("log.stream", "win.crash_dumps", "daas.kill"):
        step = windows.step(collector)
        assert step.outcome.state == "skipped"
        assert step.exchange_count == 0
