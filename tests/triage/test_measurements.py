"""Correlators that count and compare: sums, rates, shares, captures and stacks."""

from __future__ import annotations

import pytest

from escalate.model.kind import Kind
from escalate.triage.correlators.spin_test import SPIN
from escalate.triage.result import State
from tests.triage.test_correlators import World

GB = 2**30


def metric(world: World, name: str, value: float, instance: str, seconds: float) -> World:
    return world.fact(
        Kind.METRICS, seconds, name="m", instance=instance, metric=name, aggregation="average", value=value
    )


def cpu_world(level: float, rate: float, sites: tuple[str, ...] = ("a", "b")) -> World:
    world = World()
    for minute in range(5):
        metric(metric(world, "CpuPercentage", level, "w1", 60 * minute), "CpuPercentage", 12, "w2", 60 * minute)
        for number, site in enumerate(sites):
            world.fact(
                Kind.KUDU_PROCESS, 60 * minute, name=site, site=site, instance="w1", pid=number + 1,
                total_cpu_time=100 + 60 * minute * rate,
            )  # fmt: skip
    return world


def test_a_busy_processor_that_the_apps_do_not_explain_is_somebody_else_s():
    result = cpu_world(88, 0.02).ask("sum_of_processes_vs_metric", resource="cpu", min_level=70, max_share=0.3)
    assert result.state is State.HOLDS
    assert result.values["worker"] == "w1"
    assert cpu_world(88, 0.4).ask("sum_of_processes_vs_metric", resource="cpu", min_level=70).state is State.FAILS


@pytest.mark.parametrize("world", [cpu_world(88, 0.02, ("a",)), cpu_world(20, 0.02), World()])
def test_a_sum_that_lacks_an_app_or_a_high_value_tells_nothing(world):
    asked = world.ask("sum_of_processes_vs_metric", resource="cpu", min_level=70, max_share=0.3)
    assert asked.state is State.UNKNOWN


def test_resident_memory_of_all_apps_is_set_against_the_stalls_of_the_worker():
    def world(each: int) -> World:
        made = World().fact(Kind.PROC_PRESSURE, 60, name="p", resource="memory", share="some", avg10=72.0)
        made.named(Kind.PROC_MEMINFO, "MemTotal", 8 * GB)
        for site in ("a", "b"):
            made.named(Kind.PROC_STATUS, "VmRSS", each, site=site)
        return made

    args = {"resource": "memory", "source": "pressure", "min_level": 40, "max_share": 0.5}
    assert world(1 * GB).ask("sum_of_processes_vs_metric", **args).state is State.HOLDS
    assert world(3 * GB).ask("sum_of_processes_vs_metric", **args).state is State.FAILS


def test_one_worker_far_above_the_others_is_told_from_a_busy_plan():
    assert cpu_world(88, 0.02).ask("other_worker_lower", resource="cpu").values["worker"] == "w1"
    assert cpu_world(14, 0.02).ask("other_worker_lower", resource="cpu").state is State.FAILS
    assert World().ask("other_worker_lower", resource="cpu").state is State.UNKNOWN


@pytest.mark.parametrize(("last", "state"), [(9_000_000, State.HOLDS), (1_100_000, State.FAILS)])
def test_a_counter_is_measured_against_the_time_that_went_by(last, state):
    world = World().named(Kind.PROC_OTHER, "throttled_usec", 1_000_000, seconds=0)
    world.named(Kind.PROC_OTHER, "throttled_usec", last, seconds=60)
    assert world.ask("delta_per_second", name="throttled_usec", min_share=0.1, unit_s=1e-6).state is state
    assert World().ask("delta_per_second", name="throttled_usec").state is State.UNKNOWN


@pytest.mark.parametrize(("written", "state"), [(1000, State.HOLDS), (10**9, State.FAILS)])
def test_io_stalls_count_against_the_platform_only_if_we_write_little(written, state):
    world = World().fact(Kind.PROC_PRESSURE, 30, name="p", resource="io", share="full", avg10=60.0)
    assert world.ask("io_stall").state is State.UNKNOWN
    world.named(Kind.PROC_OTHER, "write_bytes", 0, seconds=0).named(Kind.PROC_OTHER, "write_bytes", written, seconds=60)
    assert world.ask("io_stall").state is state
    assert World().ask("io_stall").state is State.UNKNOWN


def starved(cpu: float, state: str) -> World:
    world = World()
    for minute in range(6):
        world.fact(Kind.KUDU_PROCESS, 60 * minute, instance="w1", pid=7, total_cpu_time=10 + minute * cpu)
        world.fact(Kind.KUDU_THREAD, 60 * minute, name="t", pid=7, state=state)
    return world


def test_a_ready_thread_without_processor_is_starved_a_waiting_or_working_one_is_not():
    assert starved(2, "Ready").ask("cpu_vs_wall", min_s=300).values["pid"] == "7"
    assert starved(2, "Wait").ask("cpu_vs_wall", min_s=300).state is State.FAILS
    assert starved(58, "Ready").ask("cpu_vs_wall", min_s=300).state is State.FAILS
    assert World().ask("cpu_vs_wall").state is State.UNKNOWN


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("wall 1200.4 s, process cpu 42.1 s (elsewhere wall 61.0 s, cpu 60.7 s)", State.HOLDS),
        (r"thread\r\nwall 1200.4 s, process cpu 42.1 s", State.UNKNOWN),
        ("wall 61.0 s, cpu 60.7 s", State.FAILS),
    ],
)
def test_a_spin_test_needs_a_run_elsewhere(words, state):
    world = World().said(SPIN, words)
    assert world.ask("spin_test").state is state
    assert World().ask("spin_test").state is State.UNKNOWN


def test_time_inside_the_system_is_measured_between_samples():
    def world(inner: float) -> World:
        made = World()
        for minute in range(5):
            made.fact(
                Kind.KUDU_PROCESS, 60 * minute, pid=7, total_cpu_time=40 * minute, privileged_cpu_time=inner * minute
            )
        return made

    assert world(30).ask("kernel_share").values["share"] == "75 %"
    assert world(10).ask("kernel_share").state is State.FAILS
    assert World().ask("kernel_share").state is State.UNKNOWN


def test_handles_that_only_rise_are_a_leak():
    def world(*handles: int) -> World:
        made = World()
        for number, count in enumerate(handles):
            made.fact(Kind.KUDU_PROCESS, 60 * number, pid=7, handle_count=count)
        return made

    args = {"field": "handle_count", "min_samples": 3, "min_last": 10_000, "min_growth": 500}
    assert world(9000, 10_000, 12_000).ask("process_growth", **args).values["growth"] == "3000"
    assert world(12_000, 9000, 12_500).ask("process_growth", **args).state is State.FAILS
    assert world(9000).ask("process_growth", **args).state is State.UNKNOWN


def dns(world: World, server: str, queries: int, answered: int, name: str = "c", instance: str = "w1") -> World:
    return world.fact(
        Kind.PCAP, 60, name=name, instance=instance, what="dns", server=server, queries=queries, answered=answered
    )


def test_a_name_server_is_silent_if_another_one_or_another_worker_gets_answers():
    asked = {"server": "168.63.129.16", "need_control": True}
    beside = dns(dns(World(), "168.63.129.16", 40, 0), "10.0.0.4", 9, 9)
    assert beside.ask("dns_silent", **asked).values["silent"] == "40"
    elsewhere = dns(dns(World(), "168.63.129.16", 40, 0), "168.63.129.16", 9, 9, "d", "w2")
    assert elsewhere.ask("dns_silent", **asked).state is State.HOLDS
    assert dns(World(), "168.63.129.16", 40, 0).ask("dns_silent", **asked).state is State.UNKNOWN
    assert dns(World(), "168.63.129.16", 40, 40).ask("dns_silent", **asked).state is State.FAILS
    assert World().ask("dns_silent", **asked).state is State.UNKNOWN


def peer(world: World, address: str, **fields: float) -> World:
    known = {"calls": 3, "opened": 3, "unanswered": 0, "resets": 0, "idle_s": 0.0, "stuck": 0}
    return world.fact(Kind.PCAP, 60, name="c", instance="w1", what="tcp", peer=address, port=443, **{**known, **fields})


def test_a_peer_that_never_answers_stands_out_among_those_that_do():
    silent = peer(World(), "10.0.0.9", opened=0, unanswered=3)
    assert silent.ask("syn_unanswered").state is State.UNKNOWN
    assert peer(silent, "10.0.0.8").ask("syn_unanswered").values["peer"] == "10.0.0.9:443"
    assert peer(World(), "10.0.0.8").ask("syn_unanswered").state is State.FAILS


def test_resets_after_silence_and_large_packets_without_answer_are_told():
    assert peer(World(), "10.0.0.8", resets=1, idle_s=245.0).ask("reset_after_idle").values["idle"] == "245"
    assert peer(World(), "10.0.0.8", resets=1, idle_s=2.0).ask("reset_after_idle").state is State.FAILS
    assert World().ask("reset_after_idle").state is State.UNKNOWN
    assert peer(World(), "10.0.0.8", stuck=2).ask("large_packets_lost").state is State.HOLDS
    assert peer(World(), "10.0.0.8", stuck=1).ask("large_packets_lost").state is State.UNKNOWN
    assert peer(World(), "10.0.0.8").ask("large_packets_lost").state is State.FAILS
    assert World().ask("large_packets_lost").state is State.UNKNOWN


@pytest.mark.parametrize(("failed", "state"), [(0, State.HOLDS), (4, State.FAILS)])
def test_ports_are_free_where_the_detector_says_so(failed, state):
    world = World().fact(Kind.DETECTOR, 60, _detector="snatportexhaustion", Failed=failed)
    assert world.ask("ports_are_free").state is state
    assert World().ask("ports_are_free").state is State.UNKNOWN


def test_one_destination_is_a_peer_several_are_the_way_there():
    regex = r"ETIMEDOUT (?P<peer>\S+)"
    one = World().seen(regex, 10, {"peer": "10.0.0.1:443"})
    assert one.ask("several_peers", regex=regex).state is State.FAILS
    assert one.seen(regex, 20, {"peer": "10.0.0.2:443"}).ask("several_peers", regex=regex).state is State.HOLDS
    assert World().ask("several_peers", regex=regex).state is State.UNKNOWN


def stacks(*tops: str, dumps: int = 1) -> World:
    world = World()
    for number in range(dumps):
        for thread, top in enumerate(tops):
            world.fact(Kind.STACKS, 10 * number, name=f"d{number}", thread=f"t{thread}", frames=f"{top}\nmain", top=top)
    return world


def test_threads_are_counted_by_where_they_stand():
    busy = stacks(*["ntdll!NtReadFile"] * 4, "app!work", dumps=3)
    asked = {"frames": "NtReadFile", "min_share": 0.5, "min_dumps": 3}
    assert busy.ask("threads_in_frame", **asked).values["share"] == "80 %"
    assert stacks(*["app!work"] * 5, dumps=3).ask("threads_in_frame", **asked).state is State.FAILS
    assert stacks(*["ntdll!NtReadFile"] * 5).ask("threads_in_frame", **asked).state is State.UNKNOWN


def test_a_thread_that_reads_in_three_dumps_is_stuck():
    assert stacks("java.net.socketRead0", dumps=3).ask("stuck_thread", frames="socketRead0").values["dumps"] == "3"
    assert stacks("java.lang.Object.wait", dumps=3).ask("stuck_thread", frames="socketRead0").state is State.FAILS
    assert stacks("java.net.socketRead0").ask("stuck_thread", frames="socketRead0").state is State.UNKNOWN
