"""Downloads that break, over real sockets."""

from __future__ import annotations

import http.client

import pytest

from tests.lab.conftest import Start, Wire

BODY = bytes(range(256)) * 4096


def get(wire: Wire, path: str, first: int = 0) -> tuple[http.client.HTTPResponse, http.client.HTTPConnection]:
    host = wire.lab.state.scm[wire.lab.resource_id]
    connection = http.client.HTTPConnection(host, timeout=60)
    worker = wire.lab.state.workers[0].arm_id
    headers = {"Authorization": f"Bearer {wire.token()}", "Cookie": f"ARRAffinity={worker}", "Range": f"bytes={first}-"}
    connection.request("GET", path, headers=headers)
    return connection.getresponse(), connection


def written(wire: Wire) -> str:
    (wire.lab.state.home(wire.lab.state.world.app) / "LogFiles" / "big.log").write_bytes(BODY)
    return "/api/vfs/LogFiles/big.log"


def test_a_download_that_was_cut_can_be_resumed(start: Start) -> None:
    wire = start(faults=("cut-502",))
    path = written(wire)
    answer, connection = get(wire, path)
    with pytest.raises(http.client.IncompleteRead) as caught:
        answer.read()
    connection.close()
    got = caught.value.partial
    assert got == BODY[: len(BODY) // 2]
    rest, connection = get(wire, path, len(got))
    assert rest.status == 206
    assert got + rest.read() == BODY
    connection.close()


def test_a_reset_connection_is_reset(start: Start) -> None:
    wire = start(faults=("reset",))
    path = written(wire)
    answer, connection = get(wire, path)
    with pytest.raises(ConnectionResetError):
        answer.read()
    connection.close()
    again, connection = get(wire, path)
    assert again.read() == BODY
    connection.close()


def test_a_zip_that_is_cut_ends_without_its_last_chunk(start: Start) -> None:
    wire = start("linux", faults=("cut-502",))
    home = wire.lab.state.home(wire.lab.state.world.app)
    (home / "LogFiles" / "noise.log").write_bytes(random_bytes(1_000_000))
    answer, connection = get(wire, "/api/zip/LogFiles/")
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    connection.close()


def test_a_slow_download_arrives_whole(start: Start) -> None:
    wire = start(faults=("slow-drip",))
    answer, connection = get(wire, written(wire))
    assert answer.read() == BODY
    connection.close()


def test_small_answers_are_not_broken(start: Start) -> None:
    wire = start(faults=("reset", "cut-502"))
    answer, connection = get(wire, "/api/environment")
    assert b"version" in answer.read()
    connection.close()


def random_bytes(count: int) -> bytes:
    """The same every time, and not to be compressed."""
    state, made = 1, bytearray()
    while len(made) < count:
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        made += (state >> 16).to_bytes(6, "little")
    return bytes(made)
