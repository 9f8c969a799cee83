"""Signing in through azure-identity, against a managed-identity endpoint and a program called az of our own."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from werkzeug.wrappers import Response

from escalate.azure.call import Call
from escalate.azure.cloud import CLOUDS
from escalate.azure.credential import Credential, credential_for
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.session import Session
from escalate.model.sign_in import SignIn
from tests.azure.conftest import cloud_at

PUBLIC = CLOUDS["public"]
SCOPE = "https://management.azure.com/.default"


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch, tmp_path):
    """No variables, no programs and no home that could sign anybody in."""
    for name in list(os.environ):
        if name.startswith(("AZURE_", "MSI_", "IDENTITY_", "IMDS_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def identity(serve, monkeypatch):
    """A managed-identity endpoint as App Service has it; each answer is a new token."""
    issued: list[str] = []

    def app(request):
        if request.headers.get("X-IDENTITY-HEADER") != "header-secret":
            return Response(json.dumps({"statusCode": 401, "message": "no"}), 401, content_type="application/json")
        issued.append(f"issued-{len(issued) + 1}-for-{request.args['resource']}")
        body = {"access_token": issued[-1], "expires_on": str(int(time.time()) + 8 * 3600), "token_type": "Bearer"}
        return Response(json.dumps({**body, "resource": request.args["resource"]}), content_type="application/json")

    server = serve(app)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header-secret")
    return server


def refused(sign_in: SignIn) -> AzureFailure:
    with pytest.raises(AzureFailure) as caught:
        credential_for(sign_in, PUBLIC, print).get_token(SCOPE)
    assert caught.value.why is Why.SIGN_IN
    return caught.value


@pytest.mark.parametrize("method", ["managed-identity", "default"])
@pytest.mark.parametrize("tenant", [None, "72f988bf-86f1-41af-91ab-2d7cd011db47"])
def test_a_managed_identity_signs_in(identity, method, tenant):
    credential = credential_for(SignIn(method=method, tenant=tenant), PUBLIC, print)
    assert credential.get_token(SCOPE).token == "issued-1-for-https://management.azure.com"
    assert identity.asked[0].args["api-version"] == "2019-08-01"
    assert credential.get_token(SCOPE).token.startswith("issued-1-")  # kept


def test_a_user_assigned_identity_is_named(identity):
    credential_for(SignIn(method="managed-identity", client_id="some-guid"), PUBLIC, print).get_token(SCOPE)
    assert identity.asked[0].args["client_id"] == "some-guid"


def test_a_managed_identity_on_this_machine_is_asked_without_a_proxy(identity, monkeypatch, closed_port):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    assert credential_for(SignIn(method="managed-identity"), PUBLIC, print).get_token(SCOPE).token


def test_an_identity_that_refuses_comes_out_with_what_to_do(identity, monkeypatch):
    monkeypatch.setenv("IDENTITY_HEADER", "wrong-secret")
    failure = refused(SignIn(method="managed-identity"))
    assert "inside Azure only" in failure.reason
    assert "wrong-secret" not in failure.reason


def test_renewing_forgets_the_tokens_that_are_kept(identity):
    credential = Credential(SignIn(method="managed-identity"), PUBLIC, print)
    credential.get_token(SCOPE)
    credential.renew()
    assert credential.get_token(SCOPE).token.startswith("issued-2-")


def test_a_token_that_wears_out_is_replaced_in_the_middle_of_a_session(identity, serve):
    worn = {"issued-1-for-https://arm.test"}
    arm = serve(
        lambda request: (
            Response("", 401) if request.headers["Authorization"].removeprefix("Bearer ") in worn else Response("ok")
        )
    )
    cloud = cloud_at(arm.url)
    with Session(cloud, credential_for(SignIn(method="managed-identity"), cloud, print)) as session:
        assert session.channel().send(Call("POST", arm.url, "https://arm.test")).body == b"ok"
    assert len(identity.asked) == 2


def test_threads_ask_one_after_the_other(identity):
    credential = credential_for(SignIn(method="managed-identity"), PUBLIC, print)
    with ThreadPoolExecutor(8) as threads:
        assert len({each.token for each in threads.map(lambda _: credential.get_token(SCOPE), range(40))}) == 1
    assert len(identity.asked) == 1


AZ = """#!{python}
import json, sys
args = sys.argv[1:]
open({log!r}, "a").write(json.dumps(args) + "\\n")
if {fail!r}:
    sys.exit("ERROR: Please run 'az login' to setup account.")
print(json.dumps({{"accessToken": "from-az", "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": 4070908800}}))
"""


@pytest.fixture
def az(tmp_path, monkeypatch):
    """az(fail=...) puts a program called az on the PATH; returns what it was called with."""

    def make(fail: bool = False):
        log = tmp_path / "az.log"
        log.touch()
        program = tmp_path / "az"
        program.write_text(AZ.format(python=sys.executable, log=str(log), fail=fail))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
        return lambda: [json.loads(line) for line in log.read_text().splitlines()]

    return make


def test_the_cli_signs_in_in_the_tenant_that_was_named(az):
    calls = az()
    tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"
    assert credential_for(SignIn(method="cli", tenant=tenant), PUBLIC, print).get_token(SCOPE).token == "from-az"
    (args,) = calls()
    assert args[args.index("--tenant") + 1] == tenant
    assert "https://management.azure.com" in args


def test_a_cli_that_is_not_signed_in_says_so(az):
    az(fail=True)
    failure = refused(SignIn(method="cli", tenant="contoso.example"))
    assert "az login --tenant contoso.example" in failure.reason


def test_a_cli_that_is_missing_says_so():
    assert "install the Azure CLI" in refused(SignIn(method="cli")).reason


def test_a_tenant_that_cannot_be_one_is_no_bug():
    assert "tenant" in refused(SignIn(method="cli", tenant="x; rm -rf /")).reason.lower()


@pytest.mark.parametrize("method", ["environment", "workload-identity"])
def test_missing_settings_are_named(method):
    assert "AZURE_CLIENT_ID" in refused(SignIn(method=method)).reason


def test_nothing_to_sign_in_with_names_what_was_tried(socket_enabled, monkeypatch):
    monkeypatch.setenv(
        "AZURE_TOKEN_CREDENTIALS", "dev"
    )  # leaves out the metadata service, which a test machine may have
    failure = refused(SignIn())
    assert "AzureCliCredential" in failure.reason
    assert "az login" in failure.reason
    assert "\n" not in failure.reason


def test_no_browser_is_ever_opened():
    chain = Credential(SignIn(), PUBLIC, print)._inner.credentials
    assert not [each for each in chain if "Browser" in type(each).__name__]


def test_a_device_code_is_told_through_the_prompt(monkeypatch):
    told: list[str] = []
    credential = Credential(SignIn(method="device-code", tenant="contoso.example"), PUBLIC, told.append)
    inner = credential._inner
    assert inner._tenant_id == "contoso.example"
    flow = {
        "verification_uri": "https://microsoft.com/devicelogin", "user_code": "ABCD", "expires_at": 1e9,
        "expires_in": 900,
    }  # fmt: skip

    class App:
        def initiate_device_flow(self, scopes):
            return flow

        def acquire_token_by_device_flow(self, flow, **more):
            return {"error": "authorization_pending"}

    monkeypatch.setattr(inner, "_get_app", lambda **more: App())
    with pytest.raises(AzureFailure, match="enter the code in time"):
        credential.get_token(SCOPE)
    assert told == ["to sign in, open https://microsoft.com/devicelogin and enter the code ABCD (until 01:46 UTC)"]


def test_a_device_code_is_not_asked_for_twice():
    credential = Credential(SignIn(method="device-code"), PUBLIC, print)
    before = credential._inner
    credential.renew()
    assert credential._inner is before


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=CLOUDS)
def test_each_cloud_has_its_own_authority(cloud):
    inner = Credential(SignIn(method="device-code"), cloud, print)._inner
    assert inner._authority == f"https://{cloud.authority}"


def test_errors_of_a_plain_credential_mean_sign_in_too(serve):
    class Plain:
        def get_token(self, *scopes, **kwargs) -> AccessToken:
            raise ClientAuthenticationError(message="AADSTS700082: expired, see https://x/?code=SECRETCODE")

    with Session(cloud_at("http://127.0.0.1:1"), Plain()) as session, pytest.raises(AzureFailure) as caught:
        session.channel().send(Call("GET", "http://127.0.0.1:1/x", "https://arm.test"))
    assert caught.value.why is Why.SIGN_IN
    assert "SECRETCODE" not in caught.value.reason


ALONE = """
import sys
from escalate.azure.call import Call
from escalate.azure.cloud import CLOUDS
from escalate.azure.connect import connect
from escalate.azure.failure import AzureFailure
from escalate.model.sign_in import SignIn
for method in ("default", "cli", "environment"):
    with connect("public", SignIn(method=method), print) as session:
        try:
            session.channel().send(Call("GET", "https://127.0.0.1:1/x", "https://management.azure.com"))
        except AzureFailure as failure:
            print(failure.why)
"""


def test_a_program_without_logging_sees_nothing_on_stderr(monkeypatch):
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "dev")
    ran = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=120)
    assert ran.stdout.split() == ["sign-in"] * 3
    assert ran.stderr == ""


def test_quietening_leaves_a_programs_own_logging_alone():
    assert logging.getLogger("azure").level == logging.NOTSET
    assert logging.getLogger("azure").propagate
