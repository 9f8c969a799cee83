"""Site, slots, plan, workers, configuration, network, deployments."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.lab.conftest import Start


def test_the_scm_host_stands_in_the_host_names(start: Start) -> None:
    wire = start()
    site = wire.get("~").json
    hosts = {each["hostType"]: each["name"] for each in site["properties"]["hostNameSslStates"]}
    assert hosts["Repository"] == wire.lab.state.scm[wire.lab.resource_id]
    assert hosts["Standard"] == "shop.azurewebsites.net"
    assert site["properties"]["serverFarmId"] == wire.lab.state.world.plan_id


def test_a_slot_is_a_resource_of_its_own(start: Start) -> None:
    wire = start()
    assert [each["name"] for each in wire.values("~/slots")] == ["shop/staging"]
    slot = wire.get("~/slots/staging").json
    assert slot["type"] == "Microsoft.Web/sites/slots"
    assert slot["properties"]["defaultHostName"] == "shop-staging.azurewebsites.net"


def test_the_plan_lists_every_app_on_it_in_pages(start: Start) -> None:
    wire = start()
    plan = wire.lab.state.world.plan_id
    assert wire.get(plan).json["sku"] == {"name": "S1", "tier": "Standard", "size": "S1", "family": "S", "capacity": 3}
    assert "nextLink" in wire.get(f"{plan}/sites").json
    assert [each["name"] for each in wire.values(f"{plan}/sites")] == ["shop", "shop/staging", "import", "images"]


def test_apps_are_found_by_name_in_group_and_subscription(start: Start) -> None:
    wire = start()
    subscription, group = wire.lab.resource_id.split("/")[2], wire.lab.resource_id.split("/")[4]
    base = f"/subscriptions/{subscription}"
    for place in (base, f"{base}/resourceGroups/{group}"):
        assert [each["name"] for each in wire.values(f"{place}/providers/Microsoft.Web/sites")] == [
            "shop",
            "import",
            "images",
        ]
    assert wire.values("/subscriptions")[0]["subscriptionId"] == subscription


def test_workers_carry_their_machine_names(start: Start) -> None:
    wire = start()
    found = {each["name"]: each["properties"]["machineName"] for each in wire.values("~/instances")}
    assert found == {worker.arm_id: worker.machine for worker in wire.lab.state.world.workers}
    first = wire.lab.state.world.workers[0].arm_id
    assert wire.get(f"~/instances/{first}").json["properties"]["state"] == "READY"
    assert wire.get("~/instances/feed").status == 404


def test_a_replaced_worker_is_gone_and_another_is_there(start: Start) -> None:
    wire = start(faults=("worker-replaced",))
    gone = wire.lab.state.world.workers[0]
    found = [each["name"] for each in wire.values("~/instances")]
    assert gone.arm_id not in found
    assert len(found) == 3
    assert wire.get(f"~/instances/{gone.arm_id}").status == 404


def test_site_status_is_a_list_for_all_and_an_object_for_one(start: Start) -> None:
    wire = start("linux")
    every = wire.get("~/siteStatus", version="2024-11-01").json["properties"]
    assert [each["state"] for each in every] == ["Started", "Blocked", "Started"]
    one = wire.get(f"~/siteStatus/{every[1]['instanceId']}", version="2024-11-01").json["properties"]
    assert one["lastError"] == "ContainerTimeout"
    assert every[0]["lastErrorTimestamp"].startswith("0001-01-01")


def test_site_status_is_absent_on_windows_and_on_old_stamps(start: Start) -> None:
    assert start().get("~/siteStatus").status == 404
    assert start("linux", faults=("old-stamp",)).get("~/siteStatus").status == 404


def test_configuration_says_what_the_world_says(start: Start) -> None:
    wire = start("linux")
    web = wire.get("~/config/web").json["properties"]
    assert (web["alwaysOn"], web["linuxFxVersion"], web["numberOfWorkers"]) == (True, "PYTHON|3.11", 3)
    strings = wire.ask("POST", "~/config/connectionstrings/list").json["properties"]
    assert strings["ORDERS"]["type"] == "SQLAzure"
    assert wire.get("~/config/slotConfigNames").json["properties"]["appSettingNames"] == ["SLOT_NAME"]
    assert len(wire.values("~/config/web/snapshots")) == 3
    assert wire.get("~/basicPublishingCredentialsPolicies/scm").json["properties"] == {"allow": False}


def test_the_signed_url_of_log_settings_opens_its_container(start: Start) -> None:
    wire = start()
    url = wire.get("~/config/logs").json["properties"]["applicationLogs"]["azureBlobStorage"]["sasUrl"]
    assert wire.plain("GET", f"{url}&restype=container&comp=list").status == 200


def test_publishing_credentials_are_a_long_running_operation(start: Start) -> None:
    wire = start()
    first = wire.ask("POST", "~/config/publishingcredentials/list")
    assert (first.status, first.headers["retry-after"]) == (202, "0")
    token = {"Authorization": f"Bearer {wire.token()}"}
    answers = [wire.plain("GET", first.headers["location"], token) for _ in range(2)]
    assert [got.status for got in answers] == [202, 200]
    assert answers[1].json["properties"]["publishingPassword"]
    assert wire.get("~/operationresults/none").status == 404


def test_the_network_is_described(start: Start) -> None:
    wire = start(faults=("scm-private",))
    assert "/subnets/" in wire.get("~/networkConfig/virtualNetwork").json["properties"]["subnetResourceId"]
    assert wire.get("~/virtualNetworkConnections").json[0]["name"] == "shop-vnet"
    assert wire.get("~/virtualNetworkConnections/none").status == 404
    assert wire.get("~/networkFeatures/summary").json["properties"]["virtualNetworkName"] == "shop-vnet"
    assert wire.values("~/privateEndpointConnections")[0]["properties"]["ipAddresses"]
    assert wire.get("~/hybridConnectionRelays").status == 200
    assert wire.values("~/hostNameBindings")[0]["name"] == "shop.azurewebsites.net"


def test_a_tcp_ping_gives_what_the_world_says(start: Start) -> None:
    wire = start()
    told = {
        host: wire.ask("POST", "~/tcpPingCheck", data={"properties": {"Host": host, "Port": 1433}}).json["properties"]
        for host in ("orders-db", "other")
    }
    assert told["orders-db"]["connectionStatusDetails"] == "Connection timed out"
    assert told["other"]["connectionStatus"] == "Success"
    assert wire.ask("POST", "~/tcpPingCheck", data={}).status == 400


def test_deployments_have_logs_and_a_status_on_linux(start: Start) -> None:
    wire = start("linux")
    assert wire.values("~/deployments")[0]["properties"]["message"] == "autumn"
    assert wire.get("~/deployments/c0ffee/log").json["value"][-1]["properties"]["message"] == "Deployment Failed."
    status = wire.get("~/deploymentStatus/c0ffee").json["properties"]
    assert (status["status"], status["numberOfInstancesFailed"]) == ("RuntimeFailed", 3)
    assert wire.get("~/deployments/none").status == 404
    assert wire.get("~/slots/staging/deployments").json["value"] == []


def test_quotas_webjobs_and_extensions_are_read_from_the_disk(start: Start) -> None:
    wire = start("linux")
    home = wire.lab.state.home(wire.lab.state.world.app)
    (home / "site/wwwroot/App_Data/jobs/continuous/mailer").mkdir(parents=True)
    (home / "SiteExtensions/Probe").mkdir(parents=True)
    assert wire.values("~/usages")[0]["currentValue"] > 0
    assert [each["name"] for each in wire.values("~/webjobs")] == ["mailer"]
    assert [each["name"] for each in wire.values("~/siteextensions")] == ["Probe"]
    assert wire.values(f"{wire.lab.state.world.plan_id}/usages")


def test_container_logs_come_as_text_and_as_zip(start: Start) -> None:
    wire = start("linux")
    assert b"started" in wire.ask("POST", "~/containerlogs").body
    zipped = wire.ask("POST", "~/containerlogs/zip/download").body
    assert len(zipfile.ZipFile(io.BytesIO(zipped)).namelist()) == 2
    assert start().ask("POST", "~/containerlogs/zip/download").status == 204


def test_a_cut_zip_is_no_zip(start: Start) -> None:
    body = start("linux", faults=("truncated-zip",)).ask("POST", "~/containerlogs/zip/download").body
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(body))
