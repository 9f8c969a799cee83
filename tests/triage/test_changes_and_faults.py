"""Changes, orders to stop, faults that Azure records, and the names of workers: yes, no, and cannot tell."""

from __future__ import annotations

import pytest

from escalate.formats.record import Record
from escalate.model.finding import Precision
from escalate.model.incident import TargetFacts
from escalate.model.kind import Kind
from escalate.triage.correlators.stop_ordered import ORDER
from escalate.triage.identity import Identity
from escalate.triage.result import State
from escalate.triage.rhythm import Rhythm
from tests.triage.test_correlators import INCIDENT, World, artifact, at, hit

HERE = INCIDENT.model_copy(update={"target": INCIDENT.target.model_copy(update={"region": "westeurope"})})
DNS = "remote name could not be resolved"
ID = "c58c423a0ed86685a6ef87879553378536956707ef5e7ad711e38d38fb3573a9"


def change(world: World, seconds: float, operation: str = "Microsoft.Web/sites/config/write") -> World:
    return world.fact(Kind.ACTIVITY_LOG, seconds, name="activity", operation=operation)


def served(good_until: float, workers: tuple[str, ...] = ("w1",), sick: tuple[str, ...] = ("w1",)) -> World:
    world = World(HERE)
    for second in range(-600, 540, 20):
        for worker in workers:
            fails = second >= good_until and worker in sick
            world.row(503 if fails else 200, 10, second, instance=worker)
    return world


def fault(world: World, seconds: float, services: str | None = "App Service", regions: str | None = "West Europe"):
    return world.fact(
        Kind.SERVICE_HEALTH, seconds, name="health", state="Active", reason="ServiceIssue", tracking_id="8VD9-P88",
        services=services, regions=regions,
    )  # fmt: skip


def test_errors_that_begin_with_a_change_follow_it():
    assert change(served(120), 90).ask("errors_follow_change").values["operation"].endswith("config/write")
    assert change(served(120), 90, "Restart Web App").ask("errors_follow_change").state is State.FAILS
    assert change(served(-500), 90).ask("errors_follow_change").state is State.FAILS
    assert change(served(120, ("w1", "w2")), 90).ask("errors_follow_change").state is State.FAILS
    assert change(World(), 90).ask("errors_follow_change").state is State.UNKNOWN


@pytest.mark.parametrize(
    "operation", ["Microsoft.Web/sites/config/write", "Restart Web App", "Autoscale scale down completed"]
)
def test_a_change_before_the_first_error_is_near_though_the_window_began_long_before(operation):
    assert change(served(500), 480, operation).ask("customer_action_near").state is State.HOLDS


@pytest.mark.parametrize("operation", ["List Web App Publishing Profile", "Microsoft.Web/sites/read"])
def test_reading_is_no_change(operation):
    assert change(served(500), 480, operation).ask("customer_action_near").state is State.FAILS


def test_a_recorded_fault_counts_in_our_region_for_our_service_at_our_time():
    assert fault(World(HERE), -60).ask("fault_confirmed").values["tracking_id"] == "8VD9-P88"
    assert fault(World(HERE), -60, services="Virtual Machines").ask("fault_confirmed").state is State.FAILS
    assert fault(World(HERE), -60, regions="Japan East; Japan West").ask("fault_confirmed").state is State.FAILS
    assert fault(World(HERE), 7200).ask("fault_confirmed").state is State.FAILS
    assert fault(World(HERE), -60, regions=None).ask("fault_confirmed").state is State.UNKNOWN
    assert fault(World(), -60).ask("fault_confirmed").state is State.UNKNOWN
    assert World(HERE).ask("fault_confirmed").state is State.UNKNOWN


def test_errors_lie_within_a_recorded_fault_or_began_before_it():
    assert fault(served(120), 60).ask("errors_within_fault").values["errors_from"] == "10:02 UTC"
    assert fault(served(0), 900).ask("errors_within_fault").state is State.FAILS
    assert fault(World(HERE), 60).ask("errors_within_fault").state is State.UNKNOWN


def test_a_stop_is_ordered_by_the_platform_s_line_or_an_operation():
    assert World().seen(ORDER, 55).ask("stop_ordered", hit(60)).state is State.HOLDS
    assert change(World(), 30).ask("stop_ordered", hit(60)).state is State.HOLDS
    assert change(World(), -900).ask("stop_ordered", hit(60)).state is State.FAILS
    assert World().ask("stop_ordered", hit(60)).state is State.UNKNOWN


def test_the_end_of_a_worker_is_not_ordered_only_where_both_records_are_there():
    def recorded(reason: str, seconds: float = 0) -> World:
        told = World().fact(Kind.RESOURCE_HEALTH, seconds, name="health", state="Available", reason=reason)
        return change(told, -7200)

    assert recorded("").ask("end_not_ordered").state is State.HOLDS
    assert recorded("Planned").ask("end_not_ordered").state is State.FAILS
    assert recorded("Unplanned").ask("end_not_ordered").state is State.HOLDS
    assert change(recorded(""), 60).ask("end_not_ordered").state is State.FAILS
    assert change(World(), -7200).ask("end_not_ordered").state is State.UNKNOWN


def test_a_worker_was_well_when_memory_was_there_or_azure_names_the_failure():
    def memory(available: float) -> World:
        world = World()
        for name, value in (("MemTotal", 100.0), ("MemAvailable", available)):
            owner = world.artifacts.setdefault("m", artifact(Kind.PROC_MEMINFO, "m"))
            world.facts.see(owner, world.record("", 60, fields={"name": name, "value": value}))
        return world

    assert memory(50).ask("worker_was_well").state is State.HOLDS
    assert memory(2).ask("worker_was_well").state is State.FAILS
    assert World().ask("worker_was_well").state is State.UNKNOWN
    told = memory(2).fact(Kind.RESOURCE_HEALTH, 0, name="h", text="Unplanned: host failure", state="Unavailable")
    assert told.ask("worker_was_well").state is State.HOLDS


def test_what_a_restart_ends_followed_the_process():
    restart = "Microsoft.Web/sites/restart/action"
    before = World().seen(DNS, 60).log("log", "w1", range(0, 600, 10))
    assert before.ask("errors_end_with_restart", regex=DNS).state is State.UNKNOWN
    assert change(before, 200, restart).seen(DNS, 400).ask("errors_end_with_restart", regex=DNS).state is State.HOLDS
    silent = change(World().seen(DNS, 60), 200, restart)
    assert silent.ask("errors_end_with_restart", regex=DNS).state is State.UNKNOWN


def test_steal_time_is_compared_within_one_worker_and_with_another():
    def sampled(**steal: int) -> World:
        world = World()
        for n in range(5):
            for worker, part in steal.items():
                owner = artifact(Kind.PROC_STAT, f"{worker}{n}")
                fields = {"name": "cpu", "user": (100 - part) * n, "steal": part * n}
                world.facts.see(owner, world.record("cpu", n * 10, instance=worker, fields=fields))
        return world

    assert sampled(w1=30, w2=0).ask("steal_share", need_other=True).values["worker"] == "w1"
    assert sampled(w1=30).ask("steal_share", need_other=True).state is State.UNKNOWN
    assert sampled(w1=0, w2=0).ask("steal_share", need_other=True).state is State.FAILS


def row(seconds: float, **fields: str) -> Record:
    return Record(
        line=1, text="row", ts=at(seconds), precision=Precision.MILLISECOND, site="a", instance="w1", fields=fields
    )


@pytest.mark.parametrize("order", [1, -1], ids=["oldest first", "newest first"])
def test_a_table_of_what_apps_wrote_has_a_rhythm_in_either_order(order):
    rhythm, table = Rhythm(INCIDENT.window), artifact(Kind.LOG_TABLE, "t")
    for second in (*range(60), *range(70, 120))[::order]:
        rhythm.see(table, row(second, message="tick"))
        rhythm.see(table, row(second, ScStatus="200"))
    rhythm.close(table)
    ((_, pulse),) = rhythm.pulses.items()
    assert (pulse.first.ts, pulse.ended, pulse.records) == (at(0), at(119), 110)
    assert [(one.start, one.end) for one in pulse.silences] == [(at(59), at(70))]


def test_one_instance_id_joins_the_names_of_a_worker():
    identity, table = Identity(), artifact(Kind.LOG_TABLE, "http")
    for _ in range(20):
        identity.see(table, row(1, Cookie=f"ARRAffinity={ID}; session=1"))
    target = TargetFacts(instances=("10-30-0-103",), instance_ids={"10-30-0-103": ID})
    assert identity.names(target, (), ()) == {"w1": "10-30-0-103"}


def test_a_name_that_comes_with_many_instance_ids_is_joined_to_none():
    identity, table = Identity(), artifact(Kind.LOG_TABLE, "http")
    for number in range(20):
        identity.see(table, row(1, Cookie=f"ARRAffinity={number % 2:064x}"))
    target = TargetFacts(instances=("10-30-0-103",), instance_ids={"10-30-0-103": f"{0:064x}"})
    assert identity.names(target, (), ()) == {}
