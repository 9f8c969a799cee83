"""The way to Kudu: tokens first, a password only by permission, ARM's own path last, and what closes the others."""

from __future__ import annotations

import base64

import pytest
from werkzeug.wrappers import Request, Response

from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Door
from escalate.collect.door import find_door
from tests.fakes.arm_site import FakeArm, arm_that_says
from tests.fakes.survey import SITE

pytestmark = pytest.mark.enable_socket

KUDU = "/api/environment"
THROUGH_ARM = f"{SITE}/extensions/api/environment"
VERSION = {"version": "1.0"}
PAGE = "<!DOCTYPE html><html><head><title>{}</title></head></html>"


def page(status: int, title: str) -> Response:
    return Response(PAGE.format(title), status, content_type="text/html")


def refuses(request: Request) -> Response:
    return page(401, "401 - Unauthorized")


def blocks(request: Request) -> Response:
    return page(403, "Web App - Unavailable")


def find(arm: FakeArm, *, basic: bool = False, secrets: list[tuple[str, str]] | None = None) -> Door:
    found: list[tuple[str, str]] = [] if secrets is None else secrets

    def add(value: str, name: str) -> None:
        found.append((value, name))

    return find_door(arm.session.channel(), SITE, arm.host, basic=basic, add_secret=add)


def test_a_token_for_app_service_opens_it() -> None:
    with arm_that_says({KUDU: VERSION}) as arm:
        door = find(arm)
        assert (door.base, door.audience, door.basic) == (arm.base, "https://scm.example", None)
        assert arm.seen == [f"GET {KUDU}"]


def test_a_token_for_arm_is_tried_where_the_first_is_not_taken() -> None:
    def takes_arm(request: Request) -> Response:
        taken = "arm.example" in request.headers["Authorization"]
        return Response('{"version": "1.0"}', content_type="application/json") if taken else refuses(request)

    with arm_that_says({KUDU: takes_arm}) as arm:
        assert find(arm).audience == "https://arm.example"


def test_without_permission_no_password_is_asked_for() -> None:
    with arm_that_says({KUDU: refuses, THROUGH_ARM: (403, {"Message": "no"})}) as arm:
        with pytest.raises(AzureFailure) as caught:
            find(arm)
        assert caught.value.why is Why.SIGN_IN
        assert not any("publishingcredentials" in each for each in arm.seen)


def test_with_permission_the_password_is_used_and_made_known_to_redaction() -> None:
    pair = base64.b64encode(b"$shop:hunter2-long").decode()

    def takes_password(request: Request) -> Response:
        taken = request.headers["Authorization"] == f"Basic {pair}"
        return Response('{"version": "1.0"}', content_type="application/json") if taken else refuses(request)

    credentials = {"properties": {"publishingUserName": "$shop", "publishingPassword": "hunter2-long"}}
    with arm_that_says({KUDU: takes_password, f"{SITE}/config/publishingcredentials/list": credentials}) as arm:
        secrets: list[tuple[str, str]] = []
        assert find(arm, basic=True, secrets=secrets).basic == ("$shop", "hunter2-long")
        assert secrets == [("hunter2-long", "publishingPassword")]


def test_a_site_that_forbids_passwords_is_not_asked_for_one() -> None:
    policy = {f"{SITE}/basicPublishingCredentialsPolicies/scm": {"properties": {"allow": False}}}
    with arm_that_says({KUDU: refuses, **policy}) as arm:
        with pytest.raises(AzureFailure, match="switched off"):
            find(arm, basic=True)
        assert not any("publishingcredentials" in each for each in arm.seen)


@pytest.mark.parametrize("closed", [refuses, blocks])
def test_arms_own_path_is_taken_where_the_host_is_closed(closed: object) -> None:
    with arm_that_says({KUDU: closed, THROUGH_ARM: VERSION}) as arm:
        assert find(arm).through_arm


def test_without_an_scm_host_only_arms_path_is_tried() -> None:
    with arm_that_says({THROUGH_ARM: VERSION}) as arm:
        door = find_door(arm.session.channel(), SITE, None, basic=False, add_secret=lambda value, name: None)
        assert door.through_arm


def closing(arm: FakeArm) -> AzureFailure:
    with pytest.raises(AzureFailure) as caught:
        find(arm)
    assert caught.value.why is Why.BLOCKED
    return caught.value


def test_a_closed_site_says_which_private_endpoint_closes_it() -> None:
    endpoint = {
        "name": "shop-pe",
        "properties": {"privateLinkServiceConnectionState": {"status": "Approved"}},
    }
    with arm_that_says(
        {
            KUDU: blocks,
            f"{SITE}/privateEndpointConnections": {"value": [endpoint]},
            f"{SITE}/config/web": {"properties": {"publicNetworkAccess": "Disabled"}},
        }
    ) as arm:
        reason = closing(arm).reason
    assert "private endpoint shop-pe" in reason
    assert "publicNetworkAccess" in reason
    assert "inside the virtual network" in reason


@pytest.mark.parametrize(
    ("use_main", "field"), [(False, "scmIpSecurityRestrictions"), (True, "ipSecurityRestrictions")]
)
def test_a_closed_site_says_which_access_restrictions_apply(use_main: bool, field: str) -> None:
    rules = [{"ipAddress": "198.51.100.0/24", "action": "Allow"}, {"ipAddress": "Any", "action": "Deny"}]
    web = {
        "scmIpSecurityRestrictionsUseMain": use_main,
        "scmIpSecurityRestrictions": [{"ipAddress": "Any", "action": "Allow"}],
        "ipSecurityRestrictions": [{"ipAddress": "Any", "action": "Allow"}],
        field: rules,
    }
    with arm_that_says(
        {KUDU: blocks, f"{SITE}/privateEndpointConnections": {"value": []}, f"{SITE}/config/web": {"properties": web}}
    ) as arm:
        reason = closing(arm).reason
    assert f"({field}, 2 of them)" in reason
    assert "198.51.100" not in reason, "addresses are the customer's own"


def test_a_closed_site_without_either_points_at_the_way_there() -> None:
    web = {"properties": {"scmIpSecurityRestrictions": [{"ipAddress": "Any", "action": "Allow"}]}}
    with arm_that_says(
        {KUDU: blocks, f"{SITE}/privateEndpointConnections": {"value": []}, f"{SITE}/config/web": web}
    ) as arm:
        assert "proxy, DNS" in closing(arm).reason


def test_what_closes_it_may_itself_be_unreadable() -> None:
    with arm_that_says({KUDU: blocks}) as arm:
        assert "could not be read" in closing(arm).reason


def test_a_page_with_status_200_is_no_kudu() -> None:
    with (
        arm_that_says({KUDU: lambda request: page(200, "Sign in")}) as arm,
        pytest.raises(AzureFailure) as caught,
    ):
        find(arm)
    assert caught.value.why is Why.INVALID
