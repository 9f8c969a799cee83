"""Precision: what support must be able to match stays."""

from __future__ import annotations

import pytest

from escalate.redact.engine import Engine
from escalate.redact.keep import RULES, is_kept, is_platform_address, keep_list

SURVIVES = [
    "/subscriptions/0c4b0575-0000-4000-8000-1bb295c770bc/resourceGroups/rg/providers/Microsoft.Web/sites/shop",
    "operation_Id=4bf92f3577b34da6a3ce929d0e0e4736",
    '"operation_ParentId": "00f067aa0ba902b7"',
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "x-ms-request-id: 3ab21616-0000-4000-8000-d3e4fd7af580",
    "x-ms-client-request-id: 3ab21616-0000-4000-8000-d3e4fd7af580",
    "X-ARR-LOG-ID: 9d1b1c44-5f4e-4e3f-9d31-abcdef012345",
    "on RD0003FF47609F and lw0mdlwk0003LA and 10-30-0-103 of waws-prod-am2-423",
    "instance 2e9614b903860387ad41d2d4735570ca0c8b29649a02cb187ad6afea560d5745",
    "168.63.129.16 169.254.130.1 127.0.0.1 10.0.0.4 ::1 fe80::1",
    "shop.azurewebsites.net shop.scm.azurewebsites.net",
    "2026-04-04T05:58:45.0478598Z 04/Apr/2026:05:58:45 +0000 1775282325123",
    "sha256:9f1c00000000000000000000000000000000000000000000000000000000000a",
    "[ssl] socket 0x7f3a2b1c0d0e thread 140234567890123",
    "Kernel 5.15.153.1-2.cm2, IIS 10.0.20348.1",
]


WORKERS = [
    "RD0003FF1A2B3C",
    "lw0sdlwk000ABC",
    "lw1mdlwk0000AB",
    "dw0sdwk000123",
    "pd1sdwk0002XY",
    "ln0xsdlwk0001AB",
    "xn0ldwk000000",
    "10-30-0-103",
]


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_name_of_any_shape_is_kept_even_where_a_text_was_cut(engine: Engine, name: str):
    assert is_kept(name)
    assert engine.redact_cut(f"seen on {name}") == f"seen on {name}"
    assert engine.redact_text(f"on {name}, key {name}; host={name}") == f"on {name}, key {name}; host={name}"


@pytest.mark.parametrize("text", SURVIVES)
def test_an_identifier_of_the_keep_list_survives(engine: Engine, text: str):
    assert engine.redact_text(text) == text


def test_a_guid_behind_the_name_of_a_secret_does_not(engine: Engine):
    assert "3ab21616" not in engine.redact_text("client_secret=3ab21616-0000-4000-8000-d3e4fd7af580")


def test_the_affinity_cookie_goes_by_its_name_and_the_instance_id_stays(engine: Engine):
    identity = "2e9614b903860387ad41d2d4735570ca0c8b29649a02cb187ad6afea560d5745"
    assert identity not in engine.redact_text(f"cookie ARRAffinity={identity}; path=/")
    assert identity in engine.redact_text(f"InstanceId {identity}")


def test_the_list_can_be_read_and_has_unique_ids():
    assert len({rule.id for rule in RULES}) == len(RULES) == len(keep_list())


@pytest.mark.parametrize(
    "address", ["168.63.129.16", "169.254.169.254", "10.1.2.3", "240.1.2.3", "::ffff:10.0.0.1", "fe80::1", "x"]
)
def test_platform_and_private_addresses_are_told_apart(address: str):
    assert is_platform_address(address)
    assert not is_platform_address("20.50.2.1")


def test_own_names_are_kept_whatever_their_case():
    assert is_kept("Shop", ("shop",))
    assert not is_kept("shop", ())
