"""Files in ranges: resumed, complete, the same file from beginning to end, and what they claim to be."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.wrappers import Request, Response

from escalate.azure import ranges
from escalate.azure.blob import signed_call, signed_download
from escalate.azure.call import MIB, Call
from escalate.azure.cloud import CLOUDS
from escalate.azure.download import Expectation, download
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.pool import BLOCK
from tests.azure.conftest import hang_up

CONTENT = random.Random(7).randbytes(300_000)


@dataclass
class File:
    """A file behind HTTP, with the faults of real servers."""

    content: bytes = CONTENT
    etag: str | None = '"v1"'
    ranges: bool = True
    length: bool = True
    cuts: list[int] = field(default_factory=list)
    """After so many bytes of an answer the connection ends; one entry for each answer, then no more."""
    reset: bool = False
    asked: list[str | None] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.asked.append(request.headers.get("Range"))
        headers = {"ETag": self.etag} if self.etag else {}
        if self.ranges:
            headers["Accept-Ranges"] = "bytes"
        first, last, status = 0, len(self.content) - 1, 200
        condition = request.headers.get("If-Range")
        if self.ranges and request.range and (condition is None or condition == self.etag):
            (begin, stop), status = request.range.ranges[0], 206
            first = max(0, len(self.content) + begin) if begin < 0 else begin
            last = min(last, stop - 1) if stop is not None else last
            if first > last:
                return Response("", 416, {**headers, "Content-Range": f"bytes */{len(self.content)}"})
            headers["Content-Range"] = f"bytes {first}-{last}/{len(self.content)}"
        body = self.content[first : last + 1]
        if self.length or status == 206:
            headers["Content-Length"] = str(len(body))
        cut = self.cuts.pop(0) if self.cuts else None
        return Response(self._sent(request, body, cut), status, headers, content_type="application/octet-stream")

    def _sent(self, request, body, cut):
        whole = body if cut is None else body[:cut]
        for at in range(0, len(whole), 50_000):
            yield whole[at : at + 50_000]
        if cut is not None and cut < len(body):
            hang_up(request, reset=self.reset)


@pytest.fixture
def small_pieces(monkeypatch):
    """Ranges of 64 KiB, so that a small file has several."""
    monkeypatch.setattr(ranges, "PIECE", 64 * 1024)


@pytest.fixture
def fetch(serve, connect, small_pieces):
    def get(file, method="GET", **expected) -> bytes:
        server = serve(file)
        line = connect(server.url)
        call = Call(method=method, url=server.url + "/f?sig=SECRETSIG", audience=None, retries=3)
        return b"".join(download(line.channel, call, Expectation(**expected)))

    return get


def failure_of(fetch, file, **expected) -> AzureFailure:
    with pytest.raises(AzureFailure) as caught:
        fetch(file, **expected)
    assert "SECRETSIG" not in caught.value.reason
    return caught.value


def test_a_file_is_read_in_pieces(fetch):
    file = File()
    assert fetch(file) == CONTENT
    assert file.asked == [f"bytes={at}-{min(at + 65536, 300_000) - 1}" for at in range(0, 300_000, 65536)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.integers(0, 300_000),
    cuts=st.lists(st.integers(0, 70_000), max_size=8),
    reset=st.booleans(),
    etag=st.sampled_from(['"v1"', 'W/"v1"', None]),
    growing=st.booleans(),
)
def test_cut_at_any_places_the_bytes_are_the_same(serve, connect, small_pieces, size, cuts, reset, etag, growing):
    cuts = [cut or 1 for cut in cuts]  # no progress at all more than three times is another test
    file = File(CONTENT[:size], cuts=cuts, reset=reset, etag=etag)
    server = serve(file)
    call = Call(method="GET", url=server.url, audience=None, retries=9)  # a reset may swallow what was sent before it
    got = b"".join(download(connect(server.url).channel, call, Expectation(growing=growing)))
    assert got == CONTENT[:size]


def test_a_gateway_error_in_between_is_waited_for(fetch):
    file = File()
    down = [False, True, True, False]
    assert fetch(lambda request: Response("", 502) if down and down.pop(0) else file(request)) == CONTENT


def test_no_progress_ends_it(fetch):
    file = File(cuts=[70_000, *[0] * 50])
    failure = failure_of(fetch, file)
    assert failure.why is Why.INVALID
    assert "of 300000" in failure.reason
    assert len(file.asked) <= 6


def test_an_unknown_length_is_streamed_in_one_request(fetch):
    file = File(ranges=False, length=False)
    assert fetch(file) == CONTENT
    assert len(file.asked) == 1


def test_a_server_without_ranges_is_streamed_and_a_break_is_final(fetch):
    assert fetch(File(ranges=False)) == CONTENT
    file = File(ranges=False, cuts=[100_000])
    failure = failure_of(fetch, file)
    assert failure.why is Why.INVALID
    assert "cut off after byte" in failure.reason
    assert len(file.asked) == 1


def test_a_whole_answer_of_a_server_with_ranges_is_resumed(fetch):
    file = File(cuts=[100_000])

    def app(request):
        if not file.asked:
            request.environ.pop("HTTP_RANGE")
        return file(request)

    assert fetch(app) == CONTENT
    assert len(file.asked) > 1


def test_what_is_made_anew_is_asked_for_once(fetch):
    file = File()
    assert fetch(file, ranges=False) == CONTENT
    assert file.asked == [None]
    assert failure_of(fetch, File(cuts=[100]), ranges=False).why is Why.INVALID


def test_a_post_is_not_split(fetch):
    file = File()
    assert fetch(file, method="POST") == CONTENT
    assert file.asked == [None]


@pytest.mark.parametrize("etags", [('"v1"', '"v2"'), ('W/"v1"', 'W/"v2"')])
def test_a_file_that_changes_in_the_middle_is_noticed(fetch, etags):
    file = File(etag=etags[0])

    def app(request):
        if file.asked:
            file.etag = etags[1]
        return file(request)

    failure = failure_of(fetch, app)
    assert failure.why is Why.INVALID
    assert etags[0] in failure.reason
    assert etags[1] in failure.reason


def test_a_file_without_etag_that_changes_its_size_is_noticed(fetch):
    file = File(etag=None)

    def app(request):
        if file.asked:
            file.content = CONTENT + b"more"
        return file(request)

    assert "has 300004" in failure_of(fetch, app).reason


def test_a_log_that_grows_is_read_to_where_it_ended(fetch):
    file = File()

    def app(request):
        if file.asked:
            file.content += b"more"
            file.etag = f'"v{len(file.asked) + 1}"'
        return file(request)

    assert fetch(app, growing=True) == CONTENT


def test_a_log_that_shrinks_is_noticed(fetch):
    file = File()

    def app(request):
        if file.asked:
            file.content = CONTENT[:200_000]
        return file(request)

    assert "shrank from 300000 to 200000" in failure_of(fetch, app, growing=True).reason


def test_a_server_that_forgets_ranges_in_the_middle_is_noticed(fetch):
    file = File()

    def app(request):
        file.ranges = not file.asked
        return file(request)

    assert failure_of(fetch, app).why is Why.INVALID


@pytest.mark.parametrize("given", ["bytes 5-65540/300000", "bytes 0-99/300000", "bytes 65536-65535/300000", "bytes x"])
def test_a_range_nobody_asked_for_is_not_taken(fetch, given):
    file = File()

    def app(request):
        answer = file(request)
        if len(file.asked) > 1:
            answer.headers["Content-Range"] = given
        return answer

    assert failure_of(fetch, app).why is Why.INVALID


@pytest.mark.parametrize(
    ("etag", "growing", "sent"),
    [('"v1"', False, '"v1"'), ('W/"v1"', False, None), (None, False, None), ('"v1"', True, None)],
)
def test_the_server_is_told_which_state_of_the_file_is_wanted(fetch, etag, growing, sent):
    file, conditions = File(etag=etag), []

    def app(request):
        conditions.append(request.headers.get("If-Range"))
        return file(request)

    assert fetch(app, growing=growing) == CONTENT
    assert conditions == [None, *[sent] * 4]


def test_a_server_that_gives_no_bytes_of_its_range_is_not_asked_for_ever(fetch):
    file = File()

    def app(request):
        headers = file(request).headers
        headers["Content-Length"] = "0"
        return Response(b"", 206, headers)

    failure = failure_of(fetch, app)
    assert failure.why is Why.INVALID
    assert "ended before its range did" in failure.reason
    assert len(file.asked) == 4


def test_more_than_the_range_is_not_taken(fetch):
    def app(request):
        return Response([b"x" * 100_000], 206, {"Content-Range": "bytes 0-65535/300000", "ETag": '"v1"'})

    assert "more than the range" in failure_of(fetch, app).reason


def test_an_empty_file_is_empty(fetch):
    assert fetch(File(b"")) == b""
    assert fetch(File(b""), last_bytes=100, whole_lines=True) == b""
    assert fetch(File(b"", ranges=False)) == b""


def test_no_content_is_missing(fetch):
    assert failure_of(fetch, lambda request: Response(status=204)).why is Why.MISSING
    assert failure_of(fetch, lambda request: Response(status=204), ranges=False).why is Why.MISSING


def test_a_missing_file_is_missing(fetch):
    assert failure_of(fetch, lambda request: Response("", 404)).why is Why.MISSING


def test_a_file_that_vanishes_in_the_middle_is_missing(fetch):
    file = File()
    failure = failure_of(fetch, lambda request: file(request) if not file.asked else Response("", 404))
    assert failure.why is Why.MISSING
    assert "cut off after byte 65536 of 300000" in failure.reason


@pytest.mark.parametrize("status", [200, 206])
def test_a_compressed_answer_is_unpacked(fetch, status):
    packed = gzip.compress(CONTENT)

    def app(request):
        headers = {"Content-Encoding": "gzip"}
        if "Range" in request.headers and status == 206:
            return Response(packed[:100], 206, {**headers, "Content-Range": f"bytes 0-99/{len(packed)}"})
        return Response(packed, 200, headers)

    assert fetch(app) == CONTENT


def test_compression_is_not_asked_for(serve, connect):
    server = serve(File())
    list(download(connect(server.url).channel, Call("GET", server.url, None)))
    assert {request.headers["Accept-Encoding"] for request in server.asked} == {"identity"}


PAGE = b"\r\n <!DOCTYPE html><html><title>Sign in</title>" + b" " * 4000


@pytest.mark.parametrize("ranged", [True, False])
def test_a_page_is_never_taken_for_a_file(fetch, ranged):
    failure = failure_of(fetch, File(PAGE), ranges=ranged)
    assert failure.why is Why.INVALID
    assert "HTML page" in failure.reason
    assert fetch(File(PAGE), not_html=False) == PAGE


def test_the_first_bytes_must_be_right(fetch):
    assert fetch(File(b"PK\x03\x04" + CONTENT), magic=(b"MDMP", b"PK\x03\x04"))
    assert "not with 4d 44 4d 50" in failure_of(fetch, File(b"PK\x03\x04" + CONTENT), magic=(b"MDMP",)).reason
    assert failure_of(fetch, File(b"PK"), magic=(b"PK\x03\x04",)).why is Why.INVALID
    assert "begins with nothing" in failure_of(fetch, File(b""), magic=(b"MDMP",)).reason


def test_too_small_is_invalid(fetch):
    assert failure_of(fetch, File(b"MDMP"), magic=(b"MDMP",), min_bytes=5).why is Why.INVALID
    assert failure_of(fetch, File(), min_bytes=300_001).why is Why.INVALID
    assert fetch(File(), min_bytes=300_000) == CONTENT


LINES = b"".join(b"line %06d\n" % number for number in range(20_000))  # 12 bytes each


@pytest.mark.parametrize("kind", [{}, {"ranges": False}, {"ranges": False, "length": False}])
@pytest.mark.parametrize("last", [1, 11, 12, 13, 24, 1000, 150_000, 239_999, 240_000, 240_001, 500_000])
def test_a_tail_begins_at_a_line(fetch, kind, last):
    assert fetch(File(LINES, **kind), last_bytes=last) == LINES[-last:]
    whole = fetch(File(LINES, **kind), last_bytes=last, whole_lines=True)
    assert LINES.endswith(whole)
    if last >= len(LINES) - 1:  # the byte that is looked at before it is the first of all
        assert whole == LINES
    else:
        assert len(whole) == last // 12 * 12  # whole lines, and none too few


def test_a_tail_is_resumed(fetch):
    file = File(LINES, cuts=[70_000, 5_000])
    assert fetch(file, last_bytes=120_000, whole_lines=True) == LINES[-120_000:]
    read = 240_000 - 120_001 + BLOCK
    assert file.asked[:2] == ["bytes=-120001", f"bytes={read}-{min(240_000, read + 65_536) - 1}"]


def test_a_tail_of_one_endless_line_is_given_as_it_is(fetch):
    assert fetch(File(b"x" * 3 * MIB), last_bytes=2 * MIB, whole_lines=True) == b"x" * 2 * MIB


def test_no_piece_is_bigger_than_a_mebibyte(serve, connect):
    packed = gzip.compress(b"a" * 40 * MIB)
    server = serve(lambda request: Response(packed, headers={"Content-Encoding": "gzip"}))
    sizes = [len(chunk) for chunk in download(connect(server.url).channel, Call("GET", server.url, None))]
    assert sum(sizes) == 40 * MIB
    assert max(sizes) <= MIB


def test_reading_may_stop_in_the_middle(serve, connect):
    server = serve(File(CONTENT * 20))
    chunks = download(connect(server.url).channel, Call("GET", server.url, None))
    next(chunks)
    chunks.close()


def test_a_signed_url_needs_no_token(serve, connect):
    server = serve(File())
    line = connect(server.url)
    got = b"".join(signed_download(line.channel, f"{server.url}/c/b?sv=1&sig=SECRETSIG", Expectation()))
    assert got == CONTENT
    assert line.tokens.scopes == []
    assert "Authorization" not in server.asked[0].headers
    assert server.asked[0].args["sig"] == "SECRETSIG"


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/?sig=S", "https://a.blob.core.windows.net.evil.example/", "https://[bad", "file:///etc/x"],
)
def test_a_signed_url_elsewhere_is_not_asked(url):
    with pytest.raises(AzureFailure, match="not on the storage"):
        signed_call(CLOUDS["public"], url)
    assert signed_call(CLOUDS["usgov"], "https://a.blob.core.usgovcloudapi.net/c?sig=S").audience is None
