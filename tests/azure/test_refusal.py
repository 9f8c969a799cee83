"""What a status and a body mean."""

from __future__ import annotations

import json

import pytest

from escalate.azure.failure import Why
from escalate.azure.refusal import failure_of_answer

URL = "https://h/x"
NO_ROLE = {
    "error": {
        "code": "AuthorizationFailed",
        "message": "The client 'c' with object id 'o' does not have authorization to perform action"
        " 'Microsoft.Web/sites/config/list/action' over scope '/subscriptions/s' or the scope is invalid.",
    }
}


def of(status, body=b"", headers=None):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return failure_of_answer(status, headers or {}, raw, URL)


def test_a_missing_role_names_the_action():
    failure = of(403, NO_ROLE, {"x-ms-request-id": "r"})
    assert (failure.why, failure.code, failure.missing_action, failure.request_id, failure.status) == (
        Why.DENIED,
        "AuthorizationFailed",
        "Microsoft.Web/sites/config/list/action",
        "r",
        403,
    )


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (401, b"", Why.SIGN_IN),
        (403, b"<html><title>Error 403 - Forbidden</title>", Why.BLOCKED),
        (403, b"Ip Forbidden", Why.BLOCKED),
        (403, {"Message": "no"}, Why.DENIED),
        (404, b"", Why.MISSING),
        (400, b'"Not supported on Linux"', Why.MISSING),
        (400, b"Not supported on Linux", Why.MISSING),
        (400, b"The dotnet-monitor tool is not configured to run", Why.MISSING),
        (400, b"Invalid startup log filename.", Why.MISSING),
        (400, {"Message": "This timespan is wrong"}, Why.FAILED),
        (408, b"", Why.TIMEOUT),
        (409, b"", Why.BUSY),
        (429, b"", Why.THROTTLED),
        (500, b"", Why.FAILED),
        (502, b"<html>Bad gateway", Why.FAILED),
        (504, b"", Why.TIMEOUT),
    ],
)
def test_each_status_has_its_kind(status, body, why):
    assert of(status, body).why is why


def test_a_forbidden_address_is_a_closed_path():
    assert of(403, b"", {"x-ms-forbidden-ip": "192.0.2.7"}).why is Why.BLOCKED


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\x00", b"[1]", b"null", b"{}", b"[" * 100_000, b'{"error": "text"}', b'{"error": {"code": 7}}']
)
def test_odd_bodies_do_no_harm(body):
    assert of(500, body).reason.startswith(f"{URL} answered 500")


def test_what_a_query_service_says_inside_is_told():
    inner = {"code": "SyntaxError", "message": "line 1", "innererror": {"code": "SEM0100", "message": "no table T"}}
    failure = of(400, {"error": {"code": "BadArgumentError", "message": "invalid", "innererror": inner}})
    assert "BadArgumentError: invalid: line 1: no table T" in failure.reason


def test_an_odd_location_does_no_harm():
    assert of(302, b"", {"location": "https://[bad"}).why is Why.INVALID
