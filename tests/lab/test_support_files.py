"""Workspaces and files, by Microsoft's own client: what comes out is what went in, and every limit is one."""

from __future__ import annotations

import base64
import random
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from escalate.lab.support.files import DENIED
from tests.fakes.support_lab import SupportLab, envelope, ticket_properties
from tests.lab.conftest import Support

CHUNK = 2_500_000


def declare(lab: SupportLab, workspace: str, name: str, size: int, chunk: int, chunks: int) -> Any:
    fields = {"fileSize": size, "chunkSize": chunk, "numberOfChunks": chunks}
    return lab.client().files.create(workspace, name, {"properties": fields})


def send(lab: SupportLab, workspace: str, name: str, index: int, data: bytes) -> None:
    content = base64.b64encode(data).decode()
    lab.client().files.upload(workspace, name, {"content": content, "chunkIndex": index})


def put(lab: SupportLab, workspace: str, name: str, data: bytes) -> None:
    chunks = [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)]
    declare(lab, workspace, name, len(data), min(CHUNK, len(data)), len(chunks))
    for index, chunk in enumerate(chunks):
        send(lab, workspace, name, index, chunk)


def file(lab: SupportLab, **more: Any) -> str:
    sent = {"properties": ticket_properties(lab, **more)}
    return str(lab.client().support_tickets.begin_create("esc-1", sent).result().support_ticket_id)


@pytest.mark.parametrize("size", [1, 2_499_999, 2_500_000, 2_500_001, 4_999_999, 5_000_000])
def test_bytes_arrive_as_they_were_sent(support: Support, size: int) -> None:
    lab = support()
    data = random.Random(size).randbytes(size)
    lab.client().file_workspaces.create("esc-1")
    put(lab, "esc-1", "kit.zip", data)
    file(lab, fileWorkspaceName="esc-1")
    assert lab.files(lab.ticket("esc-1")) == {"kit.zip": data}


@pytest.mark.parametrize(
    ("size", "chunk", "chunks"),
    [
        (0, 1, 1),
        (5_000_001, 2_500_000, 3),
        (5_000_001, 2_500_001, 2),
        (2_500_001, 2_500_001, 1),
        (3, 1, 3),
        (10, 5, 1),
        (10, 10, 2),
        (10, 0, 1),
    ],
)
def test_a_file_over_a_limit_is_refused_when_it_is_declared(
    support: Support, size: int, chunk: int, chunks: int
) -> None:
    lab = support()
    lab.client().file_workspaces.create("esc-1")
    with pytest.raises(HttpResponseError) as caught:
        declare(lab, "esc-1", "kit.zip", size, chunk, chunks)
    assert caught.value.status_code == 400
    assert list(lab.client().files.list("esc-1")) == []


def test_some_extensions_are_denied(support: Support) -> None:
    lab = support()
    lab.client().file_workspaces.create("esc-1")
    assert {".exe", ".html", ".svg", ".js", ".bin"} < DENIED
    for extension in DENIED:
        with pytest.raises(HttpResponseError, match="not allowed"):
            declare(lab, "esc-1", f"kit{extension.upper()}", 1, 1, 1)
    declare(lab, "esc-1", "kit.zip", 1, 1, 1)


def test_a_file_needs_an_extension_and_a_short_name(support: Support) -> None:
    lab = support()
    lab.client().file_workspaces.create("esc-1")
    for name in ("kit", ".zip", "a" * 111 + ".zip"):
        with pytest.raises(HttpResponseError) as caught:
            declare(lab, "esc-1", name, 1, 1, 1)
        assert envelope(caught.value)["Error"]["Code"] == "InvalidData"
    declare(lab, "esc-1", "a" * 110 + ".zip", 1, 1, 1)


@pytest.mark.parametrize(("index", "data"), [(2, b"ab"), (-1, b"ab"), (0, b"abc"), (1, b"ab"), (1, b"")])
def test_a_chunk_that_was_not_declared_is_refused(support: Support, index: int, data: bytes) -> None:
    lab = support()
    lab.client().file_workspaces.create("esc-1")
    declare(lab, "esc-1", "kit.zip", 3, 2, 2)
    with pytest.raises(HttpResponseError):
        send(lab, "esc-1", "kit.zip", index, data)


def test_what_is_no_base64_is_refused(support: Support) -> None:
    lab = support()
    lab.client().file_workspaces.create("esc-1")
    declare(lab, "esc-1", "kit.zip", 3, 3, 1)
    with pytest.raises(HttpResponseError, match="base64"):
        lab.client().files.upload("esc-1", "kit.zip", {"content": "ab*=", "chunkIndex": 0})


def test_a_chunk_that_comes_twice_breaks_the_file(support: Support) -> None:
    """Nothing says that a chunk may be sent again; here it may not."""
    lab = support()
    lab.client().file_workspaces.create("esc-1")
    put(lab, "esc-1", "kit.zip", b"abc")
    send(lab, "esc-1", "kit.zip", 0, b"abc")
    file(lab, fileWorkspaceName="esc-1")
    (stored,) = lab.stored(lab.ticket("esc-1"))
    assert not stored.whole
    assert lab.files(lab.ticket("esc-1")) == {}


def test_a_declared_file_is_listed_whether_its_chunks_came_or_not(support: Support) -> None:
    lab = support()
    lab.client().file_workspaces.create("esc-1")
    declare(lab, "esc-1", "kit.zip", 3, 2, 2)
    (listed,) = lab.client().files.list("esc-1")
    got = lab.client().files.get("esc-1", "kit.zip")
    assert (listed.name, got.file_size, got.chunk_size, got.number_of_chunks) == ("kit.zip", 3, 2, 2)
    with pytest.raises(ResourceNotFoundError):
        lab.client().files.get("esc-1", "other.zip")


def test_a_workspace_lives_for_a_day_and_is_not_made_younger(support: Support) -> None:
    lab = support()
    workspaces = lab.client().file_workspaces
    made = workspaces.create("esc-1")
    assert made.expiration_time - made.created_on == timedelta(hours=24)
    lab.advance(timedelta(hours=23))
    assert workspaces.create("esc-1").expiration_time == made.expiration_time
    lab.advance(timedelta(hours=1, seconds=1))
    with pytest.raises(ResourceNotFoundError):
        workspaces.get("esc-1")
    with pytest.raises(ResourceNotFoundError):
        declare(lab, "esc-1", "kit.zip", 1, 1, 1)
    with pytest.raises(HttpResponseError, match="fileWorkspaceName"):
        file(lab, fileWorkspaceName="esc-1")


def test_a_tickets_own_workspace_is_named_after_its_id_and_lives_for_half_a_year(support: Support) -> None:
    lab = support()
    ticket_id = file(lab)
    found = lab.client().file_workspaces.get(ticket_id)
    assert found.expiration_time - found.created_on > timedelta(days=180)
    lab.advance(timedelta(days=2))
    put(lab, ticket_id, "later.zip", b"later")
    assert lab.files(lab.ticket("esc-1")) == {"later.zip": b"later"}


def test_what_comes_into_the_old_workspace_after_filing_does_not_reach_the_ticket(support: Support) -> None:
    lab = support()
    lab.client().file_workspaces.create("esc-1")
    put(lab, "esc-1", "kit.zip", b"kit")
    file(lab, fileWorkspaceName="esc-1")
    put(lab, "esc-1", "late.zip", b"late")
    assert lab.files(lab.ticket("esc-1")) == {"kit.zip": b"kit"}


def test_a_workspace_name_has_few_characters(support: Support) -> None:
    with pytest.raises(HttpResponseError) as caught:
        support().client().file_workspaces.create("esc~1")
    assert envelope(caught.value)["Error"]["Code"] == "InvalidData"
