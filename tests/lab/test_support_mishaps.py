"""What goes wrong with a call, as Microsoft's own client sees it, and whether the service had acted."""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from escalate.errors import UsageError
from escalate.lab.support.mishaps import KINDS, OPERATIONS, Mishap, Mishaps, Watch
from tests.fakes.support_lab import SupportLab, ticket_properties
from tests.lab.conftest import Support

NOTE = {"properties": {"subject": "A note", "body": "It began at 05:55 UTC.", "sender": "robin@contoso.example"}}
FILE = {"properties": {"fileSize": 3, "chunkSize": 3, "numberOfChunks": 1}}
CHUNK = {"content": base64.b64encode(b"abc").decode(), "chunkIndex": 0}


def create(lab: SupportLab, **options: Any) -> Any:
    body = {"properties": ticket_properties(lab)}
    return lab.client(**options).support_tickets.begin_create("esc-1", body).result()


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("throttled", 429, "TooManyRequests"),
        ("error", 500, "InternalServerError"),
        ("forbidden", 403, "AuthorizationFailed"),
        ("quota", 400, "QuotaExceeded"),
    ],
)
def test_a_refusal_before_anything_was_done(support: Support, kind: str, status: int, code: str) -> None:
    lab = support(f"tickets.create#1={kind}")
    with pytest.raises(HttpResponseError) as caught:
        create(lab)
    assert (caught.value.status_code, caught.value.error.code) == (status, code)
    assert lab.tickets == ()
    assert create(lab).status == "Open"
    assert len(lab.tickets) == 1


def test_throttling_says_when_to_come_again(support: Support) -> None:
    lab = support("tickets.create#1=throttled:7")
    with pytest.raises(HttpResponseError) as caught:
        create(lab)
    assert caught.value.response.headers["Retry-After"] == "7"


@pytest.mark.parametrize("kind", ["throttled:0", "error"])
def test_the_client_as_it_comes_sends_the_put_again(support: Support, kind: str) -> None:
    lab = support(f"tickets.create#1={kind}")
    create(lab, retry_total=3, retry_backoff_factor=0)
    assert lab.operations("tickets.create") == ["tickets.create"] * 2


def test_a_connection_is_reset_before_anything_was_done(support: Support) -> None:
    lab = support("tickets.create#1=reset")
    with pytest.raises((ServiceResponseError, ServiceRequestError)):
        create(lab)
    assert lab.tickets == ()


@pytest.mark.parametrize("kind", ["lost", "error-after", "silent-after:0"])
def test_an_answer_is_lost_after_the_ticket_came_about(support: Support, kind: str) -> None:
    lab = support(f"tickets.create#1={kind}")
    with pytest.raises(AzureError):
        create(lab)
    assert eventually(lambda: len(lab.tickets) == 1)
    (call,) = lab.calls
    assert (call.operation, call.delivered) == ("tickets.create", kind == "error-after")
    assert lab.client().support_tickets.get("esc-1").status == "Open"


def eventually(met: Callable[[], bool]) -> bool:
    """Within some seconds; the operation ends by itself when nobody polls it."""
    waiting = threading.Event()
    return any(met() or waiting.wait(0.05) for _ in range(200))


@pytest.mark.parametrize(("kind", "filed"), [("silent", 0), ("silent-after", 1)])
def test_a_client_that_waits_no_longer_does_not_know_whether_it_was_done(
    support: Support, kind: str, filed: int
) -> None:
    lab = support(f"tickets.create#1={kind}")
    with pytest.raises(ServiceResponseError):
        create(lab, read_timeout=0.3)
    assert eventually(lambda: len(lab.tickets) == filed)


def test_a_slow_answer_comes(support: Support) -> None:
    lab = support("tickets.create=slow:0.3")
    with pytest.raises(ServiceResponseError):
        create(lab, read_timeout=0.1)
    assert create(lab, read_timeout=30).status == "Open"


WRITES: dict[str, Callable[[SupportLab], Any]] = {
    "workspaces.create": lambda lab: lab.client().file_workspaces.create("w"),
    "files.create": lambda lab: lab.client().files.create("w", "kit.zip", FILE),
    "files.upload": lambda lab: lab.client().files.upload("w", "kit.zip", CHUNK),
    "tickets.create": create,
    "tickets.update": lambda lab: lab.client().support_tickets.update("esc-1", {"severity": "minimal"}),
    "communications.create": lambda lab: lab.client().communications.begin_create("esc-1", "note-1", NOTE).result(),
}


@pytest.mark.parametrize("broken", WRITES)
def test_every_write_can_lose_its_answer_after_it_was_done(support: Support, broken: str) -> None:
    lab = support(f"{broken}#1=lost")
    for operation, write in WRITES.items():
        with contextlib.suppress(AzureError) if operation == broken else contextlib.nullcontext():
            write(lab)
        if operation == "tickets.create":
            assert eventually(lambda: len(lab.tickets) == 1)
    ticket = lab.ticket("esc-1")
    workspace = lab.desk.workspaces["w"]
    assert workspace.files["kit.zip"].content == b"abc"
    assert ticket.severity == "minimal"
    assert eventually(lambda: [each.name for each in lab.ticket("esc-1").communications] == ["note-1"])
    assert [call.operation for call in lab.calls if not call.delivered] == [broken]


def test_a_poll_that_fails_does_not_undo_the_ticket(support: Support) -> None:
    lab = support("operations.status#1=error")
    with pytest.raises(HttpResponseError):
        create(lab)
    assert eventually(lambda: len(lab.tickets) == 1)


@pytest.mark.parametrize(("when", "seen"), [("before", 0), ("after", 1)])
def test_a_test_can_do_something_between_two_steps(support: Support, when: Any, seen: int) -> None:
    lab = support(polls=0)
    found: list[int] = []
    lab.mishaps.add(Watch("communications.create", lambda: found.append(len(lab.desk.operations)), when, nth=2))
    create(lab)
    for name in ("note-1", "note-2", "note-3"):
        lab.client().communications.begin_create("esc-1", name, NOTE).result()
    assert found == [2 + seen]


def test_only_the_nth_call_is_hit_and_clearing_ends_it() -> None:
    mishaps = Mishaps()
    mishaps.add("tickets.get#2=error", "*#3=slow:1")
    hits = [[each.kind for each in mishaps.due("tickets.get").mishaps] for _ in range(4)]
    assert hits == [[], ["error"], ["slow"], []]
    assert mishaps.due("files.list").mishaps == ()
    mishaps.add("*=error")
    mishaps.clear()
    assert mishaps.due("files.list").mishaps == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operation", ["*", OPERATIONS[1]])
def test_a_mishap_is_read_from_its_text(operation: str, kind: str) -> None:
    assert Mishap.parse(f"{operation}#3={kind}:0.5") == Mishap(operation, kind, 3, 0.5)
    assert Mishap.parse(f"{operation}={kind}").nth is None


@pytest.mark.parametrize(
    "text", ["", "tickets.create", "tickets.create=fire", "tickets.burn=lost", "tickets.get#0=lost"]
)
def test_a_text_that_is_no_mishap_is_an_error_of_usage_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Mishap.parse(text)
    assert caught.value.hint
