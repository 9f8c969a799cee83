"""Everything that ARM and the query services give, from whole worlds of the lab."""

from __future__ import annotations

import pytest

from escalate.collect.azure_steps import SCOPES
from escalate.collect.entries import entries
from escalate.lab.server import running
from escalate.lab.worlds import WORLDS
from escalate.model.observer import QuietObserver
from escalate.triage import stage as triage
from tests.fakes.arm_answers import evidence_text
from tests.fakes.lab_run import collect_only

pytestmark = pytest.mark.enable_socket

WINDOWS, LINUX = "wsaeacces-sibling", "worker-panic"
AREAS = ("site", "plan", "sibling", "cfg", "deploy", "rh", "det", "metrics", "diagset", "act", "ase", "ai", "counters")
NETWORK = ("net.vnet", "net.vnet.connections", "net.features", "net.pe", "net.hybrid", "net.hostnames")
MINE = tuple(
    entry.id
    for entry in entries()
    if entry.scope in SCOPES and (entry.id.split(".")[0] in (*AREAS, "logs") or entry.id in NETWORK)
)
NEEDS_MORE_THAN_READ = {"cfg.appsettings", "cfg.connstrings", "cfg.keys", "site.containerlogs"}
"""What a Website Contributor would add on Linux."""


def ran(world, folder, *only, role="Owner", after_plan=(), faults=()):
    with running(WORLDS[world], role=role, faults=faults) as lab:
        return lab, collect_only(lab, folder, *(only or MINE), after_plan=after_plan)


def states(run, only=MINE):
    return {step.id: step.outcome.state for step in run.evidence.steps if step.collector in only}


def reasons(run, steps):
    return "\n".join(f"{s.id}: {getattr(s.outcome, 'reason', '')}" for s in run.evidence.steps if s.id in steps)


@pytest.mark.parametrize("world", [WINDOWS, LINUX])
def test_every_entry_ends_collected_or_with_the_right_outcome(world, tmp_path):
    lab, run = ran(world, tmp_path)

    bad = {
        step.id
        for step in run.evidence.steps
        if step.collector in MINE
        and not (
            step.outcome.state in ("collected", "empty", "skipped")
            or (step.outcome.state == "missing" and step.expected)
        )
    }
    assert bad == set(), reasons(run, bad)
    secret = {value for app in lab.state.apps for value in app.settings.values() if len(value) >= 12}
    secret |= {value for app in lab.state.apps for value, _ in app.connection_strings.values()}
    text = evidence_text(run.case.root)
    assert secret, "the world has values worth hiding"
    assert [value for value in secret if value in text] == []
    kinds = {artifact.path: artifact.kind.value for artifact in run.evidence.artifacts}
    assert kinds["azure/health/history.json"] == "resource-health"
    assert kinds["azure/activity/site.json"] == "activity-log"
    assert kinds["azure/metrics/site/pt1m-1.json"] == "metrics"
    assert kinds["azure/logs/AppServiceHTTPLogs.json"] == "log-table"
    assert kinds["azure/detectors/runtimeavailability.json"] == "detector"
    assert kinds["azure/site/site.json"] == "json"


def test_a_reader_gets_what_a_reader_may_and_the_rest_is_named(tmp_path):
    _, run = ran(LINUX, tmp_path, role="Reader")

    found = states(run)
    assert {step for step, state in found.items() if state == "denied"} == NEEDS_MORE_THAN_READ
    assert {state for state in found.values() if state not in ("denied", "skipped", "empty", "missing")} == {
        "collected"
    }
    hints = [step.outcome.hint for step in run.evidence.steps if step.collector == "cfg.appsettings"]
    assert "Website Contributor" in hints[0] or "config/list" in hints[0]


def test_the_neighbour_that_holds_the_connections_is_found_from_this_evidence_alone(tmp_path):
    _, run = ran(WINDOWS, tmp_path)

    counted = {(a.site, a.instance) for a in run.evidence.artifacts if a.kind.value == "counters"}
    assert counted == {(site, "RD0003FF9B1D26") for site in ("billing-timer", "feed-import", "web-prices")}
    woken = [step.footprints for step in run.evidence.steps if step.collector == "counters.sibling"]
    assert ("woke the SCM site of feed-import",) in woken
    with run.case.locked():
        triage.run(run.case, QuietObserver(), ())
    text = (run.case.root / "triage" / "findings.json").read_text("utf-8")
    assert "feed-import holds 1897 of 1920 connections" in text


def test_a_neighbour_whose_scm_site_is_closed_is_a_gap_with_the_command(tmp_path):
    _, run = ran(WINDOWS, tmp_path, "counters.sibling", faults=("scm-private", "extensions-blocked"))

    steps = [step for step in run.evidence.steps if step.collector == "counters.sibling"]
    assert {step.outcome.state for step in steps} == {"blocked"}
    assert all("WEBSITE_COUNTERS_ALL" in step.outcome.hint for step in steps)


def test_the_container_log_comes_by_arm_where_the_scm_site_is_closed(tmp_path):
    _, run = ran(LINUX, tmp_path, "site.containerlogs", faults=("scm-private", "extensions-blocked"))

    assert states(run)["site.containerlogs"] == "collected"
    assert [artifact.path for artifact in run.evidence.artifacts] == ["azure/containerlogs.txt"]


def test_links_to_another_host_are_refused_and_the_first_pages_kept(tmp_path):
    _, run = ran(WINDOWS, tmp_path, "act.log", "cfg.history", "det.list", after_plan=("wrong-host-href",))

    (step,) = (each for each in run.evidence.steps if each.id == "det.list")
    assert step.outcome.state == "partial"
    assert "another host" in step.outcome.reason


def test_throttling_is_waited_for(tmp_path):
    _, run = ran(WINDOWS, tmp_path, "site.get", "plan.get", "cfg.web", "rh.history", after_plan=("throttled",))

    assert set(states(run, ("site.get", "plan.get", "cfg.web", "rh.history")).values()) == {"collected"}


def test_where_arm_forbids_everything_each_step_names_the_missing_action(tmp_path):
    _, run = ran(WINDOWS, tmp_path, "cfg.web", "metrics.site", "act.log", after_plan=("forbidden",))

    denied = [step.outcome for step in run.evidence.steps if step.collector in ("cfg.web", "metrics.site", "act.log")]
    assert {outcome.state for outcome in denied} == {"denied"}
    assert any("Microsoft.Web/sites/config" in outcome.hint for outcome in denied)
