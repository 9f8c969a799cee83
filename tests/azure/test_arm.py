"""ARM: pages and operations that stay on its host."""

from __future__ import annotations

import json

import pytest
from werkzeug.wrappers import Response

from escalate.azure.arm import Arm
from escalate.azure.call import url_below
from escalate.azure.failure import AzureFailure, Why


def answer(data, status=200, **headers):
    response = Response(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response.set_data(json.dumps(data))
    return response


def test_all_pages_are_read(serve, connect):
    def app(request):
        page = int(request.args.get("$skiptoken", "0"))
        more = {"nextLink": f"{server.url}/list?api-version=1&$skiptoken={page + 1}"} if page < 2 else {}
        return answer({"value": [page], **more})

    server = serve(app)
    pages = Arm(connect(server.url).channel).pages("/list")
    assert [page.json()["value"] for page in pages] == [[0], [1], [2]]
    assert server.asked[0].args["api-version"] == "2025-05-01"


def test_a_page_on_another_host_is_not_asked(serve, connect):
    server = serve(lambda request: answer({"value": [], "nextLink": "https://other.example/list?sig=SECRETSIG"}))
    with pytest.raises(AzureFailure, match="another host") as caught:
        list(Arm(connect(server.url).channel).pages("/list"))
    assert caught.value.why is Why.INVALID
    assert "SECRETSIG" not in caught.value.reason
    assert len(server.asked) == 1


@pytest.mark.parametrize("link", ["//other.example/x", "http://[bad", "https://127.0.0.1/x"])
def test_odd_links_are_not_followed(serve, connect, link):
    server = serve(lambda request: answer({"value": [], "nextLink": link}))
    with pytest.raises(AzureFailure):
        list(Arm(connect(server.url).channel).pages("/list"))


def test_pages_that_go_in_a_circle_end(serve, connect):
    server = serve(lambda request: answer({"value": [], "nextLink": "/list?again"}))
    with pytest.raises(AzureFailure, match="leads back"):
        list(Arm(connect(server.url).channel).pages("/list"))


def test_an_operation_is_asked_until_it_is_done(serve, connect):
    def app(request):
        if len(server.asked) == 1:
            return answer({}, 202, Location=f"{server.url}/op?t=1&s=SIGNED", Retry_After="15")
        return answer({}, 202, Retry_After="3") if len(server.asked) < 4 else answer([{"path": "x"}])

    server = serve(app)
    line = connect(server.url)
    arm = Arm(line.channel)
    assert arm.finished(arm.post("/start"), longest_s=60).json() == [{"path": "x"}]
    assert line.waits.pauses == [15.0, 3.0, 3.0]
    assert not any("SIGNED" in each.url for each in line.exchanges)


def test_an_operation_that_tells_by_status_is_understood(serve, connect):
    states = ["InProgress", "Running", "Succeeded"]

    def app(request):
        if request.method == "POST":
            return answer({}, 202, Azure_AsyncOperation=f"{server.url}/status")
        return answer({"status": states.pop(0)})

    server = serve(app)
    line = connect(server.url)
    arm = Arm(line.channel)
    assert arm.finished(arm.post("/start"), longest_s=60, every_s=2).json() == {"status": "Succeeded"}
    assert line.waits.pauses == [2, 2, 2]


def test_an_operation_that_failed_is_a_failure(serve, connect):
    def app(request):
        if request.method == "POST":
            return answer({}, 202, Azure_AsyncOperation=f"{server.url}/status")
        return answer({"status": "Failed", "error": {"code": "Conflict", "message": "busy"}})

    server = serve(app)
    arm = Arm(connect(server.url).channel)
    with pytest.raises(AzureFailure, match="failed: Conflict busy"):
        arm.finished(arm.post("/start"), longest_s=60)


def test_an_operation_that_never_ends_is_a_timeout(serve, connect):
    server = serve(lambda request: answer({}, 202, Location="/op"))
    arm = Arm(connect(server.url).channel)
    with pytest.raises(AzureFailure) as caught:
        arm.finished(arm.post("/start"), longest_s=0.05)
    assert caught.value.why is Why.TIMEOUT


def test_names_in_paths_are_quoted(serve, connect):
    server = serve(lambda request: answer({}))
    Arm(connect(server.url).channel).get("/a b/ü#?%")
    assert server.asked[0].path == "/a b/ü#?%"


@pytest.mark.parametrize("path", ["@elsewhere.example/x", ".elsewhere.example/x", "subscriptions", "", ":8080/x"])
def test_a_text_that_is_no_path_cannot_lead_a_token_to_another_host(path):
    with pytest.raises(AzureFailure, match="nothing was sent"):
        url_below("https://management.azure.com", path)
