"""Addresses of clients: the quick rule finds what the detector finds, whatever stands around them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.redact.clients import ClientRule
from escalate.redact.detectors.registry import detectors
from escalate.redact.names import NameBook
from escalate.redact.rules import DetectorRule
from escalate.redact.scan import Matcher, Pass

KEY = b"k" * 32
PIECES = (
    *(
        "203.0.113.9",
        "20.50.2.1",
        "24.1.2.3",
        "10.1.2.3",
        "1.2.3.4.5",
        "118.0.0.0",
        "999.1.1.1",
        "01.2.3.4",
        "240.1.2.3",
    ),
    *(
        "v",
        "Version=",
        "release: ",
        "Chrome/",
        "http://",
        "\\n",
        "%20",
        "\\u0020",
        "%",
        "%A",
        "192.168.1.1",
        "lib-",
        "-rc1",
        "x",
        "_",
        "//",
    ),
    *(" ", "  ", '"', '": "', "'", ",", ".", "-", ":", ":8080", "\n", "\r\n", "=", "(", "[", "        ", "5"),
)
DETECTOR = next(one for one in detectors() if one.id == "ipv4-address")
QUICK = Matcher([ClientRule(DETECTOR, KEY, NameBook(KEY), ())])
PLAIN = Matcher([DetectorRule(DETECTOR, KEY, NameBook(KEY), ())])


def through(matcher: Matcher, data: bytes) -> tuple[bytes, dict[str, int]]:
    scan = Pass(matcher)
    return scan.feed(data) + scan.finish(), scan.counts


@given(st.lists(st.sampled_from(PIECES), max_size=14))
@settings(max_examples=400, deadline=None)
def test_the_quick_rule_agrees_with_the_detector(pieces: list[str]):
    data = "".join(pieces).encode()
    assert through(QUICK, data) == through(PLAIN, data)


def test_a_version_stays_and_a_client_goes():
    data = b'"version": "20.1.2.3", "client": "20.1.2.3"'
    result, counts = through(QUICK, data)
    assert result.startswith(b'"version": "20.1.2.3", "client": "2')
    assert result.count(b"20.1.2.3") == 1
    assert counts == {"ipv4-address": 1}
