"""What the user types and writes becomes values, or an error that says how to write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import click
import pytest

from escalate.cli.inputs import Place, parse_target, read_incident
from escalate.cli.options import Moment, Size, Span
from escalate.collect.resolve import Sought
from escalate.errors import ConfigError, TargetError, UsageError
from escalate.model.target import AzureTarget, LocalTarget, PathTarget
from tests.fakes.survey import SITE

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db48"


def test_local_is_this_machine() -> None:
    assert parse_target("local") == LocalTarget()


def test_local_with_a_pid_is_one_process() -> None:
    assert parse_target("local:1905") == LocalTarget(pid=1905)


def test_an_existing_path_is_evidence_gathered_elsewhere(tmp_path: Path) -> None:
    assert parse_target(str(tmp_path)) == PathTarget(path=str(tmp_path))


@pytest.mark.parametrize("text", ["locale", "local:", "local:x", "local:-3", "/no/such/folder", ""])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(TargetError):
        parse_target(text)


@pytest.mark.parametrize(
    "text",
    [
        SITE,
        SITE.lower(),
        f"{SITE}/",
        f"{SITE}/appServices",
        f"{SITE}/slots/production",
        f"{SITE}/providers/Microsoft.Insights/diagnosticSettings/x",
        f"  {SITE} ",
    ],
)
def test_an_arm_id_is_an_app_in_azure_in_any_case_and_with_what_hangs_behind_it(text: str) -> None:
    assert parse_target(text) == AzureTarget(resource_id=SITE)


@pytest.mark.parametrize("text", [f"{SITE}/slots/staging", f"{SITE}/Slots/staging/logStream"])
def test_a_slot_has_an_id_of_its_own(text: str) -> None:
    assert parse_target(text) == AzureTarget(resource_id=f"{SITE}/slots/staging")


def test_names_keep_the_case_that_the_user_gave() -> None:
    found = parse_target(SITE.replace("shop-rg", "Shop-RG"))
    assert isinstance(found, AzureTarget)
    assert "/resourceGroups/Shop-RG/" in found.resource_id


@pytest.mark.parametrize(
    ("portal", "cloud"),
    [
        ("portal.azure.com", "public"),
        ("portal.azure.us", "usgov"),
        ("portal.azure.cn", "china"),
        ("ms.portal.azure.com", "public"),
    ],
)
def test_a_portal_url_names_cloud_and_tenant(portal: str, cloud: str) -> None:
    found = parse_target(f"https://{portal}/#@contoso.example/resource{SITE}/appServices")
    assert found == AzureTarget(resource_id=SITE, cloud=cloud, tenant="contoso.example")


@pytest.mark.parametrize(
    "tail",
    [
        f"#resource{SITE}/slots/staging/logStream",
        f"?feature.x=1#@{TENANT}/resource{SITE}/slots/staging",
        f"#view/WebsitesExtension/SCIFrameBlade/id/{quote(f'{SITE}/slots/staging', safe='')}/menu~/null",
        f"#blade/X/Y/resourceId/{quote(quote(f'{SITE}/slots/staging', safe=''), safe='')}",
        quote(f"#@{TENANT}/resource{SITE}/slots/staging", safe=""),
        f"{TENANT}#resource{SITE}/slots/staging",
    ],
)
def test_a_portal_url_may_have_any_of_its_forms_and_be_encoded(tail: str) -> None:
    found = parse_target(f"https://portal.azure.com/{tail}")
    assert isinstance(found, AzureTarget)
    assert found.resource_id == f"{SITE}/slots/staging"
    assert found.tenant in (None, TENANT)


def test_the_tenant_flag_goes_before_that_of_the_url() -> None:
    found = parse_target(f"https://portal.azure.com/#@other/resource{SITE}", place=Place(tenant=TENANT))
    assert found == AzureTarget(resource_id=SITE, tenant=TENANT)


def test_the_portal_of_one_cloud_and_the_flag_of_another_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="usgov"):
        parse_target(f"https://portal.azure.us/#resource{SITE}", place=Place(cloud="public"))


def test_an_endpoint_named_by_flag_goes_before_the_portals_cloud() -> None:
    found = parse_target(f"https://portal.azure.com/#resource{SITE}", place=Place(cloud="http://127.0.0.1:1"))
    assert found == AzureTarget(resource_id=SITE, cloud="http://127.0.0.1:1")


HOSTILE = [
    SITE.replace("/shop-rg/", "/../"),
    SITE.replace("/shop-rg/", "/%2e%2e/"),
    SITE.replace("/shop-rg/", "//"),
    SITE.replace("/shop-rg/", "/rg./"),
    f"{SITE}/../other",
    f"{SITE}//x",
    f"{SITE}?api-version=1",
    f"{SITE}#x",
    f"{SITE}\\x",
    f"{SITE}\r\nHost: evil",
    f"{SITE}%0d%0a",
    f"{SITE};x",
    SITE.replace("Microsoft.Web/sites", "Microsoft.Compute/virtualMachines"),
    SITE.replace("Microsoft.Web/sites", "Microsoft.Web/serverfarms"),
    SITE.removesuffix("/shop"),
    SITE.replace("0b1f6471", "x"),
    "/subscriptions/",
    f"/subscriptions/{'a' * 5000}",
    f"https://portal.azure.com/#resource{SITE.replace('/shop-rg/', '/../')}",
    "https://portal.azure.com/#home",
    f"https://portal.azure.com/#@evil tenant/resource{SITE}",
    "https://portal.azure.com/#resource/subscriptions/x/resourceGroups/y",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_ids_that_lead_elsewhere_are_refused(text: str) -> None:
    with pytest.raises(TargetError):
        parse_target(text)


def test_a_host_that_only_looks_like_the_portal_is_no_portal() -> None:
    found = parse_target(f"https://portal.azure.com.evil.example/#resource{SITE}")
    assert found == Sought(name="portal.azure.com.evil.example", group=None), (
        "asked of ARM as a host name, never contacted"
    )


def test_a_name_with_a_group_is_sought() -> None:
    place = Place(group="shop-rg", slot="staging", subscription="Shop", cloud="china", tenant=TENANT)
    assert parse_target("shop", place=place) == Sought("shop", "shop-rg", "staging", "Shop", "china", TENANT)


@pytest.mark.parametrize(
    ("name", "group"), [("../x", "rg"), ("a/b", "rg"), ("shop", "../rg"), ("shop", "rg."), ("-", "rg")]
)
def test_names_that_nothing_can_have_are_refused(name: str, group: str) -> None:
    with pytest.raises(TargetError):
        parse_target(name, place=Place(group=group))


@pytest.mark.parametrize(
    "text", ["shop.azurewebsites.net", "https://shop.azurewebsites.net/path?x=1", "shop.scm.azurewebsites.net"]
)
def test_a_host_name_is_looked_up(text: str) -> None:
    found = parse_target(text)
    assert isinstance(found, Sought)
    assert found.group is None
    assert found.name in ("shop.azurewebsites.net", "shop.scm.azurewebsites.net")


def test_flags_may_repeat_what_the_id_says_and_add_a_slot() -> None:
    assert parse_target(SITE, place=Place(group="SHOP-RG", slot="staging")) == AzureTarget(
        resource_id=f"{SITE}/slots/staging"
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (SITE, Place(group="other")),
        (SITE, Place(subscription=TENANT)),
        (f"{SITE}/slots/a", Place(slot="b")),
        ("local", Place(group="rg")),
        ("/", Place(slot="x")),
    ],
)
def test_flags_that_contradict_the_target_are_usage_errors(text: str, place: Place) -> None:
    with pytest.raises(UsageError):
        parse_target(text, place=place)


def test_an_incident_file_is_read(shared: Path) -> None:
    folder = shared / "scenarios" / "gunicorn-sigkill-is-not-oom"
    incident = read_incident(folder / "incident.toml", None, None)
    assert incident.target.instances == ("10-30-0-103",)
    assert incident.window is not None
    assert incident.window.start == datetime(2026, 4, 4, 5, 55, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("title = ", "not TOML"),
        ("titel = 'x'", "titel"),
        ("[window]\nstart = 2026-04-04T05:55:00\nend = 2026-04-04T06:00:00Z", "window.start"),
        ("severity = 'awful'", "severity"),
    ],
)
def test_a_wrong_incident_file_says_where(tmp_path: Path, text: str, names: str) -> None:
    file = tmp_path / "incident.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=names):
        read_incident(file, None, None)


def test_flags_set_the_window(tmp_path: Path) -> None:
    start = datetime(2026, 4, 4, 5, tzinfo=UTC)
    incident = read_incident(None, start, start + timedelta(hours=1))
    assert incident.window is not None
    assert incident.window.end - incident.window.start == timedelta(hours=1)


def test_until_alone_is_refused() -> None:
    with pytest.raises(ConfigError, match="--since"):
        read_incident(None, None, datetime(2026, 4, 4, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("10kb", 10_000), ("2GiB", 2 * 1024**3), ("1.5MB", 1_500_000), ("7B", 7)]
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "ten", "-1", "1 XB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError):
        Size().convert(text, None, None)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("20m", 1200), ("2h", 7200)])
def test_durations_are_read(text: str, seconds: float) -> None:
    assert Span().convert(text, None, None) == seconds


def test_a_time_needs_a_zone() -> None:
    with pytest.raises(click.UsageError, match="no zone"):
        Moment().convert("2026-04-04T05:55", None, None)
    assert Moment().convert("2026-04-04T07:55+02:00", None, None) == datetime(2026, 4, 4, 5, 55, tzinfo=UTC)


def test_a_span_is_so_long_ago() -> None:
    ago = datetime.now(UTC) - Moment().convert("2h", None, None) + timedelta(seconds=1)
    assert timedelta(hours=2) <= ago < timedelta(hours=2, minutes=1)
