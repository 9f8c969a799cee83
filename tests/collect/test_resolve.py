"""An app that is known by a name is found, or the error says what there is instead."""

from __future__ import annotations

import pytest

from escalate.collect.resolve import Sought, resolve
from escalate.errors import AccessError, TargetError
from tests.fakes.arm_site import arm_that_says, forbidden

pytestmark = pytest.mark.enable_socket

ONE = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
TWO = "1c2f6471-1bf0-4dda-aec3-cb9272f09591"


def path(subscription: str = ONE, name: str = "shop") -> str:
    return f"/subscriptions/{subscription}/resourceGroups/shop-rg/providers/Microsoft.Web/sites/{name}"


def site(resource_id: str, host: str = "") -> dict[str, object]:
    parts = resource_id.split("/sites/")[1].replace("/slots/", "/")
    return {"id": resource_id, "name": parts, "properties": {"hostNames": [host] if host else []}}


BOTH = {
    "/subscriptions": {
        "value": [
            {"subscriptionId": ONE, "displayName": "Production"},
            {"subscriptionId": TWO, "displayName": "Test"},
        ]
    }
}


def test_a_name_is_found_in_the_only_subscription_that_has_it() -> None:
    with arm_that_says({**BOTH, path(TWO): site(path(TWO))}) as arm:
        assert str(resolve(arm.session, Sought("shop", "shop-rg"))) == path(TWO)


def test_a_name_that_two_subscriptions_have_is_listed_not_guessed() -> None:
    with (
        arm_that_says({**BOTH, path(ONE): site(path(ONE)), path(TWO): site(path(TWO))}) as arm,
        pytest.raises(TargetError) as caught,
    ):
        resolve(arm.session, Sought("shop", "shop-rg"))
    assert path(ONE) in caught.value.message
    assert path(TWO) in caught.value.message


@pytest.mark.parametrize("wanted", [TWO, "test", "Test"])
def test_a_subscription_is_named_by_id_or_by_name(wanted: str) -> None:
    with arm_that_says({**BOTH, path(ONE): site(path(ONE)), path(TWO): site(path(TWO))}) as arm:
        assert str(resolve(arm.session, Sought("shop", "shop-rg", subscription=wanted))) == path(TWO)
        assert f"GET {path(ONE)}" not in arm.seen


def test_a_subscription_nobody_knows_is_an_error_that_lists_those_there_are() -> None:
    with arm_that_says(BOTH) as arm, pytest.raises(TargetError) as caught:
        resolve(arm.session, Sought("shop", "shop-rg", subscription="Staging"))
    assert "Production, Test" in caught.value.hint


def test_nothing_of_that_name_says_where_was_looked() -> None:
    with arm_that_says(BOTH) as arm, pytest.raises(TargetError, match="searched 2 subscriptions"):
        resolve(arm.session, Sought("shop", "shop-rg"))


def test_a_subscription_that_refuses_does_not_hide_the_hit_of_another() -> None:
    with arm_that_says({**BOTH, path(ONE): forbidden("Microsoft.Web/sites/read"), path(TWO): site(path(TWO))}) as arm:
        assert str(resolve(arm.session, Sought("shop", "shop-rg"))) == path(TWO)


def test_when_all_refuse_it_is_a_matter_of_permission() -> None:
    refused = forbidden("Microsoft.Web/sites/read")
    with arm_that_says({**BOTH, path(ONE): refused, path(TWO): refused}) as arm, pytest.raises(AccessError) as caught:
        resolve(arm.session, Sought("shop", "shop-rg"))
    assert "Reader" in caught.value.hint


def test_an_identity_without_subscriptions_has_no_access() -> None:
    with arm_that_says({"/subscriptions": {"value": []}}) as arm, pytest.raises(AccessError):
        resolve(arm.session, Sought("shop", "shop-rg"))


def test_a_slot_is_asked_for_by_name() -> None:
    slot = f"{path()}/slots/staging"
    with arm_that_says({**BOTH, path(): site(path()), slot: site(slot)}) as arm:
        assert str(resolve(arm.session, Sought("shop", "shop-rg", slot="staging"))) == slot


def test_a_host_name_finds_its_site_also_on_a_later_page() -> None:
    listing = f"/subscriptions/{ONE}/providers/Microsoft.Web/sites"
    with arm_that_says(BOTH) as arm:
        arm.says(
            {
                listing: {"value": [site(path(name="a"), "a.example")], "nextLink": f"{arm.base}{listing}/more?p=2"},
                f"{listing}/more": {"value": [site(path(), "shop-x1.westeurope-01.azurewebsites.net")]},
            }
        )
        found = resolve(arm.session, Sought("Shop-x1.westeurope-01.azurewebsites.net", None))
    assert str(found) == path()


def test_a_host_name_of_a_slot_is_found_below_the_site_it_begins_with() -> None:
    slot = f"{path()}/slots/staging"
    with arm_that_says(
        {
            **BOTH,
            f"/subscriptions/{ONE}/providers/Microsoft.Web/sites": {"value": [site(path(), "shop.azurewebsites.net")]},
            f"{path()}/slots": {"value": [site(slot, "shop-staging.azurewebsites.net")]},
        }
    ) as arm:
        assert str(resolve(arm.session, Sought("shop-staging.azurewebsites.net", None))) == slot


def test_an_id_in_an_answer_that_leads_elsewhere_is_not_taken() -> None:
    hostile = {"id": f"{path()}/../../x", "name": "shop"}
    with arm_that_says({**BOTH, path(): hostile}) as arm, pytest.raises(TargetError):
        resolve(arm.session, Sought("shop", "shop-rg"))
