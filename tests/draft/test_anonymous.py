from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalate.draft.anonymous import Cover, cover
from escalate.draft.defect import DraftDefect
from escalate.draft.facts import Facts
from escalate.errors import ConfigError
from tests.fakes.triaged_case import INSTANCE_ID, RESOURCE_ID, WORKER, customer

PIECES = st.sampled_from(
    [
        RESOURCE_ID, WORKER, INSTANCE_ID, "shop", "rg-shop", "10.1.2.3", "1.2.3.4.5", "fe80::1:2", "::", "a@b.net",
        "a.b.com", "https://", "http://x", ".", ":", "-", "/", "@", " ", "[", "]", "<", "`", "0", "deadbeefdeadbeef",
        "RD0003FFB7A1D0",
        "2026-04-04T05:58:45.058Z", "12:03:07", "168.63.129.16", "java.lang.OutOfMemoryError", "System.Net.Sockets",
        "0x00007f56d8406d30", "x.log:52", "[app]", "com", "esc-20260404-060500-3f9a1c", "\\_", "é", "\n",
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def covering(tmp_path_factory: pytest.TempPathFactory) -> Cover:
    folder: Path = tmp_path_factory.mktemp("cover")
    return cover(Facts.load(customer().write(folder / "case")))


@given(st.lists(PIECES | st.text(max_size=6), max_size=14))
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_side_by_side_nothing_is_left_after_covering(covering: Cover, pieces: list[str]):
    made = covering.over("".join(pieces))
    covering.check(made, "the text")
    assert INSTANCE_ID not in made
    assert RESOURCE_ID not in made


@pytest.mark.parametrize(
    "left", [WORKER, "at shop.", "see 10.4.17.201", INSTANCE_ID, "https://a.b", "a@b.net", "x.shop-corp.net"]
)
def test_what_is_left_is_refused_and_not_repeated_in_the_error(covering: Cover, left: str):
    with pytest.raises(DraftDefect) as caught:
        covering.check(f"text {left}", "the packet")
    assert left not in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        "168.63.129.16 did not answer",
        "java.lang.OutOfMemoryError: Java heap space",
        "2026-04-04T05:58:45.058Z GET /api/orders 500",
        "tid=0x00007f56d8406d30 nid=0x2568",
        "System.Net.Sockets.SocketException",
        "worker of 3 workers",
        "12:03:07 to 12:03:18 UTC",
    ],
)
def test_what_says_nothing_of_anybody_stays(covering: Cover, words: str):
    assert covering.over(words) == words


@pytest.mark.parametrize("words", ["COLLECTOR", "Shop", "\u017fhop", "r\u0131g"])
def test_another_spelling_is_the_same_name(covering: Cover, words: str):
    covering.check(covering.over(words), "the text")


def test_a_part_of_an_own_name_cannot_be_kept(tmp_path: Path):
    made = Facts.load(customer().write(tmp_path / "case"))
    with pytest.raises(ConfigError, match="part of a name of your own"):
        cover(made, keep="sho")
