"""One request: tried again, signed in, kept on its host, recorded, refused in words without secrets."""

from __future__ import annotations

import gzip
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from werkzeug.wrappers import Response

from escalate.azure.call import Call
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.session import Channel
from tests.azure.conftest import hang_up

AUDIENCE = "https://arm.test"


def call(url: str, method: str = "GET", **more) -> Call:
    return Call(method=method, url=url, audience=more.pop("audience", AUDIENCE), **more)


def in_turn(*answers):
    """An app that gives these answers one after the other, the last one for ever."""
    left = list(answers)
    return lambda request: left.pop(0) if len(left) > 1 else left[0]


def refused(channel: Channel, asked: Call) -> AzureFailure:
    with pytest.raises(AzureFailure) as caught:
        channel.send(asked)
    return caught.value


def test_a_token_for_the_audience_goes_with_the_request(serve, connect):
    server = serve(lambda request: Response(request.headers["Authorization"]))
    line = connect(server.url)
    assert line.channel.send(call(server.url + "/x")).body == b"Bearer token-1"
    assert line.tokens.scopes == ["https://arm.test/.default"]


def test_query_values_arrive_as_they_were_given(serve, connect):
    server = serve(lambda request: Response("ok"))
    query = {"$filter": "eventTimestamp ge '2026-04-04T05:00:00+00:00' and a eq 'x&y=#%'", "b": "ü /?"}
    connect(server.url).channel.send(call(server.url + "/x?a=1&a=2", query=query))
    assert server.asked[0].args.getlist("a") == ["1", "2"]
    assert {name: server.asked[0].args[name] for name in query} == query


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_get_is_tried_again(serve, connect, status):
    server = serve(in_turn(Response("no", status), Response("no", status), Response("yes")))
    line = connect(server.url)
    assert line.channel.send(call(server.url)).body == b"yes"
    assert line.waits.pauses == [1.5, 3.0]
    assert [each.status for each in line.exchanges] == [status, status, 200]


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_what_trying_again_cannot_help_is_asked_once(serve, connect, status):
    server = serve(in_turn(Response("no", status)))
    refused(connect(server.url).channel, call(server.url))
    assert len(server.asked) == 1


def test_it_gives_up_after_so_many_tries(serve, connect):
    server = serve(in_turn(Response("no", 503)))
    failure = refused(connect(server.url).channel, call(server.url, retries=2))
    assert (failure.why, failure.status, len(server.asked)) == (Why.FAILED, 503, 3)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_changes_something_is_not_repeated(serve, connect, method):
    server = serve(in_turn(Response("no", 503), Response("yes")))
    refused(connect(server.url).channel, call(server.url, method))
    assert len(server.asked) == 1


def test_a_post_is_repeated_when_the_caller_says_it_may_be(serve, connect):
    server = serve(in_turn(Response("no", 503), Response("yes")))
    connect(server.url).channel.send(call(server.url, "POST", again=True, json={"a": 1}))
    assert [request.get_json() for request in server.asked] == [{"a": 1}, {"a": 1}]


def test_a_get_that_must_not_be_repeated_is_not(serve, connect):
    server = serve(in_turn(Response("no", 503), Response("yes")))
    refused(connect(server.url).channel, call(server.url, again=False))
    assert len(server.asked) == 1


def test_a_broken_connection_is_tried_again(serve, connect):
    def answer(request):
        if len(server.asked) == 1:
            hang_up(request)
        return Response("yes")

    server = serve(answer)
    line = connect(server.url)
    assert line.channel.send(call(server.url)).body == b"yes"
    assert [each.status for each in line.exchanges] == [None, 200]


def test_retry_after_in_seconds_is_kept(serve, connect):
    server = serve(in_turn(Response("no", 429, {"Retry-After": "7"}), Response("yes")))
    line = connect(server.url)
    line.channel.send(call(server.url))
    assert line.waits.pauses == [7.0]


def test_retry_after_as_a_date_is_counted_by_the_servers_clock(serve, connect):
    there = datetime(2020, 1, 1, tzinfo=UTC)  # a clock that is years off
    until = format_datetime(there + timedelta(seconds=40), usegmt=True)
    headers = {"Date": format_datetime(there, usegmt=True), "Retry-After": until}
    server = serve(in_turn(Response("no", 429, headers), Response("yes")))
    line = connect(server.url)
    line.channel.send(call(server.url))
    assert len(line.waits.pauses) == 1
    assert 0 <= line.waits.pauses[0] <= 40  # a second Date of the server itself may stand beside ours


def test_a_pause_that_is_too_long_is_not_made(serve, connect):
    server = serve(in_turn(Response("no", 429, {"Retry-After": "3600"}), Response("yes")))
    line = connect(server.url)
    assert refused(line.channel, call(server.url)).why is Why.THROTTLED
    assert line.waits.pauses == []


@pytest.mark.parametrize("text", ["soon", "nan", "inf", "-5", ""])
def test_a_retry_after_that_says_nothing_does_no_harm(serve, connect, text):
    server = serve(in_turn(Response("no", 503, {"Retry-After": text}), Response("yes")))
    line = connect(server.url)
    assert line.channel.send(call(server.url)).body == b"yes"
    assert line.waits.pauses in ([1.5], [0.0])


def test_a_redirect_on_the_same_host_is_followed_with_the_token(serve, connect):
    def answer(request):
        if request.path == "/dir":
            return Response("", 307, {"Location": "/dir/"})
        return Response(f"{request.path} {request.headers['Authorization']}")

    server = serve(answer)
    assert connect(server.url).channel.send(call(server.url + "/dir")).body == b"/dir/ Bearer token-1"


def test_a_redirect_to_another_host_is_not_followed(serve, connect):
    other = serve(lambda request: Response("stolen"))
    server = serve(lambda request: Response("", 302, {"Location": other.url + "/?sig=SECRETSIG"}))
    failure = refused(connect(server.url).channel, call(server.url))
    assert failure.why is Why.INVALID
    assert "127.0.0.1" in failure.reason
    assert "SECRETSIG" not in failure.reason
    assert other.asked == []


def test_a_redirect_to_a_sign_in_page_means_sign_in(serve, connect):
    server = serve(lambda request: Response("", 302, {"Location": "https://login.microsoftonline.com/x/oauth2"}))
    assert refused(connect(server.url).channel, call(server.url)).why is Why.SIGN_IN


def test_a_circle_of_redirects_ends(serve, connect):
    server = serve(lambda request: Response("", 302, {"Location": request.url}))
    assert refused(connect(server.url).channel, call(server.url)).why is Why.INVALID
    assert len(server.asked) <= 6


def test_a_post_is_not_redirected(serve, connect):
    server = serve(lambda request: Response("", 307, {"Location": "/other"}))
    assert refused(connect(server.url).channel, call(server.url, "POST")).status == 307
    assert len(server.asked) == 1


def test_cookies_are_never_kept(serve, connect):
    server = serve(lambda request: Response("x", headers={"Set-Cookie": "ARRAffinity=abc; Path=/"}))
    line = connect(server.url)
    line.channel.send(call(server.url, headers={"Cookie": "ARRAffinity=mine"}))
    line.channel.send(call(server.url))
    assert server.asked[0].headers["Cookie"] == "ARRAffinity=mine"
    assert "Cookie" not in server.asked[1].headers


def test_a_netrc_is_not_read(serve, connect, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login u password p\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(lambda request: Response(request.headers.get("Authorization", "none")))
    assert connect(server.url).channel.send(call(server.url, audience=None)).body == b"none"


def test_users_in_urls_are_not_sent(serve, connect):
    server = serve(lambda request: Response(request.headers.get("Authorization", "none")))
    url = server.url.replace("//", "//user:word@")
    assert connect(server.url).channel.send(call(url, audience=None)).body == b"none"


def test_basic_goes_only_where_the_call_carries_it(serve, connect):
    server = serve(lambda request: Response(str(request.authorization)))
    line = connect(server.url)
    asked = call(server.url, basic=("user", "word"))
    assert line.channel.send(asked).body.startswith(b"Basic ")
    assert line.tokens.scopes == []
    assert "word" not in repr(asked)


def test_a_proxy_gets_what_leaves_this_machine(serve, connect, monkeypatch):
    proxy = serve(lambda request: Response("no", 403))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    line = connect(proxy.url)
    failure = refused(line.channel, call("https://management.example.invalid/x", retries=0))
    assert failure.why is Why.BLOCKED  # this proxy refuses
    assert [request.method for request in proxy.asked] == ["CONNECT"]
    assert "proxy" in failure.reason


def test_what_stays_on_this_machine_goes_to_no_proxy(serve, connect, monkeypatch, closed_port):
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    server = serve(lambda request: Response("direct"))
    assert connect(server.url).channel.send(call(server.url)).body == b"direct"


@pytest.mark.parametrize("audience", [AUDIENCE, None])
def test_nothing_goes_in_plain_text_to_another_machine(connect, audience):
    line = connect("http://127.0.0.1:1")
    failure = refused(line.channel, call("http://192.0.2.1/x?sig=SECRETSIG", audience=audience))
    assert failure.why is Why.INVALID
    assert "SECRETSIG" not in failure.reason
    assert line.exchanges == []


def test_a_401_is_tried_once_more_with_a_new_token(serve, connect):
    server = serve(
        lambda request: Response("yes") if request.headers["Authorization"] == "Bearer token-2" else Response("", 401)
    )
    line = connect(server.url)
    assert line.channel.send(call(server.url, "POST", json={"a": 1})).body == b"yes"
    assert line.tokens.renewed == 1
    assert [request.get_json() for request in server.asked] == [{"a": 1}, {"a": 1}]


def test_a_second_401_means_sign_in(serve, connect):
    server = serve(lambda request: Response("<html><title>401 - Unauthorized</title>", 401))
    failure = refused(connect(server.url).channel, call(server.url))
    assert failure.why is Why.SIGN_IN
    assert "401 - Unauthorized" in failure.reason
    assert len(server.asked) == 2


def test_a_claims_challenge_is_answered_with_its_claims(serve, connect):
    challenge = 'Bearer error="insufficient_claims", claims="eyJhIjogMX0="'
    server = serve(
        lambda request: (
            Response("yes")
            if request.headers["Authorization"] == "Bearer token-2"
            else Response("", 401, {"WWW-Authenticate": challenge})
        )
    )
    line = connect(server.url)
    assert line.channel.send(call(server.url)).body == b"yes"
    assert line.tokens.claims == [None, '{"a": 1}']


def test_threads_that_meet_an_expired_token_renew_it_once(serve, connect):
    together = threading.Barrier(8, timeout=20)

    def answer(request):
        if request.headers["Authorization"] == "Bearer token-1":
            together.wait()
            return Response("", 401)
        return Response("yes")

    server = serve(answer)
    line = connect(server.url)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: line.channel.send(call(server.url)).body, range(8)))
    assert answers == [b"yes"] * 8
    assert line.tokens.renewed == 1


def test_threads_share_one_pipeline_for_an_audience(connect):
    session = connect("http://127.0.0.1:1").channel.session
    with ThreadPoolExecutor(16) as threads:
        assert len({id(each) for each in threads.map(lambda _: session.client("a"), range(200))}) == 1


def test_silence_means_timeout(serve, connect):
    server = serve(lambda request: time.sleep(0.6) or Response("late"))
    failure = refused(connect(server.url).channel, call(server.url, read_s=0.1, retries=0))
    assert failure.why is Why.TIMEOUT
    assert "no answer in time" in failure.reason


def test_silence_in_the_middle_means_timeout(serve, connect):
    def body():
        yield b"x" * 10
        time.sleep(0.6)
        yield b"y" * 10

    server = serve(lambda request: Response(body(), headers={"Content-Length": "20"}))
    assert refused(connect(server.url).channel, call(server.url, read_s=0.1)).why is Why.TIMEOUT


def test_a_refused_connection_means_blocked(connect, closed_port):
    failure = refused(connect("http://127.0.0.1:1").channel, call(f"http://127.0.0.1:{closed_port}/a?sig=SECRET"))
    assert failure.why is Why.BLOCKED
    assert "the connection was refused" in failure.reason
    assert "SECRET" not in failure.reason


def test_a_name_nobody_knows_means_blocked(connect, socket_enabled, monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    line = connect("http://127.0.0.1:1")
    failure = refused(line.channel, call("https://nobody.invalid/x", retries=1))
    assert failure.why is Why.BLOCKED
    assert len(line.exchanges) == 2
    assert "resolved" in (line.exchanges[0].error or "")


def test_a_tls_error_is_not_tried_again_and_says_tls(serve, connect):
    server = serve(lambda request: Response("plain"))
    line = connect(server.url)
    failure = refused(line.channel, call(server.url.replace("http:", "https:")))
    assert failure.why is Why.BLOCKED
    assert "TLS: " in failure.reason
    assert len(line.exchanges) == 1


def test_less_than_announced_is_invalid(serve, connect):
    def answer(request):
        def body():
            yield b"x" * 1000
            hang_up(request)

        return Response(body(), headers={"Content-Length": "5000"})

    server = serve(answer)
    failure = refused(connect(server.url).channel, call(server.url))
    assert failure.why is Why.INVALID
    assert "cut off" in failure.reason


def test_a_reset_in_the_middle_is_invalid(serve, connect):
    def answer(request):
        def body():
            yield b"x" * 100_000
            hang_up(request, reset=True)

        return Response(body(), headers={"Content-Length": "5000000"})

    server = serve(answer)
    assert refused(connect(server.url).channel, call(server.url)).why is Why.INVALID


def test_gzip_is_unpacked(serve, connect):
    server = serve(lambda request: Response(gzip.compress(b"a" * 100_000), headers={"Content-Encoding": "gzip"}))
    assert connect(server.url).channel.send(call(server.url)).body == b"a" * 100_000


def test_a_page_where_json_is_asked_is_invalid(serve, connect):
    server = serve(lambda request: Response("<!DOCTYPE html><html><title>Sign in</title>"))
    answer = connect(server.url).channel.send(call(server.url))
    with pytest.raises(AzureFailure, match="HTML page") as caught:
        answer.json()
    assert caught.value.why is Why.INVALID


def test_an_answer_over_the_limit_is_not_held(serve, connect):
    server = serve(lambda request: Response(b"x" * 300_000))
    with pytest.raises(AzureFailure, match="more than 100000 bytes"):
        connect(server.url).channel.send(call(server.url), limit=100_000)


def test_a_huge_refusal_is_read_only_at_its_beginning(serve, connect):
    def endless():
        while True:
            yield b"x" * 65536

    server = serve(lambda request: Response(endless(), 400))
    assert len(refused(connect(server.url).channel, call(server.url)).reason) < 1000


def test_big_answers_come_in_big_blocks(serve, connect):
    server = serve(lambda request: Response(b"x" * 1_000_000))
    with connect(server.url).channel.stream(call(server.url)) as stream:
        sizes = [len(chunk) for chunk in stream.chunks()]
    assert sum(sizes) == 1_000_000
    assert max(sizes) >= 64 * 1024


def test_every_try_is_recorded_without_secrets(serve, connect):
    headers = {"x-ms-request-id": "r1", "x-ms-correlation-request-id": "c1"}
    error = {"error": {"code": "Busy", "message": "see https://u:PASSWORD@x.test/?sig=SECRETSIG&code=SECRETCODE"}}

    def answer(request):
        return Response(json.dumps(error), 409, headers, content_type="application/json")

    server = serve(answer)
    line = connect(server.url)
    url = server.url.replace("//", "//user:SECRETUSER@") + "/a/b?api-version=1&sig=SECRETSIG#SECRETPART"
    failure = refused(line.channel, replace(call(url), worker="abc", query={"code": "SECRETCODE", "$top": "5"}))
    (exchange,) = line.exchanges
    assert (exchange.status, exchange.request_id, exchange.correlation_id, exchange.worker, exchange.error) == (
        409,
        "r1",
        "c1",
        "abc",
        "Busy",
    )
    assert exchange.client_request_id == server.asked[0].headers["x-ms-client-request-id"]
    assert "api-version=1" in exchange.url
    assert "$top=5" in exchange.url
    assert abs(exchange.clock_offset_s) < 10
    for text in (exchange.model_dump_json(), failure.reason, str(failure), repr(failure)):
        assert "SECRET" not in text
        assert "PASSWORD" not in text
    assert failure.why is Why.BUSY


def test_a_closed_session_leaves_no_connection(serve, connect):
    server = serve(lambda request: Response("x"))
    line = connect(server.url)
    line.channel.send(call(server.url))
    with line.channel.session:
        pass
    pools = line.channel.session._pool.adapters["http://"].poolmanager.pools
    assert len(pools) == 0
