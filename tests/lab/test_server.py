from __future__ import annotations

from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from azure.identity import ManagedIdentityCredential

from escalate.azure.arm import Arm
from escalate.azure.connect import cloud_named
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.session import Session
from escalate.errors import UsageError
from escalate.lab.server import Lab, running
from escalate.lab.state import now
from tests.lab.conftest import Start, Wire, small_world


@pytest.fixture
def lab(start: Start, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab = start().lab
    for name, value in lab.environment.items():
        monkeypatch.setenv(name, value)
    return lab


def test_the_managed_identity_of_the_lab_signs_in_as_that_of_app_service_does(lab: Lab) -> None:
    with (
        ManagedIdentityCredential() as credential,
        Session(cloud_named(lab.environment["ESCALATE_CLOUD"]), credential) as session,
    ):
        arm = Arm(session.channel())
        assert arm.get(lab.resource_id).json()["properties"]["reserved"] is False
        assert [
            each["name"] for page in arm.pages(f"{lab.resource_id}/instances") for each in page.json()["value"]
        ] == [worker.arm_id for worker in lab.state.world.workers]


def test_a_link_to_another_host_is_refused_by_the_client(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = start(faults=("wrong-host-href",)).lab
    for name, value in lab.environment.items():
        monkeypatch.setenv(name, value)
    with (
        ManagedIdentityCredential() as credential,
        Session(cloud_named(lab.environment["ESCALATE_CLOUD"]), credential) as session,
        pytest.raises(AzureFailure) as caught,
    ):
        list(Arm(session.channel()).pages(f"{lab.resource_id}/instances"))
    assert caught.value.why is Why.INVALID
    assert "127.0.0.2" in caught.value.reason


def test_a_long_running_operation_is_followed_to_its_end(lab: Lab) -> None:
    with (
        ManagedIdentityCredential() as credential,
        Session(cloud_named(lab.environment["ESCALATE_CLOUD"]), credential) as session,
    ):
        arm = Arm(session.channel())
        answer = arm.post(f"{lab.resource_id}/config/publishingcredentials/list")
        assert answer.status == 202
        assert arm.finished(answer, longest_s=20).json()["properties"]["publishingUserName"] == "$shop"


def test_the_token_endpoint_wants_its_header(start: Start) -> None:
    wire = start()
    url = f"{wire.lab.state.arm}/msi/token?resource=https://management.azure.com&api-version=2019-08-01"
    assert wire.plain("GET", url).status == 401
    assert wire.plain("GET", url, {"X-IDENTITY-HEADER": "wrong"}).status == 401
    got = wire.plain("GET", url, {"X-IDENTITY-HEADER": wire.lab.environment["IDENTITY_HEADER"]})
    assert got.json["token_type"] == "Bearer"
    assert int(got.json["expires_on"]) > now().timestamp()


def test_the_metadata_leads_back_to_the_lab(start: Start) -> None:
    wire = start()
    got = wire.plain("GET", f"{wire.lab.state.arm}/metadata/endpoints?api-version=2022-09-01").json
    assert got["resourceManager"] == f"{wire.lab.state.arm}/"
    assert got["logAnalyticsResourceId"] == f"{wire.lab.state.arm}/loganalytics"
    assert got["authentication"]["tenant"]


def test_every_request_is_kept_without_what_signs_it(start: Start) -> None:
    wire = start()
    wire.get("~")
    wire.plain("GET", f"{wire.lab.state.blob}/dumps/x?sv=1&sig=secret&se=2")
    last, blob = wire.lab.requests[-2:]
    assert (last.method, last.host, last.status) == ("GET", "arm", 200)
    assert last.target == f"{wire.lab.resource_id}?api-version=2025-05-01"
    assert (blob.host, blob.target) == ("blob", "/dumps/x?sv=1&sig=_&se=2")


def test_a_skewed_clock_shows_in_every_answer(start: Start) -> None:
    wire = start(faults=("clock-skew",))
    scm = next(iter(wire.lab.state.scm.values()))
    for url in (wire.lab.state.arm, wire.lab.state.blob, f"http://{scm}"):
        ahead = parsedate_to_datetime(wire.plain("GET", f"{url}/").headers["date"]) - now()
        assert 400 < ahead.total_seconds() < 430


def test_each_app_has_its_own_home_and_scm_site(start: Start) -> None:
    state = start().lab.state
    assert len(set(state.scm.values())) == 4
    assert all((state.home(app) / "LogFiles").is_dir() for app in state.apps)


def test_the_folder_of_a_lab_is_gone_when_it_made_it_itself(socket_enabled: None) -> None:
    with running(small_world()) as lab:
        folder = lab.state.folder
        assert folder.is_dir()
    assert not folder.exists()


def test_a_closed_lab_answers_no_more(socket_enabled: None, tmp_path: Path) -> None:
    with running(small_world(), folder=tmp_path) as lab:
        wire = Wire(lab)
        lab.close()
        with pytest.raises(ConnectionError):
            wire.get("~")


def test_an_unknown_role_or_fault_is_an_error_of_usage() -> None:
    with pytest.raises(UsageError, match="role"), running(small_world(), role="King"):
        pass
    with pytest.raises(UsageError, match="fault"), running(small_world(), faults=("fire",)):
        pass
