"""The SCM site: from the worker that was asked, or not at all."""

from __future__ import annotations

import json

import pytest
from werkzeug.wrappers import Response

from escalate.azure.download import download
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Door, Kudu

ONE, OTHER = "1a" * 32, "2b" * 32


def kudu(line, server, worker=ONE, **door):
    return Kudu(line.channel, Door(base=server.url, audience="https://scm.test", **door), worker)


def test_the_worker_is_chosen_by_cookie(serve, connect):
    server = serve(lambda request: Response("{}", headers={"Set-Cookie": f"ARRAffinity={ONE};Path=/;HttpOnly"}))
    line = connect(server.url)
    kudu(line, server).get("/api/environment")
    assert server.asked[0].cookies["ARRAffinity"] == ONE
    assert line.exchanges[0].worker == ONE


def test_an_answer_of_another_worker_is_not_taken(serve, connect):
    server = serve(lambda request: Response("{}", headers={"Set-Cookie": f"ARRAffinity={OTHER};Path=/"}))
    asked = kudu(connect(server.url), server)
    for ask in (
        lambda: asked.get("/x"),
        lambda: list(download(asked, asked.call("GET", "/x"))),
    ):
        with pytest.raises(AzureFailure, match="is gone") as caught:
            ask()
        assert caught.value.why is Why.MISSING


@pytest.mark.parametrize("cookie", [None, "other=1; Path=/", f"ARRAffinitySameSite={ONE.upper()};Path=/"])
def test_no_new_cookie_or_the_same_one_is_good(serve, connect, cookie):
    server = serve(lambda request: Response("{}", headers={"Set-Cookie": cookie} if cookie else {}))
    assert kudu(connect(server.url), server).get("/x").body == b"{}"


def test_through_arm_the_worker_is_a_parameter(serve, connect):
    server = serve(lambda request: Response("{}"))
    kudu(connect(server.url), server, through_arm=True).get("/api/processes")
    assert server.asked[0].args.to_dict() == {"api-version": "2015-08-01", "instance": ONE}
    assert "Cookie" not in server.asked[0].headers


def test_a_command_is_run_once_and_its_result_read(serve, connect):
    result = {"Output": "a\r\n", "Error": "", "ExitCode": 3}
    server = serve(lambda request: Response(json.dumps(result)))
    done = kudu(connect(server.url), server).command("dir", "C:\\home")
    assert (done.output, done.exit_code) == ("a\r\n", 3)
    assert server.asked[0].get_json() == {"command": "dir", "dir": "C:\\home"}


def test_a_command_is_not_repeated_after_a_gateway_error(serve, connect):
    server = serve(lambda request: Response("<html>502", 502))
    with pytest.raises(AzureFailure):
        kudu(connect(server.url), server).command("dir")
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", ["[]", "{}", '{"ExitCode": "x"}', '{"ExitCode": null}'])
def test_what_is_no_result_is_invalid(serve, connect, body):
    server = serve(lambda request: Response(body))
    with pytest.raises(AzureFailure, match="not a result"):
        kudu(connect(server.url), server).command("dir")


def test_deleting_what_is_gone_is_done(serve, connect):
    server = serve(lambda request: Response("", 404))
    kudu(connect(server.url), server).delete("/api/vfs/x")
    assert server.asked[0].headers["If-Match"] == "*"
