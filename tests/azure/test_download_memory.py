"""A gibibyte goes through without being held: the peak of memory hardly grows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from werkzeug.wrappers import Response

from escalate.azure.call import MIB

SIZE = 1024 * MIB
BLOCK = bytes(range(256)) * 4096

READER = """
import sys
sys.path.insert(0, sys.argv[2])
from tests.azure.conftest import Tokens, cloud_at
from escalate.azure.call import Call
from escalate.azure.download import Expectation, download
from escalate.azure.session import Session

def peak_kb():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

with Session(cloud_at(sys.argv[1]), Tokens()) as session:
    call = Call("GET", sys.argv[1] + "/dump", None)
    before, total, biggest = peak_kb(), 0, 0
    for chunk in download(session.channel(), call, Expectation(ranges=sys.argv[3] == "ranged")):
        total += len(chunk)
        biggest = max(biggest, len(chunk))
    print(total, biggest, peak_kb() - before)
"""


def generated(first: int, last: int):
    """Bytes of a file that exists nowhere."""
    at = first
    while at <= last:
        begin = at % MIB
        piece = BLOCK[begin : begin + last + 1 - at]
        yield piece
        at += len(piece)


def answer(request) -> Response:
    headers = {"ETag": '"1"', "Accept-Ranges": "bytes"}
    first, last, status = 0, SIZE - 1, 200
    if request.range:
        first, stop = request.range.ranges[0]
        last, status = min(last, stop - 1), 206
        headers["Content-Range"] = f"bytes {first}-{last}/{SIZE}"
    headers["Content-Length"] = str(last - first + 1)
    return Response(generated(first, last), status, headers, content_type="application/octet-stream")


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs /proc")
@pytest.mark.parametrize("kind", ["ranged", "straight"])
def test_a_gibibyte_takes_little_memory(serve, kind):
    server = serve(answer)
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", READER, server.url, str(root), kind], capture_output=True, text=True, timeout=250
    )
    assert ran.returncode == 0, ran.stderr
    total, biggest, grown_kb = map(int, ran.stdout.split())
    assert total == SIZE
    assert biggest <= MIB
    assert grown_kb < 100 * 1024
    assert len(server.asked) == (32 if kind == "ranged" else 1)
