"""Steps on workers: in parallel over workers, one at a time on each, intrusive ones alone, late ones last."""

from __future__ import annotations

import threading
import time
from pathlib import PurePosixPath

import pytest

from escalate.azure.cloud import CLOUDS
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.session import Session
from escalate.collect.azure_steps import azure_steps
from escalate.collect.collector import Collector
from escalate.collect.engine import Engine, numbered
from escalate.collect.piece import Piece
from escalate.collect.plan import Wishes, make_plan
from escalate.collect.reach import Reach
from escalate.collect.roster import Roster
from escalate.model.incident import Incident
from escalate.model.observer import QuietObserver
from escalate.model.outcome import Empty
from escalate.model.plan import Consent
from escalate.model.target import AzureTarget
from tests.collect.conftest import QUICK, ROOM
from tests.collect.test_engine import entry
from tests.fakes.survey import FIRST, SECOND, SITE, survey


class NobodySignsIn:
    """A credential that must not be asked."""

    def get_token(self, *scopes, **more):
        raise AssertionError("no request is made in these tests")


class Clock:
    """Who ran when."""

    def __init__(self):
        self._lock = threading.Lock()
        self.running = set()
        self.together = set()
        self.order = []

    def step(self, context, seconds=0.15):
        with self._lock:
            self.running.add(context.step)
            self.order.append(context.step)
            self.together |= {frozenset((one, context.step)) for one in self.running if one != context.step}
        time.sleep(seconds)
        with self._lock:
            self.running.discard(context.step)


@pytest.fixture
def run_on_azure(make_case, monkeypatch):
    """Plans and runs collectors against the invented site: run(*(entry, gather), done={}, **survey)."""

    def run(*pairs, done=None, agree=None, **known):
        case = make_case(target=AzureTarget(resource_id=SITE))
        catalogue = {e.id: Collector(e, gather) for e, gather in pairs}
        monkeypatch.setattr("escalate.collect.plan.entries", lambda: tuple(e for e, _ in pairs))
        there = survey(**known)
        plan = make_plan(case, Wishes(budget=ROOM, agree=agree), there)
        roster = Roster(there.workers)
        with Session(CLOUDS["public"], NobodySignsIn()) as session:
            engine = Engine(
                case=case,
                plan=plan,
                incident=Incident(),
                observer=QuietObserver(),
                pace=QUICK,
                catalogue=catalogue,
                reach=Reach(session, there, roster),
            )
            artifacts, steps = numbered(engine.run(done or {}), roster)
        return plan, artifacts, {step.id: step for step in steps}

    return run


def test_one_worker_answers_one_question_at_a_time_and_workers_answer_side_by_side(run_on_azure):
    clock = Clock()

    def gather(context):
        clock.step(context)
        yield context.gap(Empty, "nothing there")

    run_on_azure((entry("one", scope="worker"), gather), (entry("two", scope="worker"), gather))

    assert frozenset(("test.one/RD0003FF000001", "test.two/RD0003FF000001")) not in clock.together
    assert any({step[-1] for step in pair} == {"1", "2"} for pair in clock.together), (
        "steps of different workers were never under way together"
    )


def test_what_needs_consent_runs_alone_and_late_telemetry_last(run_on_azure):
    clock = Clock()

    def gather(context):
        clock.step(context)
        yield context.gap(Empty, "nothing there")

    _, _, steps = run_on_azure(
        (entry("late", scope="site", late=True, volatility=5), gather),
        (entry("dump", scope="worst-worker", consent=Consent.ASK, include="dumps"), gather),
        (entry("quick", scope="worker", volatility=1), gather),
        agree=lambda entry, pid: True,
    )

    dump = f"test.dump/{SECOND.machine}"
    assert all(dump not in pair for pair in clock.together)
    assert clock.order[-2:] == [dump, "test.late/late"]
    assert set(steps) == {
        dump,
        "test.late",
        "test.late/late",
        f"test.quick/{FIRST.machine}",
        f"test.quick/{SECOND.machine}",
    }


def test_a_permission_that_is_missing_is_denied_by_name_and_counts_as_missing(run_on_azure, make_case):
    def gather(context):
        raise AssertionError("it may not run")
        yield

    _, _, steps = run_on_azure(
        (entry("kudu", scope="site", permission="Microsoft.Web/sites/publish/Action"), gather), actions=("*/read",)
    )

    outcome = steps["test.kudu"].outcome
    assert outcome.state == "denied"
    assert "Microsoft.Web/sites/publish/Action" in outcome.reason
    assert "Website Contributor" in outcome.hint


def test_what_a_stamp_may_lack_is_recorded_and_is_no_missing_evidence(run_on_azure):
    def gather(context):
        raise AzureFailure(Why.MISSING, "https://x answered 404", status=404, request_id="r-1")
        yield

    _, _, steps = run_on_azure(
        (entry("new", scope="site", may_be_absent=True), gather), (entry("old", scope="site"), gather)
    )

    assert steps["test.new"].outcome.state == steps["test.old"].outcome.state == "missing"
    assert "r-1" in steps["test.new"].outcome.reason
    assert steps["test.new"].expected
    assert not steps["test.old"].expected


def test_what_one_step_learns_of_a_worker_names_the_artifacts_of_all(run_on_azure):
    def gather(context):
        context.site.reach.roster.learn(FIRST.arm_id, infixes=("lw0sdl_default",), computer="WORKER-1")
        yield Piece(path=PurePosixPath("kudu/shop/x.log"), content=[b"line\n"], origin="x", instance="WORKER-1")
        context.footprint("woke the SCM site")

    _, artifacts, steps = run_on_azure((entry("logs", scope="site"), gather))

    assert [artifact.instance for artifact in artifacts] == [FIRST.machine]
    assert steps["test.logs"].footprints == ("woke the SCM site",)


def test_tiers_and_platforms_decide_what_is_planned():
    there = survey(tier="Free")
    steps = list(
        azure_steps(
            there,
            [
                entry("linux", scope="site", platforms=("linux",)),
                entry("dedicated", scope="site", tiers=("Basic", "Standard")),
                entry("local"),
            ],
        )
    )

    assert [step.id for step in steps] == ["test.dedicated"]
    assert steps[0].why_not == "the Free tier does not offer it"
