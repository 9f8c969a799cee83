"""The plan for an app in Azure: what applies, what is refused and why, and what it all comes to."""

from __future__ import annotations

from typing import Any

import pytest

from escalate.collect.azure_steps import SIBLINGS, WORKERS, azure_steps
from escalate.collect.permissions import WEBSITE_CONTRIBUTOR
from escalate.collect.plan import Wishes, make_plan
from escalate.collect.plan_summary import Summary, summary_of
from escalate.collect.planned import Planned
from escalate.model.plan import ArmRequest, Budget, CatalogueEntry, Consent, Plan, Skip
from escalate.model.survey import Sibling, Survey, Worker
from escalate.model.target import AzureTarget
from tests.collect.test_engine import entry
from tests.fakes.survey import FIRST, GROUP, SECOND, SITE, survey

PUBLISH = "Microsoft.Web/sites/publish/Action"
READER = {"actions": ("*/read",)}


def steps(*entries: CatalogueEntry, **known: Any) -> dict[str, Planned]:
    return {step.id: step for step in azure_steps(survey(**known), entries)}


def arm(path: str) -> ArmRequest:
    return ArmRequest(path=path, output="x.json")


def test_the_worst_worker_comes_first_and_alone_where_a_step_intrudes() -> None:
    found = list(steps(entry("dump", scope="worst-worker"), entry("list", scope="worker")).values())
    assert [step.worker for step in found] == [SECOND.arm_id, SECOND.arm_id, FIRST.arm_id]


def test_entries_of_another_platform_have_no_step() -> None:
    assert not steps(entry("x", scope="site", platforms=("linux",)))


def test_a_request_that_names_an_environment_waits_for_one() -> None:
    ase = entry("ase", scope="site", request=arm("{environment}/detectors"))
    assert steps(ase)["test.ase"].why_not == "the site stands in no App Service Environment"
    assert steps(ase, environment=f"{GROUP}/hostingEnvironments/big")["test.ase"].why_not is None


def test_a_request_that_names_the_plan_waits_for_one() -> None:
    assert steps(entry("p", scope="site", request=arm("{plan}/usages")), plan_id=None)["test.p"].why_not is not None


def test_what_the_tier_does_not_offer_is_said() -> None:
    step = steps(entry("x", scope="site", tiers=("Basic",)))["test.x"]
    assert step.why_not is not None
    assert "Standard" in step.why_not
    assert not step.denied


def test_a_reader_is_told_the_action_and_the_role() -> None:
    step = steps(entry("x", scope="site", permission=PUBLISH), **READER)["test.x"]
    assert step.denied
    assert PUBLISH in str(step.why_not)
    assert "Website Contributor" in str(step.hint)


@pytest.mark.parametrize(
    "about",
    [
        {"scope": "sibling", "permission": PUBLISH},
        {"scope": "site", "permission": "Microsoft.OperationalInsights/workspaces/query/action"},
        {"scope": "site", "permission": "Microsoft.Web/serverfarms/x/action", "request": arm("{plan}/x")},
    ],
)
def test_what_is_asked_of_something_else_than_the_site_is_tried(about: dict[str, Any]) -> None:
    assert not any(step.denied for step in steps(entry("x", **about), **READER).values())


def test_what_a_person_does_needs_no_role_of_ours() -> None:
    step = steps(entry("x", scope="site", permission=PUBLISH, consent=Consent.GUIDED), **READER)["test.x"]
    assert not step.denied


def test_without_workers_the_row_is_there_and_says_why() -> None:
    unread = steps(entry("x", scope="worker"), workers=(), worst=None, notes=("instances: answered 403",))["test.x"]
    assert unread.denied
    assert "403" in str(unread.why_not)
    stopped = steps(entry("x", scope="worker"), workers=(), worst=None, state="Stopped")["test.x"]
    assert not stopped.denied
    assert "Stopped" in str(stopped.hint)


def test_too_many_workers_and_siblings_are_counted_in_a_row_of_their_own() -> None:
    many = tuple(Worker(arm_id=f"{number:064x}", machine=f"RD{number}") for number in range(WORKERS + 3))
    apps = tuple(Sibling(resource_id=f"{GROUP}/sites/s{n}", name=f"s{n}") for n in range(SIBLINGS + 2))
    found = steps(entry("w", scope="worker"), entry("s", scope="sibling"), workers=many, siblings=apps)
    assert str(found["test.w/others"].why_not).startswith("3 more workers")
    assert str(found["test.s/others"].why_not).startswith("2 more siblings")
    assert len(found) == WORKERS + SIBLINGS + 2


def test_apps_of_the_same_name_have_steps_of_their_own() -> None:
    twins = (
        Sibling(resource_id=f"{GROUP}/sites/import", name="import"),
        Sibling(resource_id=f"{GROUP.replace('shop-rg', 'other')}/sites/import", name="import"),
    )
    assert list(steps(entry("s", scope="sibling"), siblings=twins)) == ["test.s/import", "test.s/import~2"]


@pytest.fixture
def planned(make_case: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    def plan(*entries: CatalogueEntry, include: frozenset[str] = frozenset(), **known: Any) -> tuple[Plan, Summary]:
        monkeypatch.setattr("escalate.collect.plan.entries", lambda: entries)
        there: Survey = survey(**known)
        wishes = Wishes(budget=Budget(max_bytes=1000, max_seconds=50), include=include)
        made = make_plan(make_case(target=AzureTarget(resource_id=SITE)), wishes, there)
        return made, summary_of(made, entries)

    return plan


def test_the_summary_says_which_word_and_which_role_unlock_what(planned: Any) -> None:
    dump = entry("dump", scope="worst-worker", consent=Consent.ASK, include="dumps")
    kudu = entry("kudu", scope="site", permission=PUBLISH)
    read = entry("read", scope="site", permission="Microsoft.Web/sites/read")
    _, found = planned(dump, kudu, read, **READER)
    assert [(gain.what, gain.steps) for gain in found.consents] == [("--include dumps", ("test.dump/RD0003FF000002",))]
    assert [(gain.what, gain.how, gain.steps) for gain in found.roles] == [
        (PUBLISH, "Website Contributor", ("test.kudu",))
    ]
    assert (found.worker, found.worker_why) == (SECOND.machine, "most 5xx")
    assert found.intrusive == ()
    assert not found.wakes_scm
    assert found.reads_only == 1


def test_with_the_role_and_the_word_all_of_it_runs_and_wakes_kudu(planned: Any) -> None:
    dump = entry("dump", scope="worst-worker", consent=Consent.ASK, include="dumps")
    made, found = planned(
        dump,
        entry("kudu", scope="site", permission=PUBLISH),
        include=frozenset({"dumps"}),
        actions=WEBSITE_CONTRIBUTOR,
    )
    assert not any(isinstance(step, Skip) for step in made.steps)
    assert found.intrusive == ("test.dump/RD0003FF000002",)
    assert found.wakes_scm


def test_time_is_that_of_the_longest_worker_not_of_all_together(planned: Any) -> None:
    _, found = planned(entry("a", scope="worker", seconds=20), entry("b", scope="worker", seconds=20))
    assert found.seconds == 40
    assert not found.over_time


def test_a_plan_that_takes_longer_than_allowed_says_so(planned: Any) -> None:
    _, found = planned(entry("a", scope="worker", seconds=60))
    assert found.over_time


def test_what_cannot_be_unlocked_is_grouped_by_reason(planned: Any) -> None:
    one, two = (entry(name, scope="site", tiers=("Basic",)) for name in ("one", "two"))
    _, found = planned(one, two)
    assert {step for group in found.left_out for step in group.steps} == {"test.one", "test.two"}
