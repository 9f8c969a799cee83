"""The worlds of the lab: true formats, one start time for all, and the verdict that the evidence deserves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from escalate import workflow
from escalate.bundle.verify import verify
from escalate.case.store import Case
from escalate.collect.plan import Wishes
from escalate.errors import UsageError
from escalate.formats.registry import format_of
from escalate.formats.sniff import sniff
from escalate.lab.arm.metric_names import PLAN, SITE
from escalate.lab.faults import FAULTS
from escalate.lab.world import World
from escalate.lab.worlds import WORLDS
from escalate.model.finding import FindingsDocument
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.plan import Budget
from escalate.model.target import PathTarget
from tests.lab.evidence import incident_of, write_evidence

START = datetime(2026, 11, 23, 16, 5, 17, tzinfo=UTC)
WISHES = Wishes(budget=Budget(max_bytes=1_000_000_000, max_seconds=600))

REQUIRED = {
    "healthy",
    "deadlock-windows",
    "java-heap-leak",
    "worker-panic",
    "storage-failover",
    "snat-one-instance",
    "host-memory-pressure",
    "wsaeacces-sibling",
    "crash-loop",
    "scm-private",
    "python-hang",
    "node-event-loop",
}

NOT_YET: dict[str, str] = {}
"""Worlds whose answer triage does not find yet, and what is missing; each must fail until that is there."""

Opened = Callable[[World], Case]


@pytest.fixture(params=sorted(WORLDS))
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """A case over the evidence of a world."""

    def work(world: World) -> Case:
        write_evidence(world, tmp_path / "in", START)
        target = PathTarget(path=str(tmp_path / "in"))
        case, _ = workflow.open_case(tmp_path / "case", tmp_path, target, incident_of(world, START))
        return case

    return work


def triaged(case: Case) -> FindingsDocument:
    workflow.plan(case, WISHES, QuietObserver())
    for stage in ("collect", "triage"):
        workflow.run_stage(case, stage, QuietObserver())
    return case.read(FindingsDocument)


def test_all_worlds_are_found_by_the_names_they_call_themselves() -> None:
    assert set(WORLDS) >= REQUIRED
    assert all(WORLDS[name].name == name for name in WORLDS)
    with pytest.raises(UsageError) as refused:
        WORLDS.named("java-heap-leek")
    assert "java-heap-leak" in refused.value.hint


def test_a_world_gets_the_verdict_it_deserves_or_is_known_not_to_yet(world: World, opened: Opened) -> None:
    found = triaged(opened(world))
    verdict = found.verdict
    active = {finding.rule for finding in found.findings if not finding.demoted}
    reached = verdict.answerable_by == world.expected and (
        not world.expected_rules or bool(active & set(world.expected_rules))
    )
    if world.name in NOT_YET:
        assert not reached, f"{world.name} is found now: take it out of NOT_YET"
    else:
        assert reached, (verdict.answerable_by, verdict.why, sorted(active))


def test_where_all_is_well_nothing_is_found(opened: Opened) -> None:
    found = triaged(opened(WORLDS["healthy"]))
    counting = [
        (finding.rule, finding.title)
        for finding in found.findings
        if not finding.demoted and finding.role not in ("context", "noise")
    ]
    assert counting == []
    assert found.verdict.answerable_by == "undetermined"


def test_what_is_out_of_reach_is_named_with_the_way_to_get_it(opened: Opened) -> None:
    found = triaged(opened(WORLDS["scm-private"]))
    assert found.verdict.answerable_by == "undetermined"
    assert len(found.missing_evidence) >= 3
    assert all(row.command for row in found.missing_evidence)


def test_every_file_is_of_the_format_its_place_promises(world: World, tmp_path: Path) -> None:
    write_evidence(world, tmp_path, START)
    kinds: Counter[Kind] = Counter()
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        name = PurePosixPath(path.relative_to(tmp_path))
        kind = sniff(path, name).kind
        kinds[kind] += 1
        assert kind is promised(name) or promised(name) is None, (name, kind)
    assert kinds[Kind.METRICS] == 2
    assert kinds[Kind.DETECTOR] >= 4
    assert kinds[Kind.ACTIVITY_LOG] == kinds[Kind.RESOURCE_HEALTH] == 1
    if "scm-private" in world.faults:
        return
    if world.platform == "windows":
        assert kinds[Kind.W3C_LOG] > 2
        assert kinds[Kind.EVENT_LOG] == 1
        assert kinds[Kind.KUDU_PROCESS] >= 6
        assert kinds[Kind.COUNTERS] >= 3
    else:
        assert kinds[Kind.CONTAINER_LOG] >= len(world.workers)
        assert kinds[Kind.PLATFORM_LOG] >= len(world.workers)


def promised(name: PurePosixPath) -> Kind | None:
    """By the layout of section 4 of the evidence reference."""
    if name.name.endswith("_docker.log"):
        return Kind.CONTAINER_LOG if name.name.endswith("_default_docker.log") else Kind.PLATFORM_LOG
    if "RawLogs" in name.parts:
        return Kind.W3C_LOG
    if name.name.startswith("fr0"):
        return Kind.FAILED_REQUEST
    if "trace" in name.parts and name.suffix == ".xml":
        return Kind.KUDU_TRACE
    if name.name == "eventlog.xml":
        return Kind.EVENT_LOG
    if "queries" in name.parts:
        return Kind.LOG_TABLE
    return None


def test_records_of_the_app_s_logs_have_times_and_reach_into_the_incident(world: World, tmp_path: Path) -> None:
    window = incident_of(world, START).window
    assert window is not None
    home = tmp_path / "home"
    world.write_home(home, START)
    wanted = (Kind.CONTAINER_LOG, Kind.PLATFORM_LOG, Kind.W3C_LOG, Kind.EVENT_LOG)
    inside = 0
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        name = PurePosixPath(path.relative_to(home))
        entry = format_of(sniff(path, name).kind)
        if entry.kind not in wanted or entry.read is None:
            continue
        with path.open("rb") as stream:
            for record in entry.read(stream, name):
                assert record.ts is not None, (name, record.line)
                assert record.ts <= START, (name, record.line)
                inside += window.start <= record.ts <= window.end
    assert inside > 10


def test_there_is_more_on_disk_than_the_incident(world: World, tmp_path: Path) -> None:
    world.write_home(tmp_path, START)
    size = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert size > (100_000 if world.faults else 1_000_000)


def test_a_world_is_the_same_each_time(world: World, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_evidence(world, tmp_path / name, START)
    one, two = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("one", "two")
    )
    assert one == two


def test_logs_of_a_start_after_midnight_lie_in_the_files_of_two_days(tmp_path: Path) -> None:
    world = WORLDS["java-heap-leak"]
    world.write_home(tmp_path, START.replace(hour=0, minute=20))
    names = {path.name for path in (tmp_path / "LogFiles").iterdir()}
    machine = world.workers[0].machine
    assert {f"2026_11_22_{machine}_default_docker.log", f"2026_11_23_{machine}_default_docker.log"} <= names


def test_the_signals_are_plain_json_with_as_many_cells_as_columns(world: World) -> None:
    signals = world.signals(START)
    json.dumps([signals.health, signals.events, signals.activity, signals.detectors, signals.deployments])
    for properties in signals.detectors:
        assert properties["metadata"]["supportTopicList"][0]["pesId"]
        assert properties["status"]["statusId"] in {"Critical", "Warning", "Info", "Success", "None"}
        for dataset in properties["dataset"]:
            width = len(dataset["table"]["columns"])
            assert all(len(row) == width for row in dataset["table"]["rows"])
            assert all(isinstance(cell, str) for row in dataset["table"]["rows"] for cell in row)
    for table in signals.tables:
        assert table.rows
        assert all(len(row) == len(table.columns) for row in table.rows), table.name
    assert {series.machine for series in signals.metrics} >= {worker.machine for worker in world.workers}
    assert all(len(series.values) == 120 for series in signals.metrics)
    for series in signals.metrics:
        known = (PLAN if series.of_plan else SITE)[series.metric.lower()]
        assert (known.name, known.unit) == (series.metric, series.unit)
        assert world.platform == "windows" or not known.windows_only
    assert {series.of_plan for series in signals.metrics} == {True, False}


def test_metrics_and_logs_tell_of_the_same_failures(world: World) -> None:
    signals = world.signals(START)
    counted = sum(sum(series.values) for series in signals.metrics if series.metric == "Http5xx")
    rows = next((table.rows for table in signals.tables if table.name == "AppServiceHTTPLogs"), None)
    assert counted > 0
    if rows is not None:
        failed = sum(1 for row in rows if row[13] >= 500)
        assert counted <= failed <= counted + 60  # the metrics end with the last full minute


def test_a_world_is_made_of_what_the_lab_knows(world: World) -> None:
    assert world.faults <= set(FAULTS)
    assert 0 <= world.sick < len(world.workers)
    ids = [worker.arm_id for worker in world.workers]
    assert len(set(ids)) == len(ids)
    assert all(len(one) == 64 and int(one, 16) >= 0 for one in ids)
    known = {worker.machine for worker in world.workers}
    assert {machine for machine, _ in world.probes} <= known
    assert set(world.proc) <= known
    assert {process["machineName"] for process in world.app.processes} <= known
    assert world.app.connection_strings


def test_the_whole_flow_seals_the_evidence_and_no_invented_secret_gets_through(opened: Opened) -> None:
    world = WORLDS["java-heap-leak"]
    case = opened(world)
    document = workflow.build(case, WISHES, QuietObserver())
    secrets = [password(world).encode(), world.app.settings["PAYMENT_API_KEY"].encode()]
    raw = [path.read_bytes() for path in (case.root / "evidence").rglob("*") if path.is_file()]
    assert any(secret in content for secret in secrets for content in raw)
    assert document.bundles
    for archive in sorted((case.root / "bundle").glob("*.zip")):
        assert verify(archive, known=secrets, observer=QuietObserver()).problems == ()


def test_a_cited_failed_request_trace_is_no_cookie_to_the_verifier(opened: Opened) -> None:
    # The draft joins the lines of an excerpt; behind `Cookie: [R:...]` then stands `ModuleName=AspNetCoreModuleV2`.
    assert workflow.build(opened(WORLDS["deadlock-windows"]), WISHES, QuietObserver()).bundles


def password(world: World) -> str:
    """Of the app's database."""
    [(text, _)] = world.app.connection_strings.values()
    return text.partition("Password=")[2].partition(";")[0]
