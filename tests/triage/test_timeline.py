"""The timeline: what each source covers and does not, when it began, when it was last well, and what we did."""

from datetime import UTC, datetime, timedelta

from escalate.case.layout import Room
from escalate.model.artifact import StepRecord
from escalate.model.base import CollectorId, StepId
from escalate.model.finding import Precision
from escalate.model.incident import Incident, TargetFacts, Window
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.outcome import Collected, Failed
from escalate.model.timeline import TimelineDocument
from escalate.triage.place import lane
from escalate.triage.stage import run
from tests.triage.conftest import evidence_of
from tests.triage.test_differential import http, steady

START = datetime(2026, 4, 4, 6, 0, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(minutes=30))
WORKER = "10-30-0-103"
INCIDENT = Incident(window=WINDOW, target=TargetFacts(os="linux", instances=(WORKER,)))
LOG = f"LogFiles/2026_04_04_{WORKER}_default_docker.log"


def log(minutes) -> str:
    return "".join(f"{START + timedelta(minutes=m):%Y-%m-%dT%H:%M:%S}.000000000Z [INFO] served\n" for m in minutes)


def lines(document, reason):
    return [gap for gap in document.gaps if gap.reason == reason]


def test_coverage_says_what_part_of_the_window_a_source_knows(triaged):
    row = triaged({LOG: log(range(15, 60))}, INCIDENT).timeline.coverage[0]
    assert (row.kind, row.precision, row.window_share) == (Kind.CONTAINER_LOG, Precision.NANOSECOND, 0.5)


def test_a_source_that_begins_late_ends_early_or_misses_the_window_has_a_gap(triaged):
    late = triaged({LOG: log(range(15, 25))}, INCIDENT).timeline
    assert [gap.end_utc for gap in lines(late, "begins later")] == [START + timedelta(minutes=15)]
    assert [gap.start_utc for gap in lines(late, "ends earlier")] == [START + timedelta(minutes=24)]
    missed = triaged({LOG: log(range(-90, -60))}, INCIDENT).timeline
    assert [gap.reason for gap in missed.gaps] == ["does not reach"]
    assert "nothing of the window" in missed.gaps[0].sentence
    assert triaged({LOG: log(range(-5, 40))}, INCIDENT).timeline.gaps == ()


def test_a_silence_of_a_steady_log_is_a_gap_with_both_ends_cited(triaged):
    beats = [n / 60 for n in range(-120, 600)] + [n / 60 for n in range(660, 2000)]
    result = triaged({LOG: log(beats)}, INCIDENT)
    (gap,) = lines(result.timeline, "silence")
    assert (gap.end_utc - gap.start_utc) == timedelta(seconds=61)
    assert "Silent for 61 s" in gap.sentence
    cited = {entry.id: entry.line for entry in result.findings.evidence}
    assert [cited[one] for one in gap.evidence] == [720, 721]


def test_first_bad_and_last_good_are_bounded_by_requests_of_the_same_worker(triaged):
    rows = [*steady(WORKER, range(-20, 7)), *steady(WORKER, range(7, 30), 503), *steady("10-30-0-101", range(30))]
    result = triaged({"azure/loganalytics/AppServiceHTTPLogs.csv": http(rows)}, INCIDENT)
    bad, good = result.timeline.first_bad, result.timeline.last_good
    assert bad.ts_utc == START + timedelta(minutes=7, seconds=7)
    assert good.ts_utc == START + timedelta(minutes=6, seconds=7)
    cited = {entry.id: entry for entry in result.findings.evidence}
    assert {cited[one].instance for one in (*bad.evidence, *good.evidence)} == {WORKER}


def test_where_nothing_is_bad_nothing_is_bounded(triaged):
    result = triaged({LOG: log(range(-5, 40))}, INCIDENT)
    assert result.timeline.first_bad is None
    assert result.timeline.last_good is None


def test_only_a_record_that_names_what_is_ours_is_marked_and_only_while_our_step_ran(make_case):
    case = make_case(incident=INCIDENT)
    place = case.path(Room.EVIDENCE, f"LogFiles/2026_04_04_{WORKER}_docker.log")
    place.parent.mkdir(parents=True)
    moments = (timedelta(minutes=2), timedelta(minutes=20), timedelta(minutes=20, seconds=2))
    ready = "initialized successfully and is ready to serve requests."
    starts = (
        f"Container shop_kudu_0_1a2b {ready}",
        f"Container shop_kudu_0_3c4d {ready}",
        "Starting container for site",
    )
    place.write_text(
        "".join(f"{START + m:%Y-%m-%dT%H:%M:%S}.000Z INFO  - {said}\n" for m, said in zip(moments, starts, strict=True))
    )

    def step(name, outcome, minute, *footprints):
        return StepRecord(
            id=StepId(name),
            collector=CollectorId(name),
            title=f"step {name}",
            outcome=outcome,
            started_at=START + timedelta(minutes=minute),
            finished_at=START + timedelta(minutes=minute, seconds=10),
            footprints=footprints,
        )

    failed = Failed(reason="broke", hint="again")
    steps = (
        step("quiet", Collected(), 2),
        step("loud", failed, 20, "woke the SCM site, which starts a container"),
    )
    case.write(evidence_of(case).model_copy(update={"steps": steps}))
    run(case, QuietObserver())
    events = case.read(TimelineDocument).events
    assert [(event.ts_utc, event.ours) for event in events if event.category == "restart"] == [
        (START + moments[0], False),
        (START + moments[1], True),
        (START + moments[2], False),
    ]
    own = [event.title for event in events if event.category == "our footprint"]
    assert own == ["step quiet", "woke the SCM site, which starts a container"]
    assert all(event.ours for event in events if event.category == "our footprint")


def test_events_name_the_kind_of_their_source(triaged):
    rows = [*steady(WORKER, range(-20, 7)), *steady(WORKER, range(7, 30), 503)]
    events = triaged({"azure/loganalytics/AppServiceHTTPLogs.csv": http(rows)}, INCIDENT).timeline.events
    assert {event.kind for event in events} == {Kind.LOG_TABLE}
    assert any("First of 23 server errors in 30 requests" in event.title for event in events)


def test_a_window_that_is_not_over_yet_counts_to_the_end_of_the_collection(make_case):
    case = make_case(incident=INCIDENT)
    place = case.path(Room.EVIDENCE, LOG)
    place.parent.mkdir(parents=True)
    place.write_text(log(range(-5, 10)))
    step = StepRecord(
        id=StepId("s"),
        collector=CollectorId("s"),
        title="s",
        outcome=Collected(),
        finished_at=START + timedelta(minutes=9, seconds=30),
    )
    case.write(evidence_of(case).model_copy(update={"steps": (step,)}))
    run(case, QuietObserver())
    document = case.read(TimelineDocument)
    assert document.coverage[0].window_share > 0.9
    assert document.gaps == ()


def test_snapshots_and_older_pieces_of_a_rotated_log_are_no_gaps(triaged):
    files = {
        LOG: log(range(-5, 40)),
        LOG.replace("04_04", "04_03"): log(range(-1500, -1440)),
        "kudu/whoami.txt": "2026-04-04T06:09:00Z root\n",
    }
    assert triaged(files, INCIDENT).timeline.gaps == ()


def test_a_lane_is_a_worker_or_says_whose_record_it_is():
    assert lane(Kind.CONTAINER_LOG, WORKER, "shop") == WORKER
    assert lane(Kind.DETECTOR, "all", None) == "all workers"
    assert lane(Kind.JSON, None, "shop") == "shop"
    assert lane(Kind.SERVICE_HEALTH, None, None) == "Azure"
    assert lane(Kind.CONTAINER_LOG, None, None) == "worker not named"


def test_a_start_that_a_signature_read_in_passing_stays_a_start(triaged):
    rows = "TimeGenerated,Level,Message\n2026-04-04T06:02:00Z,Informational,State: Started\n"
    rows += '2026-04-04T06:03:00Z,Informational,"State: Started, Action: None, LastError: "\n'
    events = triaged({"azure/loganalytics/AppServicePlatformLogs.csv": rows}, INCIDENT).timeline.events
    assert {event.category for event in events} == {"restart"}
