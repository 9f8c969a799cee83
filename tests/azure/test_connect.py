"""Clouds by name, and by the metadata of their ARM endpoint."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from werkzeug.wrappers import Response

from escalate.azure import policies
from escalate.azure.cloud import CLOUDS, is_loopback, may_carry_secrets, same_origin
from escalate.azure.connect import cloud_named, connect
from escalate.azure.failure import AzureFailure, Why
from escalate.errors import ConfigError
from escalate.model.sign_in import SignIn


def metadata(url: str, **changes):
    return {
        "name": "Test",
        "portal": "https://portal.test/",
        "authentication": {"loginEndpoint": "https://login.test/", "audiences": ["https://a.test/", "https://b.test"]},
        "resourceManager": f"{url}/",
        "appServiceResourceId": "https://scm.test/",
        "logAnalyticsResourceId": f"{url}/la",
        "appInsightsResourceId": f"{url}/ai",
        "suffixes": {"storage": "core.test"},
        **changes,
    }


@pytest.fixture
def endpoint(serve):
    """endpoint(changes) serves metadata and returns its server."""

    def make(wrap=lambda data: data, **changes):
        server = serve(lambda request: Response(json.dumps(wrap(metadata(server.url, **changes)))))
        return server

    return make


@pytest.mark.parametrize("name", ["public", "usgov", "china", "Public "])
def test_the_known_clouds_are_known_by_name(name):
    assert cloud_named(name) is CLOUDS[name.strip().lower()]


def test_another_cloud_is_asked_where_its_services_are(endpoint):
    server = endpoint()
    cloud = cloud_named(server.url + "/")
    assert (cloud.name, cloud.arm, cloud.audience, cloud.scm_audience, cloud.scheme) == (
        "Test", server.url, "https://a.test", "https://scm.test", "http",
    )  # fmt: skip
    assert (cloud.logs, cloud.logs_audience) == (f"{server.url}/la/v1", f"{server.url}/la")
    assert (cloud.insights, cloud.insights_audience) == (f"{server.url}/ai/v1", f"{server.url}/ai")
    assert (cloud.authority, cloud.portal, cloud.storage) == ("login.test", "https://portal.test", "core.test")
    (request,) = server.asked
    assert (request.path, request.args["api-version"]) == ("/metadata/endpoints", "2023-12-01")
    assert "Authorization" not in request.headers


def test_a_list_of_clouds_is_understood(endpoint):
    server = endpoint(lambda data: [metadata("https://management.other.test"), data])
    assert cloud_named(server.url).arm == server.url


def test_a_cloud_without_query_services_has_none(endpoint):
    cloud = cloud_named(
        endpoint(logAnalyticsResourceId=None, appInsightsResourceId="", appServiceResourceId=None, suffixes=None).url
    )
    assert (cloud.logs, cloud.insights, cloud.scm_audience, cloud.storage) == ("", "", "https://a.test", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"resourceManager": "https://management.evil.example/"},
        {"resourceManager": None},
        {"resourceManager": "https://[bad"},
        {"authentication": None},
        {"authentication": {"audiences": []}},
        {"logAnalyticsResourceId": "http://plain.example"},
        {"appInsightsResourceId": "ftp://x"},
    ],
)
def test_metadata_that_cannot_be_trusted_is_refused(endpoint, changes):
    with pytest.raises(AzureFailure) as caught:
        cloud_named(endpoint(**changes).url)
    assert caught.value.why is Why.INVALID


@pytest.mark.parametrize("data", [None, [], "text", 7])
def test_what_is_no_metadata_is_refused(endpoint, data):
    with pytest.raises(AzureFailure):
        cloud_named(endpoint(lambda _: data).url)


@pytest.mark.parametrize(
    "name",
    [
        "", "moon", "http://management.example", "http://127.0.0.1.example:80", "ftp://127.0.0.1",
        "https://[bad", "https://h:port", "https://u:SECRET@h", "https://h/?code=SECRET", "https://h/path",
    ],
)  # fmt: skip
def test_what_is_no_cloud_is_a_wrong_setting(name):
    with pytest.raises(ConfigError) as caught:
        cloud_named(name)
    assert caught.value.hint
    assert "SECRET" not in str(caught.value)


def test_a_cloud_that_does_not_answer_is_blocked(closed_port, monkeypatch):
    monkeypatch.setattr(policies, "FIRST_WAIT_S", 0.0)
    with pytest.raises(AzureFailure) as caught:
        cloud_named(f"http://127.0.0.1:{closed_port}")
    assert caught.value.why is Why.BLOCKED


def test_connecting_asks_nothing_of_the_sign_in_yet(endpoint):
    server = endpoint()
    with connect(server.url, SignIn(method="managed-identity"), print) as session:
        assert session.cloud.arm == server.url


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("::1", True), ("[::1]", True), ("LOCALHOST", True), ("127.9.9.9", True),
     ("localhost.example", False), ("127.0.0.1.example", False), ("10.0.0.1", False), ("", False)],
)  # fmt: skip
def test_loopback_is_only_this_machine(host, here):
    assert is_loopback(host) is here


def test_origins_are_scheme_host_and_port():
    assert same_origin("https://H:443/a", "https://h/b")
    assert not same_origin("https://h", "http://h")
    assert not same_origin("https://h:444", "https://h")
    assert not same_origin("https://h", "https://h:x")
    assert may_carry_secrets("https://anywhere")
    assert may_carry_secrets("http://localhost:1")
    assert not may_carry_secrets("http://anywhere")
    assert not may_carry_secrets("file:///etc/passwd")


def test_the_dataclass_of_the_sign_in_imports_nothing_of_azure():
    names = "[name for name in sys.modules if name.split('.')[0] in ('azure', 'msal', 'requests')]"
    code = f"import escalate.model.sign_in, sys; print({names})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.stdout.strip() == "[]"
