"""Each correlator: yes, no, and cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from escalate.formats.record import Record
from escalate.model.artifact import Artifact
from escalate.model.base import ArtifactId, CollectorId
from escalate.model.finding import Precision
from escalate.model.incident import Incident, TargetFacts, Window
from escalate.model.kind import Kind
from escalate.triage.correlators import correlators
from escalate.triage.facts import Facts
from escalate.triage.http_summary import HttpSummary
from escalate.triage.index import LIFECYCLE, Index
from escalate.triage.place import Hit, HitList, place_of
from escalate.triage.result import State
from escalate.triage.rhythm import Rhythm
from escalate.triage.template import as_pattern

T0 = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
INCIDENT = Incident(
    window=Window(start=T0, end=T0 + timedelta(minutes=10)),
    target=TargetFacts(os="linux", sku="S1", sibling_apps=("a", "b")),
)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def artifact(kind: Kind, name: str = "f", site: str | None = None) -> Artifact:
    return Artifact(
        id=ArtifactId(name), path=f"x/{name}", kind=kind, size=1, sha256="0" * 64, media_type="text/plain",
        collector=CollectorId("path"), origin=name, site=site,
    )  # fmt: skip


class World:
    """An index made by hand."""

    def __init__(self, incident: Incident = INCIDENT) -> None:
        self.incident = incident
        self.facts = Facts()
        self.http = HttpSummary(incident.window)
        self.watches: dict[str, HitList] = {}
        self.artifacts: dict[str, Artifact] = {}
        self.rhythm = Rhythm(incident.window)
        self.line = 0

    def record(self, text: str = "", seconds: float | None = 0, **rest) -> Record:
        self.line += 1
        ts = None if seconds is None else at(seconds)
        return Record(line=self.line, text=text, ts=ts, precision=Precision.SECOND, **rest)

    def fact(
        self, kind: Kind, seconds: float | None = 0, name: str = "f", site=None, instance=None, pid=None, **fields
    ):
        owner = self.artifacts.setdefault(name, artifact(kind, name, site))
        text = str(fields.pop("text", ""))
        self.facts.see(owner, self.record(text, seconds, instance=instance, pid=pid, fields=fields))
        return self

    def row(self, status: int, taken: int, seconds: float, instance: str | None = None):
        owner = self.artifacts.setdefault("http", artifact(Kind.LOG_TABLE, "http"))
        fields = {"ScStatus": str(status), "TimeTaken": str(taken)}
        self.http.see(owner, self.record("", seconds, instance=instance, fields=fields))
        return self

    def seen(self, template: str, seconds: float, groups: Mapping[str, str] | None = None, instance=None, name="log"):
        owner = self.artifacts.setdefault(name, artifact(Kind.CONTAINER_LOG, name))
        kept = self.watches.setdefault(as_pattern(template), HitList(self.incident.window, 100, 100))
        kept.add(Hit(place_of(owner, self.record("seen", seconds, instance=instance)), groups or {}))
        return self

    def named(self, kind: Kind, name: str, value: float, *, seconds: float = 60, site: str | None = None):
        """A named value of a /proc file, of the only process of an app."""
        owner = self.artifacts.setdefault(f"{name}-{site}-{seconds}", artifact(kind, f"{name}-{site}-{seconds}", site))
        fields = {"name": name, "value": value}
        owner = owner.model_copy(update={"path": f"proc/{seconds}/{kind.value}"})
        self.facts.see(owner, self.record("", seconds, instance="w1", fields=fields))
        return self

    def said(self, template: str, words: str):
        """A match of a pattern in a line with these words."""
        owner = self.artifacts.setdefault("log", artifact(Kind.TEXT, "log"))
        kept = self.watches.setdefault(as_pattern(template), HitList(self.incident.window, 100, 100))
        kept.add(Hit(place_of(owner, self.record(words, 60)), {}))
        return self

    def log(self, name: str, instance: str, moments: Iterable[float], site: str | None = None):
        """A log that one process of a worker writes, a record a moment; of an app of its own unless told."""
        owner = self.artifacts.setdefault(name, artifact(Kind.CONTAINER_LOG, name, site or name))
        for seconds in moments:
            self.rhythm.see(owner, self.record("tick", seconds, instance=instance))
        self.rhythm.close(owner)
        return self

    def typed(self, name: str, instance: str, lines: Iterable[tuple[str, float]]):
        """A terminal: lines that begin with `$ ` are commands, what follows is their output."""
        command = None
        for text, seconds in lines:
            is_prompt = text.startswith("$ ")
            command = text[2:] if is_prompt else command
            self.fact(
                Kind.SHELL_TRANSCRIPT, seconds, name=name, instance=instance, text=text, command=command,
                is_prompt=is_prompt,
            )  # fmt: skip
        return self

    def ask(self, correlator: str, hit: Hit | None = None, **args):
        index = Index(
            incident=self.incident,
            artifacts=tuple(self.artifacts.values()),
            facts=self.facts,
            http=self.http,
            rule_hits={},
            watches=self.watches,
            coverage=(),
            rhythm=self.rhythm,
        )
        return correlators()[correlator].evaluate(hit, args, index)


def hit(seconds: float | None = 60, kind: Kind = Kind.CONTAINER_LOG, site=None, instance=None, **groups: str) -> Hit:
    record = Record(
        line=1, text="hit", ts=None if seconds is None else at(seconds), precision=Precision.SECOND, instance=instance,
        site=site,
    )  # fmt: skip
    return Hit(place_of(artifact(kind, "hit"), record), groups)


BEFORE = r"TIMEOUT \(pid:{pid}\)"


@pytest.mark.parametrize(
    ("seconds", "pid", "instance", "state"),
    [
        (59, "5", "w1", State.HOLDS),
        (60, "5", None, State.HOLDS),
        (50, "5", "w1", State.FAILS),
        (59, "6", "w1", State.FAILS),
        (59, "5", "w2", State.FAILS),
        (65, "5", "w1", State.FAILS),
    ],
)
def test_preceded_by_joins_on_time_process_and_instance(seconds, pid, instance, state):
    world = World().seen(BEFORE, seconds, {"pid": pid}, instance)
    assert world.ask("preceded_by", hit(60, instance="w1", pid="5"), regex=BEFORE, within_s=3).state is state


def test_preceded_by_cannot_tell_without_a_time():
    assert World().ask("preceded_by", hit(None), regex=BEFORE).state is State.UNKNOWN


def test_text_seen_minds_distance_and_artifact():
    world = World().seen("other", 100)
    assert world.ask("text_seen", hit(60), regex="other").state is State.HOLDS
    assert world.ask("text_seen", hit(60), regex="other", within_s=10).state is State.FAILS
    assert world.ask("text_seen", hit(60), regex="other", same_artifact=True).state is State.FAILS


def pressure(world: World, seconds: float, avg10: float) -> World:
    return world.fact(Kind.PROC_PRESSURE, seconds, resource="memory", share="some", avg10=avg10)


def test_memory_pressure_holds_fails_and_stays_unknown_by_the_samples_at_the_moment():
    assert pressure(World(), 62, 72.0).ask("memory_pressure_at", hit(60)).state is State.HOLDS
    calm = pressure(World(), 62, 0.1).ask("memory_pressure_at", hit(60))
    assert calm.state is State.FAILS
    assert calm.cites
    assert pressure(World(), 300, 72.0).ask("memory_pressure_at", hit(60)).state is State.UNKNOWN
    assert World().ask("memory_pressure_at").state is State.UNKNOWN


@pytest.mark.parametrize(("available", "state"), [(50, State.HOLDS), (400, State.FAILS)])
def test_little_available_memory_is_pressure_too(available, state):
    world = World()
    owner = artifact(Kind.PROC_MEMINFO, "m")
    for name, value in (("MemTotal", 1000), ("MemAvailable", available)):
        world.facts.see(owner, world.record(name, 60, fields={"name": name, "value": value}))
    assert world.ask("memory_pressure_at", hit(60)).state is state


@pytest.mark.parametrize(
    ("stamp", "state"),
    [
        ("01/05/2026 09:20:00", State.HOLDS),
        ("01/05/2026 10:01:00", State.FAILS),
        (None, State.UNKNOWN),
        ("soon", State.UNKNOWN),
    ],
)
def test_sticky_field_compares_the_error_time_with_the_window(stamp, state):
    asked = hit(60, error_ts=stamp) if stamp else hit(60)
    assert World().ask("sticky_field", asked, group="error_ts").state is state


def test_near_limit_names_the_fullest_counter():
    world = World().fact(Kind.COUNTERS, 60, "a", "a", threads=500, threadLimit=512, connections=4, connectionLimit=300)
    found = world.ask("near_limit")
    assert found.state is State.HOLDS
    assert found.values["counter"] == "threads"
    assert found.cites[0].place.pointer == "/threads"
    assert world.ask("near_limit", counter="connections").state is State.FAILS
    assert World().ask("near_limit").state is State.UNKNOWN
    many = World().fact(Kind.COUNTERS, 60, "p", "a", processes=31, processLimit=32)
    assert many.ask("near_limit").state is State.HOLDS


def test_sibling_share_names_the_holder_and_needs_all_apps_to_deny():
    world = World().fact(Kind.COUNTERS, 60, "a", "a", connections=9, connectionLimit=1920)
    assert world.ask("sibling_share", hit(60, site="a")).state is State.UNKNOWN
    world.fact(Kind.COUNTERS, 60, "b", "b", connections=1800, connectionLimit=1920)
    found = world.ask("sibling_share", hit(60, site="a"))
    assert found.state is State.HOLDS
    assert found.values["holder"] == "b"
    calm = World().fact(Kind.COUNTERS, 60, "a", "a", connections=9, connectionLimit=1920)
    calm.fact(Kind.COUNTERS, 60, "b", "b", connections=30, connectionLimit=1920)
    assert calm.ask("sibling_share", hit(60, site="a")).state is State.FAILS


def test_sibling_share_reads_the_detector_in_any_case_of_its_columns():
    row = {"_detector": "TcpConnections", "SiteName": "b", "Count": "1,900"}
    assert World().fact(Kind.DETECTOR, 60, **row).ask("sibling_share", hit(60, site="a")).state is State.HOLDS


@pytest.mark.parametrize(
    ("operation", "minutes", "state"),
    [
        ("Microsoft.Web/sites/restart/action", -5, State.HOLDS),
        ("Microsoft.Web/sites/slots/slotsswap/Action", -1, State.HOLDS),
        ("Microsoft.Web/serverfarms/write", -9, State.HOLDS),
        ("Microsoft.Web/sites/config/write", 0, State.HOLDS),
        ("Microsoft.Web/sites/restart/action", -15, State.FAILS),
        ("Microsoft.Web/sites/restart/action", 5, State.FAILS),
        ("Microsoft.Web/sites/config/list/action", -2, State.FAILS),
    ],
)
def test_customer_action_near_counts_changes_shortly_before(operation, minutes, state):
    world = World().fact(Kind.ACTIVITY_LOG, 60 * minutes, operation=operation)
    assert world.ask("customer_action_near", hit(0)).state is state


def test_customer_action_near_cannot_tell_without_an_activity_log():
    assert World().ask("customer_action_near", hit(0)).state is State.UNKNOWN


def test_one_instance_only_compares_loaded_workers():
    world = World()
    for n in range(20):
        world.row(500 if n < 10 else 200, 5, n, "w1").row(200, 5, n, "w2")
    found = world.ask("one_instance_only")
    assert found.state is State.HOLDS
    assert found.values["worker"] == "w1"
    for n in range(20):
        world.row(500, 5, n, "w2")
    assert world.ask("one_instance_only").state is State.FAILS
    assert World().row(500, 5, 1, "w1").ask("one_instance_only").state is State.UNKNOWN


def test_an_idle_second_worker_is_no_comparison():
    world = World().row(200, 5, 1, "w2")
    for n in range(20):
        world.row(500, 5, n, "w1")
    assert world.ask("one_instance_only").state is State.FAILS


@pytest.mark.parametrize(("failed", "state"), [("3", State.HOLDS), ("0", State.FAILS)])
def test_detector_value_reads_text_cells(failed, state):
    world = World().fact(Kind.DETECTOR, 60, _detector="snatportexhaustion", Failed=failed)
    assert world.ask("detector_value", detector="snat", column="failed", min=1).state is state
    assert world.ask("detector_value", detector="snat", column="used", min=1).state is State.UNKNOWN


def test_outside_window_widens_by_two_minutes_and_spares_snapshots():
    assert World().ask("outside_window", hit(-110)).state is State.FAILS
    assert World().ask("outside_window", hit(-130)).state is State.HOLDS
    assert World().ask("outside_window", hit(7200, Kind.THREAD_DUMP)).state is State.FAILS
    assert World().ask("outside_window", hit(None)).state is State.UNKNOWN
    assert World(Incident()).ask("outside_window", hit(60)).state is State.UNKNOWN


def test_http_slow_wants_the_idle_limit_and_not_any_slow_request():
    assert World().row(504, 240_011, 60).ask("http_slow").state is State.HOLDS
    assert World().row(504, 60_000, 60).ask("http_slow").state is State.FAILS
    assert World().row(200, 240_011, 60).ask("http_slow").state is State.FAILS
    assert World().ask("http_slow").state is State.UNKNOWN


def test_http_errors_names_the_worker_only_when_there_is_one():
    one = World().row(502, 5, 60, "w1")
    assert one.ask("http_errors", statuses=[502]).values["worker"] == "w1"
    two = one.row(502, 5, 60, "w2")
    assert "worker" not in two.ask("http_errors", statuses=[502]).values
    assert two.ask("http_errors", statuses=[500]).state is State.FAILS


def transcript(*lines: tuple[str, str, bool]) -> World:
    world = World()
    for text, command, prompt in lines:
        world.fact(Kind.SHELL_TRANSCRIPT, 60, "hit", text=text, command=command, is_prompt=prompt)
    return world


def test_command_output_gives_named_groups():
    world = transcript(("$ uname -r", "uname -r", True), ("5.4.0-1059-azure", "uname -r", False))
    found = world.ask("command_output", command="uname", output=r"(?P<uname>\d+\.\d+\S*)")
    assert found.values == {"uname": "5.4.0-1059-azure"}
    assert len(found.cites) == 2
    assert World().ask("command_output", command="uname", output="x").state is State.UNKNOWN


HASH = "9f1c00000000000000000000000000000000000000000000000000000000aa10"


def test_works_otherwise_needs_two_reads_of_one_file():
    shell = hit(60, Kind.SHELL_TRANSCRIPT)
    one, two = (f"{HASH}  /mnt/p.jpg", "", False), (f"{HASH}  /tmp/p.jpg", "", False)
    assert transcript(one, two).ask("works_otherwise", shell).state is State.HOLDS
    assert transcript(one).ask("works_otherwise", shell).state is State.UNKNOWN
    spoiled = (f"{HASH[:-1]}1  /tmp/p.jpg", "", False)
    assert transcript(one, spoiled).ask("works_otherwise", shell).state is State.FAILS


def test_a_write_in_a_transcript_speaks_for_or_against_the_mount():
    worked = transcript(("$ touch /mnt/x && echo write-ok", "touch", True), ("write-ok", "touch", False))
    assert worked.ask("mount_write_fails").state is State.FAILS
    refused = transcript(
        ("$ touch /mnt/x", "touch", True), ("touch: cannot touch '/mnt/x': Permission denied", "", False)
    )
    assert refused.ask("mount_write_fails").state is State.HOLDS
    assert World().ask("mount_write_fails").state is State.UNKNOWN


def test_deadlock_names_threads_and_locks():
    world = World().fact(Kind.THREAD_DUMP, 60, thread="a", state="BLOCKED", waiting_to_lock="0x1", locked="0x2")
    assert world.ask("deadlock").state is State.FAILS
    world.fact(Kind.THREAD_DUMP, 60, thread="b", state="BLOCKED", waiting_to_lock="0x2", locked="0x1")
    world.fact(Kind.THREAD_DUMP, 60, deadlock=1, threads="a, b")
    found = world.ask("deadlock")
    assert found.state is State.HOLDS
    assert "a waits for 0x1 and holds 0x2" in found.sentence
    assert World().ask("deadlock").state is State.UNKNOWN


def test_lock_convoy_counts_blocked_threads_of_one_dump_and_names_the_owner():
    world = World().fact(Kind.THREAD_DUMP, 60, thread="owner", state="RUNNABLE", locked="0x9")
    for n in range(5):
        world.fact(Kind.THREAD_DUMP, 60, thread=f"t{n}", state="BLOCKED (on object monitor)", waiting_to_lock="0x9")
    found = world.ask("lock_convoy", min_threads=5)
    assert found.state is State.HOLDS
    assert "held by owner" in found.sentence
    assert world.ask("lock_convoy", min_threads=6).state is State.FAILS
    assert World().ask("lock_convoy").state is State.UNKNOWN


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ((100, 130, 160), State.HOLDS),
        ((100, 130, 120), State.FAILS),
        ((100, 101, 102), State.FAILS),
        ((100, 200), State.UNKNOWN),
    ],
)
def test_growth_wants_every_sample_to_rise(values, state):
    world = World()
    for n, value in enumerate(values):
        owner = artifact(Kind.PROC_STATUS, f"s{n}")
        fields = {"name": "Threads", "value": value}
        world.facts.see(owner, world.record("Threads", n, pid=7, fields=fields))
    assert world.ask("growth", name="Threads", min_samples=3, min_growth=20, min_pct=10).state is state


@pytest.mark.parametrize(("steal", "state"), [(40, State.HOLDS), (1, State.FAILS)])
def test_steal_share_needs_several_intervals(steal, state):
    world = World()
    columns = ("user", "nice", "system", "idle", "iowait", "irq", "softirq")
    for n in range(5):
        owner = artifact(Kind.PROC_STAT, f"s{n}")
        fields = {"name": "cpu", **dict.fromkeys(columns, 10 * n), "steal": steal * n}
        world.facts.see(owner, world.record("cpu", n * 10, fields=fields))
    assert world.ask("steal_share").state is state
    assert world.ask("steal_share", min_intervals=9).state is State.UNKNOWN


@pytest.mark.parametrize(("last", "state"), [(615703, State.HOLDS), (223250, State.FAILS)])
def test_vmstat_rise_compares_first_and_last(last, state):
    world = World()
    for n, value in enumerate((223248, last)):
        owner = artifact(Kind.PROC_VMSTAT, f"v{n}")
        world.facts.see(owner, world.record("pswpout", n, fields={"name": "pswpout", "value": value}))
    assert world.ask("vmstat_rise", min=1000).state is state


def test_survives_restart_wants_errors_on_both_sides():
    world = World().row(500, 5, 0, "w1").seen(LIFECYCLE, 120, instance="w1")
    assert world.ask("survives_restart", hit(60, instance="w1")).state is State.FAILS
    world.row(500, 5, 400, "w1")
    assert world.ask("survives_restart", hit(60, instance="w1")).state is State.HOLDS
    assert World().row(500, 5, 0, "w1").ask("survives_restart", hit(60, instance="w1")).state is State.UNKNOWN
