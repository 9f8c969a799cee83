"""What is known of a site before anything is collected, read from ARM alone; what cannot be read becomes a note."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from escalate.collect import survey as surveying
from escalate.collect.permissions import allows, grants_of
from escalate.collect.sign_in import Access
from escalate.errors import AccessError, TargetError
from escalate.lab.server import Lab, running
from escalate.lab.worlds import WORLDS
from escalate.model.incident import Incident, Window
from escalate.model.survey import Survey
from escalate.model.target import AzureTarget
from tests.fakes.arm_site import arm_that_says, forbidden
from tests.fakes.azure_run import BY_IDENTITY, exported
from tests.fakes.survey import GROUP, SITE

pytestmark = pytest.mark.enable_socket

PLAN = f"{GROUP}/serverfarms/shop-plan"
WINDOW = Window(start=datetime(2026, 4, 4, 11, tzinfo=UTC), end=datetime(2026, 4, 4, 12, tzinfo=UTC))
A, B = "a1" * 32, "b2" * 32


def site(resource_id: str = SITE, *, kind: str = "app", **properties: Any) -> dict[str, Any]:
    return {
        "id": resource_id,
        "name": resource_id.split("/sites/")[1].replace("/slots/", "/"),
        "kind": kind,
        "location": "West Europe",
        "properties": {
            "state": "Running",
            "serverFarmId": PLAN,
            "hostNameSslStates": [
                {"name": "shop.azurewebsites.net", "hostType": "Standard"},
                {"name": "shop.scm.azurewebsites.net", "hostType": "Repository"},
            ],
            **properties,
        },
    }


def instance(arm_id: str, machine: str | None, state: str = "READY") -> dict[str, Any]:
    return {"name": arm_id, "properties": {"machineName": machine, "state": state}}


TWO_WORKERS = {f"{SITE}/instances": {"value": [instance(A, "RD01"), instance(B, "RD02")]}}


def look(answers: Mapping[str, Any], *prefer: str, resource_id: str = SITE) -> Survey:
    with arm_that_says({SITE: site(), **answers}) as arm:
        return surveying.survey(arm.session, AzureTarget(resource_id=resource_id), WINDOW, prefer)


def of_lab(lab: Lab) -> Survey:
    with exported(lab), Access(BY_IDENTITY, print) as access:
        target = AzureTarget(resource_id=lab.resource_id, cloud=lab.environment["ESCALATE_CLOUD"])
        return surveying.survey(access.of(target), target, surveying.window_of(Incident()))


def test_a_reader_learns_all_of_it_and_nothing_is_woken() -> None:
    world = WORLDS["deadlock-windows"]
    with running(world, role="Reader") as lab:
        found = of_lab(lab)
        assert {each.host for each in lab.requests} == {"arm"}
        assert {each.method for each in lab.requests if "/msi/" not in each.target} == {"GET"}
        assert found.scm_host == lab.state.scm[lab.resource_id]
    assert found.notes == ()
    assert (found.platform, found.sku, found.tier) == ("windows", "S1", "Standard")
    assert {worker.machine for worker in found.workers} == {worker.machine for worker in world.workers}
    assert [sibling.name for sibling in found.siblings] == ["shop-admin"]
    assert found.worst == world.workers[world.sick].arm_id
    assert "Http5xx" in found.worst_why
    assert found.workspaces == (world.workspace_id,)
    assert found.actions == ("*/read",)
    assert found.scm_basic_allowed is False


def test_only_the_site_itself_must_be_readable() -> None:
    found = look({})
    assert found.resource_id == SITE
    assert found.scm_host == "shop.scm.azurewebsites.net"
    assert found.actions is None
    for what in ("plan", "instances", "config/web", "permissions", "diagnosticSettings"):
        assert any(note.startswith(f"{what}:") for note in found.notes), what


def test_a_site_that_may_not_be_read_is_a_matter_of_access() -> None:
    with pytest.raises(AccessError) as caught:
        look({SITE: forbidden("Microsoft.Web/sites/read")})
    assert "Reader" in caught.value.hint


def test_a_site_that_is_not_there_is_a_matter_of_the_target() -> None:
    with pytest.raises(TargetError, match="does not exist"):
        look({SITE: None})


@pytest.mark.parametrize("answer", [[], {"id": "/x"}, {"id": f"{SITE}/../y"}])
def test_an_answer_that_is_no_site_is_refused(answer: object) -> None:
    with pytest.raises(TargetError, match="no site"):
        look({SITE: answer})


@pytest.mark.parametrize(
    ("facts", "web", "platform"),
    [
        ({}, {}, "windows"),
        ({"hyperV": True}, {}, "windows-container"),
        ({"reserved": True}, {"linuxFxVersion": "PYTHON|3.11"}, "linux"),
        ({"reserved": True}, {"linuxFxVersion": "DOCKER|registry.example/app:1"}, "linux-container"),
        ({"reserved": True}, {"linuxFxVersion": "sitecontainers"}, "linux-container"),
        ({"kind": "app,linux,container"}, {}, "linux-container"),
        ({"kind": "functionapp,linux"}, {"linuxFxVersion": "Node|20"}, "linux"),
    ],
)
def test_the_platform_is_told_by_several_fields(facts: dict[str, Any], web: dict[str, Any], platform: str) -> None:
    assert look({SITE: site(**facts), f"{SITE}/config/web": {"properties": web}}).platform == platform


def test_a_slot_has_its_own_host_and_the_others_are_its_siblings() -> None:
    slot = f"{SITE}/slots/staging"
    own = {"hostNameSslStates": [{"name": "shop-staging.scm.azurewebsites.net", "hostType": "Repository"}]}
    found = look(
        {
            slot: site(slot, **own),
            f"{PLAN}/sites": {"value": [site(), site(f"{GROUP}/sites/import")]},
            f"{SITE}/slots": {"value": [site(slot), site(f"{SITE}/slots/beta")]},
            f"{GROUP}/sites/import/slots": {"value": []},
        },
        resource_id=slot,
    )
    assert (found.name, found.site, found.slot) == ("shop(staging)", "shop", "staging")
    assert found.scm_host == "shop-staging.scm.azurewebsites.net"
    assert [sibling.name for sibling in found.siblings] == ["shop", "import", "shop(beta)"]


def test_siblings_are_those_of_the_same_plan() -> None:
    elsewhere = site(f"{SITE}/slots/moved", serverFarmId=f"{GROUP}/serverfarms/other")
    found = look({f"{PLAN}/sites": {"value": [site()]}, f"{SITE}/slots": {"value": [elsewhere]}})
    assert found.siblings == ()


def test_where_the_plan_is_closed_the_group_tells_the_siblings() -> None:
    group = GROUP.removesuffix("/providers/Microsoft.Web")
    found = look(
        {
            PLAN: forbidden("Microsoft.Web/serverfarms/read"),
            f"{PLAN}/sites": forbidden("Microsoft.Web/serverfarms/sites/read"),
            f"{group}/providers/Microsoft.Web/sites": {"value": [site(), site(f"{GROUP}/sites/import")]},
        }
    )
    assert [sibling.name for sibling in found.siblings] == ["import"]
    assert any("those of the group instead" in note for note in found.notes)


def test_an_environment_is_known_by_its_id() -> None:
    ase = f"{GROUP}/hostingEnvironments/big"
    assert look({SITE: site(hostingEnvironmentProfile={"id": ase, "name": "big"})}).environment == ase


def test_a_host_that_is_none_is_not_taken_for_the_scm_site() -> None:
    states = [{"name": "evil.example/path?x=", "hostType": "Repository"}]
    found = look({SITE: site(hostNameSslStates=states)})
    assert found.scm_host is None
    assert any(note.startswith("SCM host") for note in found.notes)


@pytest.mark.parametrize("name", ["RD02", "rd02", B, B[:6], "RD02_default"])
def test_the_worker_that_the_user_names_is_taken(name: str) -> None:
    found = look(TWO_WORKERS, name)
    assert found.worst == B
    assert "you named" in found.worst_why


def test_a_worker_that_is_gone_is_noted_and_another_taken() -> None:
    found = look(TWO_WORKERS, "RD99")
    assert found.worst == A
    assert any("RD99" in note for note in found.notes)


def test_on_linux_the_state_of_the_container_tells_the_worst() -> None:
    status = [
        {"instanceId": A, "state": "Started", "lastErrorTimestamp": "0001-01-01T00:00:00"},
        {"instanceId": B, "state": "Blocked", "lastError": "ContainerTimeout", "lastErrorTimestamp": "2026-04-04"},
    ]
    found = look({SITE: site(reserved=True), **TWO_WORKERS, f"{SITE}/siteStatus": {"properties": status}})
    assert found.worst == B
    assert "ContainerTimeout" in found.worst_why


def metric(name: str, field: str, **values: float) -> dict[str, Any]:
    return {
        "name": {"value": name},
        "timeseries": [
            {
                "metadatavalues": [{"name": {"value": "Instance"}, "value": instance}],
                "data": [{field: value}, {field: value}],
            }
            for instance, value in values.items()
        ],
    }


METRICS = f"{SITE}/providers/Microsoft.Insights/metrics"


def test_the_worst_by_metrics_has_most_5xx_then_most_memory() -> None:
    errors, memory = metric("Http5xx", "total", RD01=7, RD02=3), metric("MemoryWorkingSet", "average", RD01=1, RD02=9)
    assert look({**TWO_WORKERS, METRICS: {"value": [memory, errors]}}).worst == A
    level = metric("Http5xx", "total", RD01=7, RD02=7)
    found = look({**TWO_WORKERS, METRICS: {"value": [level, memory]}})
    assert found.worst == B
    assert "MemoryWorkingSet" in found.worst_why
    assert [worker.metric for worker in found.workers] == ["RD01", "RD02"]


def test_a_metric_under_another_name_belongs_to_the_worker_that_is_left_over() -> None:
    errors = metric("Http5xx", "total", RD01=1, a1b2c3computer=8)
    found = look({**TWO_WORKERS, METRICS: {"value": [errors]}})
    assert found.worst == B
    assert found.workers[1].metric == "a1b2c3computer"


def test_without_any_sign_the_first_worker_is_taken_and_that_is_said() -> None:
    found = look(TWO_WORKERS)
    assert (found.worst, found.worst_why) == (A, "nothing tells them apart: the first")


def test_the_component_is_that_of_the_tag_else_the_one_called_like_the_site() -> None:
    tagged = {**site(), "tags": {"hidden-link: /app-insights-resource-id": "/subscriptions/x/components/by-tag"}}
    assert look({SITE: tagged}).component_id == "/subscriptions/x/components/by-tag"
    group = GROUP.removesuffix("/providers/Microsoft.Web")
    listed = {"value": [{"id": "/c/other", "name": "other"}, {"id": "/c/shop", "name": "Shop"}]}
    assert look({f"{group}/providers/Microsoft.Insights/components": listed}).component_id == "/c/shop"


def test_what_one_role_takes_away_another_may_give_back() -> None:
    wide = {"actions": ["*"], "notActions": ["Microsoft.Web/sites/publish/*", "Microsoft.Authorization/*/Delete"]}
    web = {"actions": ["Microsoft.Web/sites/*"], "notActions": []}
    alone, both = grants_of([wide]), grants_of([wide, web])
    assert not allows(alone.actions, alone.not_actions, "Microsoft.Web/sites/publish/Action")
    assert allows(both.actions, both.not_actions, "Microsoft.Web/sites/publish/Action")
    assert not allows(both.actions, both.not_actions, "Microsoft.Authorization/locks/delete")


def test_no_listed_permission_means_that_trying_tells() -> None:
    found = look({f"{SITE}/providers/Microsoft.Authorization/permissions": {"value": []}})
    assert found.actions is None


def test_without_an_incident_the_window_is_the_last_two_hours() -> None:
    window = surveying.window_of(Incident())
    assert window.end - window.start == surveying.BEFORE
    assert surveying.window_of(Incident(window=WINDOW)) == WINDOW
