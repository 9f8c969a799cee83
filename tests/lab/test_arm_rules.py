"""What ARM checks before it looks at anything: version, sign-in, role, faults."""

from __future__ import annotations

import pytest

from tests.lab.conftest import Start


def test_a_request_without_version_is_refused(start: Start) -> None:
    got = start().ask("GET", "~", version=None)
    assert (got.status, got.json["error"]["code"]) == (400, "MissingApiVersionParameter")


def test_a_request_without_token_is_challenged(start: Start) -> None:
    wire = start()
    got = wire.plain("GET", f"{wire.lab.state.arm}{wire.lab.resource_id}?api-version=1")
    assert got.status == 401
    assert got.headers["www-authenticate"].startswith("Bearer authorization_uri=")
    assert got.json["error"]["code"] == "AuthenticationFailed"


def test_a_token_for_another_service_is_not_taken(start: Start) -> None:
    wire = start()
    token = wire.token("https://vault.azure.net")
    assert wire.get("~", headers={"Authorization": f"Bearer {token}"}).status == 401


def test_ids_of_requests_come_back(start: Start) -> None:
    got = start().get("~", headers={"x-ms-client-request-id": "ours"})
    assert got.headers["x-ms-client-request-id"] == "ours"
    assert got.headers["x-ms-request-id"]
    assert got.headers["x-ms-correlation-request-id"]
    assert int(got.headers["x-ms-ratelimit-remaining-subscription-reads"]) > 0


def test_case_does_not_matter_in_paths(start: Start) -> None:
    wire = start()
    assert wire.get(wire.lab.resource_id.upper().replace("/SUBSCRIPTIONS", "/Subscriptions")).status == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/subscriptions/11111111-1111-1111-1111-111111111111", "SubscriptionNotFound"),
        ("/subscriptions/{s}/resourceGroups/other/providers/Microsoft.Web/sites/shop", "ResourceGroupNotFound"),
        ("/subscriptions/{s}/resourceGroups/shop-rg/providers/Microsoft.Web/sites/none", "ResourceNotFound"),
        ("/subscriptions/{s}/resourceGroups/shop-rg/providers/Microsoft.Web/serverfarms/none", "ResourceNotFound"),
    ],
)
def test_what_is_not_there_is_named(start: Start, path: str, code: str) -> None:
    got = start().get(path.format(s="0b1f6471-1bf0-4dda-aec3-cb9272f09590"))
    assert (got.status, got.json["error"]["code"]) == (404, code)


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("POST", "~/config/appsettings/list", "Microsoft.Web/sites/config/list/action"),
        ("POST", "~/config/publishingcredentials/list", "Microsoft.Web/sites/config/list/action"),
        ("POST", "~/containerlogs", "Microsoft.Web/sites/containerlogs/action"),
        ("POST", "~/networkTrace/startOperation", "Microsoft.Web/sites/networktrace/action"),
        ("GET", "~/extensions/api/environment", "Microsoft.Web/sites/extensions/api/action"),
        ("GET", "~/processes/6744/dump", "Microsoft.Web/sites/processes/dump/action"),
        ("POST", "~/slots/staging/config/appsettings/list", "Microsoft.Web/sites/slots/config/list/action"),
    ],
)
def test_a_reader_is_told_which_action_is_missing(start: Start, method: str, path: str, action: str) -> None:
    got = start(role="Reader").ask(method, path)
    assert (got.status, got.json["error"]["code"]) == (403, "AuthorizationFailed")
    assert f"perform action '{action}'" in got.json["error"]["message"]


def test_a_reader_reads_and_a_contributor_may_more(start: Start) -> None:
    reader, contributor = start(role="Reader"), start(role="Website Contributor")
    metrics = "~/providers/Microsoft.Insights/metrics"
    assert reader.get("~/config/web").status == 200
    assert reader.get(metrics, version="2024-02-01", metricnames="CpuTime").status == 200
    assert contributor.get(metrics, version="2024-02-01", metricnames="CpuTime").status == 200
    assert contributor.ask("POST", "~/config/appsettings/list").json["properties"]["ORDERS_KEY"] == "invented-value"


def test_permissions_say_what_the_role_allows(start: Start) -> None:
    path = "~/providers/Microsoft.Authorization/permissions"
    assert start().get(path).json["value"][0]["actions"] == ["*"]
    assert start(role="Reader").get(path).json["value"][0] == {
        "actions": ["*/read"],
        "notActions": [],
        "dataActions": [],
        "notDataActions": [],
    }
    assert len(start(role="Website Contributor").get(path).json["value"]) == 2


def test_throttling_refuses_every_other_request(start: Start) -> None:
    wire = start(faults=("throttled",))
    answers = [wire.get("~") for _ in range(4)]
    assert [got.status for got in answers] == [429, 200, 429, 200]
    assert answers[0].headers["retry-after"] == "1"


def test_the_forbidden_fault_leaves_site_plan_and_instances(start: Start) -> None:
    wire = start(faults=("forbidden",))
    assert wire.get("~").status == 200
    assert wire.get(wire.lab.state.world.plan_id).status == 200
    assert wire.get("~/instances").status == 200
    got = wire.get("~/config/web")
    assert got.status == 403
    assert "Microsoft.Web/sites/config/read" in got.json["error"]["message"]


def test_a_token_wears_out_when_that_fault_is_on(start: Start) -> None:
    wire = start(faults=("token-expiry",))
    assert [wire.get("~").status for _ in range(7)] == [200] * 6 + [401]


def test_links_lead_elsewhere_when_that_fault_is_on(start: Start) -> None:
    wire = start(faults=("wrong-host-href",))
    assert wire.get("~/instances").json["nextLink"].startswith("http://127.0.0.2/")
    got = wire.ask("POST", "~/config/publishingcredentials/list")
    assert got.headers["location"].startswith("http://127.0.0.2/")


def test_extensions_can_be_blocked(start: Start) -> None:
    got = start(faults=("extensions-blocked",)).get("~/extensions/api/environment", version="2015-08-01")
    assert got.status == 403
