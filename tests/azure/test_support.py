"""The client of the Support API against a server that answers as a test says."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest
from werkzeug.wrappers import Request, Response

from escalate.azure.cloud import CLOUDS
from escalate.azure.failure import Why
from escalate.azure.session import Session
from escalate.azure.support import Support
from escalate.azure.support_failure import SupportFailure
from escalate.model.base import CaseId
from escalate.model.incident import Contact, Severity
from escalate.model.submission import Classification, TicketRequest
from tests.azure.conftest import Server, Tokens, cloud_at, hang_up

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
SERVICE = "/providers/Microsoft.Support/services/b452a42b-3779-64de-532c-8a32738357a6"
TYPE = f"{SERVICE}/problemClassifications/b14f7fde-14bc-2ff9-d612-697580802224"


def answer(data: object, status: int = 200, **headers: str) -> Response:
    return Response(json.dumps(data), status, {k.replace("_", "-"): v for k, v in headers.items()}, "application/json")


@pytest.fixture
def support(serve) -> Iterator[Callable[..., tuple[Support, Server]]]:
    """support(app) serves it and gives a client of it."""
    with ExitStack() as stack:

        def make(app: Callable[[Request], Response], **more) -> tuple[Support, Server]:
            server = serve(app)
            session = stack.enter_context(Session(cloud_at(server.url), Tokens()))
            return Support(session, SUBSCRIPTION, **more), server

        yield make


def request(**changes) -> TicketRequest:
    return TicketRequest(
        case_id=CaseId("esc-1"),
        subscription=SUBSCRIPTION,
        resource_id=f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Web/sites/shop",
        name="esc-1",
        workspace="esc-1-files",
        title="Workers are killed",
        description="Why?",
        severity=Severity.MODERATE,
        require_24x7=False,
        problem_start=datetime(2026, 4, 4, 5, 55, 0, 123456, tzinfo=UTC),
        classification=Classification(service_id=SERVICE, service_name="s", id=TYPE, name="t", source="live"),
        contact=Contact(first_name="Dana", last_name="S", method="email", email="d@contoso.example",
                        time_zone="UTC", country="DEU", language="en-us"),
        advanced_diagnostics=False,
    ).model_copy(update=changes)  # fmt: skip


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_refused_ticket_is_sent_once_and_never_by_itself_again(support, status: int) -> None:
    client, server = support(lambda _: answer({"error": {"code": "Busy"}}, status, Retry_After="7"))
    with pytest.raises(SupportFailure) as caught:
        client.begin_ticket(request(), None)
    assert len(server.asked) == 1
    assert caught.value.retryable
    assert caught.value.retry_after_s == 7
    assert caught.value.may_have_acted is (status >= 500)


def test_an_unregistered_provider_is_reported_and_not_registered(support) -> None:
    client, server = support(lambda _: answer({"error": {"code": "MissingSubscriptionRegistration"}}, 409))
    with pytest.raises(SupportFailure) as caught:
        client.begin_ticket(request(), None)
    assert [asked.method for asked in server.asked] == ["PUT"]
    assert not caught.value.retryable
    assert "--register-provider" in caught.value.hint


@pytest.mark.parametrize(
    "body", [{"error": {"code": "InvalidData"}}, {"Error": {"Code": "invaliddata", "Message": "x"}}]
)
def test_the_code_of_an_error_is_read_from_either_envelope(support, body: object) -> None:
    client, _ = support(lambda _: answer(body, 400))
    with pytest.raises(SupportFailure) as caught:
        client.ticket("x")
    assert caught.value.is_code("InvalidData")
    assert not caught.value.may_have_acted


def test_words_of_the_server_are_read_in_any_case(support) -> None:
    told = {"severity": "Minimal", "status": "Open", "advancedDiagnosticConsent": "YES", "supportTicketId": "2611"}
    client, _ = support(lambda _: answer({"name": "esc-1", "properties": told}))
    found = client.ticket("esc-1")
    assert found is not None
    assert (found.severity, found.status, found.advanced_diagnostics) == ("minimal", "open", "yes")


def test_a_ticket_that_is_not_there_is_none_and_a_missing_subscription_is_a_failure(support) -> None:
    code = ["ResourceNotFound"]
    client, _ = support(lambda _: answer({"error": {"code": code[0]}}, 404))
    assert client.ticket("esc-1") is None
    code[0] = "SubscriptionNotFound"
    with pytest.raises(SupportFailure):
        client.ticket("esc-1")


def test_an_operation_is_kept_to_be_asked_for_later_and_no_thread_asks_for_it(support) -> None:
    def app(asked: Request) -> Response:
        if asked.method == "PUT":
            url = (
                f"{asked.host_url}subscriptions/{SUBSCRIPTION}/providers/Microsoft.Support/operationsStatus/1?t=9&s=sig"
            )
            return Response(b"", 202, {"Azure-AsyncOperation": url})
        failed = {"status": "Failed", "error": {"code": "InvalidSupportPlan", "message": "Your plan is Developer."}}
        return answer(failed)

    client, server = support(app)
    begun = client.begin_ticket(request(), "esc-1-files")
    assert begun.operation is not None
    assert "sig" not in repr(begun)
    assert len(server.asked) == 1
    state = client.operation(begun.operation)
    assert (state.status, state.code, state.is_over) == ("failed", "InvalidSupportPlan", True)
    assert server.asked[1].args["s"] == "sig"


def test_the_body_of_a_ticket_is_what_the_contract_wants(support) -> None:
    client, server = support(lambda _: answer({"name": "esc-1", "properties": {}}))
    client.begin_ticket(request(), "esc-1-files")
    sent = server.asked[0].get_json()["properties"]
    assert sent["problemStartTime"] == "2026-04-04T05:55:00.000Z"
    assert sent["require24X7Response"] is False
    assert sent["advancedDiagnosticConsent"] == "No"
    assert sent["fileWorkspaceName"] == "esc-1-files"
    assert "secondaryConsent" not in sent
    assert "supportTicketId" not in sent


def test_a_change_stands_at_the_root_of_its_body(support) -> None:
    client, server = support(lambda _: answer({"name": "esc-1", "properties": {"severity": "Critical"}}))
    assert client.update("esc-1", severity="critical").severity == "critical"
    assert server.asked[0].get_json() == {"severity": "critical"}


@pytest.mark.parametrize("header", ["Azure-AsyncOperation", "Location"])
def test_an_operation_on_another_host_gets_no_token(support, header: str) -> None:
    client, server = support(lambda _: Response(b"", 202, {header: "https://elsewhere.example/operationsStatus/1"}))
    with pytest.raises(SupportFailure, match="another host"):
        client.begin_ticket(request(), None)
    with pytest.raises(SupportFailure, match="another host"):
        client.operation("https://elsewhere.example/operationsStatus/1")
    assert len(server.asked) == 1


def test_a_next_page_on_another_host_gets_no_token(support, serve) -> None:
    other = serve(lambda _: answer({"value": []}))
    client, _ = support(lambda _: answer({"value": [], "nextLink": f"{other.url}/stolen"}))
    with pytest.raises(SupportFailure, match="another host"):
        client.tickets()
    assert other.asked == []


def test_a_partner_sends_its_own_token_beside_the_customers(support) -> None:
    partner = Tokens(number=77)
    client, server = support(lambda _: answer({"value": []}), partners=[partner])
    client.services()
    assert server.asked[0].headers["Authorization"] == "Bearer token-1"
    assert server.asked[0].headers["x-ms-authorization-auxiliary"] == "Bearer token-77"


@pytest.mark.parametrize(
    "body", [b"<html><title>Sign in</title>", b"{", b"[]", b'"text"', b"\xff\xfe", b'{"properties": []}', b"null", b""]
)
def test_an_answer_that_is_none_is_a_failure_and_no_traceback(support, body: bytes) -> None:
    client, _ = support(lambda _: Response(body, 200, content_type="application/json"))
    with pytest.raises(SupportFailure) as caught:
        client.workspace("esc-1-files")
    assert caught.value.why is Why.INVALID


@pytest.mark.parametrize("body", [b"<html>", b"null", b"[]", b"{", b""])
@pytest.mark.parametrize("kind", ["application/json", "text/html"])
def test_an_operation_that_answers_nonsense_is_no_success(support, body: bytes, kind: str) -> None:
    client, server = support(lambda _: Response(body, 200, content_type=kind))
    with pytest.raises(SupportFailure) as caught:
        client.operation(f"{server.url}/operationsStatus/1?s=sig")
    assert caught.value.why is Why.INVALID


def _outcome(read) -> object:
    try:
        return read()
    except SupportFailure as failure:
        return failure.why


@pytest.mark.parametrize("body", [b'{"value": null}', b'{"value": [null]}', b'{"value": "x"}', b"null", b"[]", b"{}"])
def test_a_list_that_is_none_is_empty_or_a_failure(support, body: bytes) -> None:
    client, _ = support(lambda _: Response(body, 200, content_type="application/json"))
    for read in (client.tickets, client.services, lambda: client.files("w"), lambda: client.communications("t")):
        assert _outcome(read) in ((), Why.INVALID)


def test_a_connection_that_ends_may_have_acted_and_one_that_never_stood_has_not(support, closed_port) -> None:
    client, _ = support(lambda asked: hang_up(asked), read_s=5)
    with pytest.raises(SupportFailure) as caught:
        client.begin_ticket(request(), None)
    assert caught.value.may_have_acted
    with Session(cloud_at(f"http://127.0.0.1:{closed_port}"), Tokens()) as session, pytest.raises(SupportFailure) as no:
        Support(session, SUBSCRIPTION).begin_ticket(request(), None)
    assert not no.value.may_have_acted
    assert no.value.why is Why.BLOCKED


def test_plain_http_is_for_this_machine_only() -> None:
    with Session(cloud_at("http://management.example"), Tokens()) as session, pytest.raises(SupportFailure):
        Support(session, SUBSCRIPTION)


@pytest.mark.parametrize("name", sorted(CLOUDS))
def test_each_cloud_is_asked_at_its_own_endpoint_with_its_own_token_through_the_proxy(
    name: str, monkeypatch: pytest.MonkeyPatch, socket_enabled
) -> None:
    tokens = Tokens()
    with proxy() as (url, asked), Session(CLOUDS[name], tokens) as session:
        monkeypatch.setenv("HTTPS_PROXY", url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with pytest.raises(SupportFailure) as caught:
            Support(session, SUBSCRIPTION).ticket("esc-1")
    host = CLOUDS[name].arm.removeprefix("https://")
    assert asked
    assert all(line.startswith(f"CONNECT {host}:443 ") for line in asked)
    assert tokens.scopes == [f"{CLOUDS[name].audience}/.default"]
    assert caught.value.retryable
    assert "proxy" in caught.value.hint


def test_this_machine_is_never_asked_through_a_proxy(support, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy() as (url, asked):
        for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(variable, url)
        client, server = support(lambda _: answer({"value": []}))
        assert client.services() == ()
    assert len(server.asked) == 1
    assert asked == []


@contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that refuses: its URL, and the first line of every request."""
    asked: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                asked.append(line.recv(4096).decode().splitlines()[0])
                line.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
