"""Correlators of processes and workers that stand still, crash or vanish: yes, no, and cannot tell."""

from __future__ import annotations

import pytest

from escalate.model.kind import Kind
from escalate.triage.correlators.worker_vanished import STOP
from escalate.triage.result import State
from tests.triage.test_correlators import World

STEADY = [float(second) for second in range(120)]
PAUSED = [second for second in STEADY if not 60 < second < 71]


def test_processes_that_pause_in_the_same_seconds_are_seen_and_another_worker_is_the_control():
    world = World().log("a", "w1", PAUSED).log("b", "w1", [second + 0.4 for second in PAUSED]).log("c", "w2", STEADY)
    result = world.ask("pause_across_processes", need_other=True)
    assert result.state is State.HOLDS
    assert (result.values["worker"], result.values["stopped"]) == ("w1", "10:01:00")
    assert "w2 went on" in result.sentence


@pytest.mark.parametrize(
    ("second_log", "state"),
    [(STEADY, State.FAILS), ([second for second in STEADY if not 80 < second < 91], State.FAILS)],
)
def test_one_process_that_pauses_alone_is_no_pause_of_the_worker(second_log, state):
    assert World().log("a", "w1", PAUSED).log("b", "w1", second_log).ask("pause_across_processes").state is state


def test_processes_of_one_app_may_wait_for_each_other():
    world = World().log("a", "w1", PAUSED, "shop").log("b", "w1", PAUSED, "shop").log("c", "w2", STEADY)
    assert world.ask("pause_across_processes").state is State.UNKNOWN


def test_a_log_that_pauses_every_minute_does_so_by_habit():
    often = [second for second in range(300) if second % 60 < 48]
    world = World().log("a", "w1", map(float, often)).log("b", "w1", map(float, often))
    assert world.ask("pause_across_processes").state is State.FAILS


def test_a_log_that_is_always_slow_pauses_with_nobody():
    rare = [float(second) for second in range(0, 120, 10)]
    assert World().log("a", "w1", rare).log("b", "w1", rare).ask("pause_across_processes").state is State.FAILS


def test_without_another_worker_the_scope_of_a_pause_is_not_known():
    world = World().log("a", "w1", PAUSED).log("b", "w1", PAUSED)
    assert world.ask("pause_across_processes").state is State.HOLDS
    assert world.ask("pause_across_processes", need_other=True).state is State.UNKNOWN
    assert World().ask("pause_across_processes").state is State.UNKNOWN


def test_a_worker_whose_logs_end_at_once_has_vanished_unless_it_was_told_to_stop():
    def world() -> World:
        lost = [second for second in STEADY if second <= 40]
        late = [second + 60 for second in STEADY]
        return World().log("a", "w1", lost).log("b", "w1", lost).log("c", "w2", late)

    result = world().ask("worker_vanished")
    assert result.state is State.HOLDS
    assert (result.values["worker"], result.values["successor"]) == ("w1", "w2")
    assert world().seen(STOP, 39, instance="w1").ask("worker_vanished").state is State.FAILS
    assert World().log("a", "w1", STEADY).log("b", "w2", STEADY).ask("worker_vanished").state is State.FAILS
    assert World().log("a", "w1", STEADY).ask("worker_vanished").state is State.UNKNOWN


AUX = "root       {pid} 17.1  1.0 1994412 170116 ?      {state}   09:58   2:04 node server.js"


def killed(state: str, slept: int = 75) -> World:
    listed = [("$ ps auxwww", 0), (AUX.format(pid=231, state=state), 0)]
    return World().typed("s", "w1", [("$ kill -KILL 231", 0), (f"$ sleep {slept}; date -u", 0), *listed])


def test_a_process_in_state_d_long_after_sigkill_survives_it():
    result = killed("Dl").ask("survives_kill", min_s=20)
    assert result.state is State.HOLDS
    assert (result.values["pid"], result.values["seconds"]) == ("231", "75")


def test_a_zombie_a_quick_look_and_an_untouched_process_do_not_survive_sigkill():
    assert killed("Zl").ask("survives_kill", min_s=20).state is State.FAILS
    assert killed("Dl", slept=2).ask("survives_kill", min_s=20).state is State.FAILS
    calm = World().typed("s", "w1", [("$ ps auxwww", 0), (AUX.format(pid=231, state="Dl"), 0)])
    assert calm.ask("survives_kill").state is State.UNKNOWN


def test_a_control_run_works_fails_or_was_not_made():
    lines = [("$ UV_USE_IO_URING=0 node s.js & curl -w '%{http_code}' http://localhost", 0)]
    assert World().typed("s", "w", [*lines, ("200", 0)]).ask("control_run", command="IO_URING=0").state is State.HOLDS
    assert World().typed("s", "w", [*lines, ("000", 0)]).ask("control_run", command="IO_URING=0").state is State.FAILS
    assert World().ask("control_run", command="IO_URING=0").state is State.UNKNOWN


def axl(pid: int, wchan: str, state: str = "D") -> str:
    return f"4    33   {pid}     1  20   0 231044 30112 {wchan} {state} ?          0:01 apache2 -DFOREGROUND"


def sampled(wchan: str, times: int, state: str = "D") -> World:
    world = World()
    for number in range(times):
        world.typed(f"s{number}", "w1", [("$ ps axl", 40 * number), (axl(71, wchan, state), 40 * number)])
    return world


def test_processes_that_wait_in_one_call_of_the_share_in_three_samples_are_stuck():
    result = sampled("wait_for_response", 3).ask("stuck_in_call")
    assert result.state is State.HOLDS
    assert (result.values["worker"], result.values["wchan"]) == ("w1", "wait_for_response")


def test_two_samples_other_calls_and_running_processes_are_not_stuck():
    assert sampled("wait_for_response", 2).ask("stuck_in_call").state is State.FAILS
    assert sampled("do_epoll_wait", 3).ask("stuck_in_call").state is State.FAILS
    assert sampled("wait_for_response", 3, "S").ask("stuck_in_call").state is State.UNKNOWN


@pytest.mark.parametrize(("there", "state"), [("0m0.006s", State.HOLDS), ("0m38.1s", State.FAILS)])
def test_a_command_that_is_slow_on_one_worker_only(there, state):
    def timed(world: World, worker: str, real: str) -> World:
        return world.typed(worker, worker, [("$ time stat /home/a.php > /dev/null", 0), (f"real\t{real}", 0)])

    world = timed(timed(World(), "w1", "0m41.208s"), "w2", there)
    assert world.ask("other_worker_is_fast").state is state
    assert timed(World(), "w1", "0m41.208s").ask("other_worker_is_fast").state is State.UNKNOWN


def crash(world: World, number: int, frame: str, *, sent: bool = False, site: str = "a", seconds: float = 60) -> World:
    return world.fact(
        Kind.HS_ERR, seconds, name=f"hs{number}", site=site, instance=f"w{number}", pid=number, signal="SIGSEGV",
        frame=f"C  [{frame}]", frame_line=9, pc="0x7f00", sent_by_kill=sent,
    )  # fmt: skip


def test_crashes_at_one_offset_of_one_library_are_one_defect():
    world = crash(crash(World(), 1, "libimg.so+0x41c6e"), 2, "libimg.so+0x41C6E")
    result = world.ask("repeat_same_frame")
    assert result.state is State.HOLDS
    assert result.values["frame"] == "libimg.so+0x41c6e"
    assert {cite.place.line for cite in result.cites} == {9}
    assert crash(crash(World(), 1, "a.so+0x1"), 2, "b.so+0x2").ask("repeat_same_frame").state is State.FAILS
    assert World().ask("repeat_same_frame").state is State.UNKNOWN


def test_crashes_by_a_sent_signal_in_different_apps_and_frames_stand_out():
    world = crash(crash(World(), 1, "a.so+0x1", sent=True), 2, "b.so+0x2", sent=True, site="b")
    assert world.ask("frames_differ_across_apps").state is State.HOLDS
    one_app = crash(crash(World(), 1, "a.so+0x1", sent=True), 2, "b.so+0x2", sent=True)
    assert one_app.ask("frames_differ_across_apps").state is State.UNKNOWN
    same = crash(crash(World(), 1, "a.so+0x1", sent=True), 2, "a.so+0x1", sent=True, site="b")
    assert same.ask("frames_differ_across_apps").state is State.FAILS
    assert crash(World(), 1, "a.so+0x1").ask("frames_differ_across_apps").state is State.UNKNOWN


def test_a_release_that_changed_between_samples_is_told():
    def uname(*releases: str) -> World:
        lines = [line for n, told in enumerate(releases) for line in (("$ uname -r", 60.0 * n), (told, 60.0 * n))]
        return World().typed("s", "w1", lines)

    assert uname("5.15.0-1", "6.6.57.1-7.azl3").ask("release_changed").values["after"] == "6.6.57.1-7.azl3"
    assert uname("5.15.0-1", "5.15.0-1").ask("release_changed").state is State.FAILS
    assert World().ask("release_changed").state is State.UNKNOWN


def test_health_records_of_the_platform_are_heard_at_the_time_only():
    def told(seconds: float, state: str = "Unavailable") -> World:
        return World().fact(
            Kind.RESOURCE_HEALTH, seconds, text="Unavailable (Unplanned): host failure", state=state, tracking_id="T-1"
        )

    assert told(0).ask("health_says", regex="Unplanned").values["tracking_id"] == "T-1"
    assert told(0).ask("health_says", regex="planned maintenance").state is State.FAILS
    assert told(-7200).ask("health_says", regex="Unplanned").state is State.FAILS
    assert told(0, "Available").ask("health_says", regex="Unplanned").state is State.FAILS
    assert World().ask("health_says", regex="Unplanned").state is State.UNKNOWN


def test_requests_that_move_to_a_new_worker_are_told():
    moved = World().row(200, 5, 0, "w1").row(200, 5, 240, "w2")
    assert moved.ask("workers_changed").values == {"before": "w1", "after": "w2"}
    assert World().row(200, 5, 0, "w1").row(200, 5, 0, "w2").ask("workers_changed").state is State.FAILS
    assert World().row(200, 5, 0, "w1").ask("workers_changed").state is State.UNKNOWN
