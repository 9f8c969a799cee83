"""What decides the gates of N06 and L22, and what captures of a worker lead to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from escalate.model.incident import Incident, TargetFacts, Window
from escalate.model.kind import Kind
from escalate.triage.place import Hit, place_of
from escalate.triage.result import State
from tests.formats.packets import Capture, opened, silent
from tests.triage.test_correlators import World

PLATFORM, OWN = "168.63.129.16", "10.30.8.4"
LISTED = "-????????? ? ?      ?          ?            ? dcg"
WRITES = [("$ touch /home/x && echo write-ok", 0), ("write-ok", 0)]


def rate(peak: int | None) -> World:
    known = {} if peak is None else {"peak_per_s": peak}
    return World().fact(Kind.PCAP, 60, instance="w1", what="dns", server=PLATFORM, queries=9, answered=0, **known)


@pytest.mark.parametrize(("peak", "state"), [(3, State.HOLDS), (900, State.FAILS), (None, State.UNKNOWN)])
def test_only_a_flood_of_own_queries_explains_a_silent_name_server(peak: int | None, state: State):
    assert rate(peak).ask("query_rate_is_low", server=PLATFORM, max_per_s=500).state is state
    assert rate(peak).ask("query_rate_is_low", server="192.0.2.1").state is State.UNKNOWN


def session(*lines: str, writes: bool = False) -> World:
    typed = [(line, 0.0) for line in lines]
    return World().typed("s", "w1", [("$ ls -la", 0), (LISTED, 0), *typed, *(WRITES if writes else [])])


def test_a_share_that_takes_writes_is_in_order_and_a_full_or_closed_one_is_not():
    full = "//10.0.176.5/volume-9/21cc90   50G   50G     0 100% /home"
    assert session(writes=True).ask("share_in_order").state is State.HOLDS
    assert session("$ df -h /home", full, writes=True).ask("share_in_order").state is State.FAILS
    assert session("$ touch /home/x", "touch: x: Permission denied").ask("share_in_order").state is State.FAILS
    assert session().ask("share_in_order").state is State.UNKNOWN


def test_an_entry_that_another_session_sees_whole_is_not_due_to_the_share():
    world = session()
    found = next(place for place in world.facts.of(Kind.SHELL_TRANSCRIPT) if place.excerpt == LISTED)
    hit = Hit(found, {"entry": "dcg"})
    assert world.ask("share_in_order", hit).state is State.UNKNOWN
    whole = "-rwxrwxrwx 1 nobody nogroup 3101 Jun 24 20:41 dcg"
    assert world.typed("t", "w2", [("$ ls -la", 0), (whole, 0)]).ask("share_in_order", hit).state is State.HOLDS
    other = Hit(place_of(found.artifact, world.record(LISTED)), {"entry": "drush"})
    assert world.ask("share_in_order", other).state is State.UNKNOWN


INCIDENT = Incident(
    title="t",
    symptom="s",
    window=Window(start=datetime(2025, 8, 14, 5, 0, tzinfo=UTC), end=datetime(2025, 8, 14, 5, 15, tzinfo=UTC)),
    target=TargetFacts(os="linux", instances=("10-30-4-11", "10-30-4-12")),
)


def asked(capture: Capture, server: str, answered: bool) -> None:
    for number in range(6):
        base = 100 if answered else 0
        capture.dns(2 * number + base / 100, server, base + number)
        if answered:
            capture.dns(2 * number + base / 100 + 0.002, server, base + number, rcode=0)
        else:
            capture.dns(2 * number + 1.5, server, base + number)


def test_a_silent_name_server_is_seen_in_a_capture_and_never_settled_by_it_alone(triaged):
    capture = Capture()
    asked(capture, PLATFORM, answered=False)
    asked(capture, OWN, answered=True)
    found = triaged({"networktrace/10-30-4-11_20250814T0504Z.pcap": capture.data}, INCIDENT)
    assert "N06" in found.active
    assert found.who == "undetermined"
    entry = found.cited("networktrace/10-30-4-11_20250814T0504Z.pcap")[0]
    assert (entry.line, entry.pointer) == (1, "packet 1")
    assert "6 queries without answer" in entry.excerpt


def test_an_own_name_server_that_is_silent_is_not_the_platform_s(triaged):
    capture = Capture()
    asked(capture, OWN, answered=False)
    asked(capture, PLATFORM, answered=True)
    found = triaged({"networktrace/10-30-4-11_20250814T0504Z.pcap": capture.data}, INCIDENT)
    assert "N06" not in found.rules
    assert found.who != "microsoft"


def test_calls_without_answer_reset_idle_connections_and_lost_large_packets_are_told_apart(triaged):
    def rules(capture: Capture) -> set[str]:
        opened(capture, "203.0.113.200:443", 51_000)
        found = triaged({"networktrace/10-30-4-11_1.pcap": capture.data}, INCIDENT)
        assert found.who != "microsoft"
        return found.rules & {"N03", "N04", "N05", "N06"}

    deaf, idle, narrow = Capture(), Capture(), Capture()
    silent(deaf, "203.0.113.5:443", 50_001)
    silent(deaf, "203.0.113.5:443", 50_002)
    opened(idle, "203.0.113.5:443")
    idle.tcp(301, "me:50000>203.0.113.5:443", 0x18, seq=101, ack=901, size=80)
    idle.tcp(301.002, "203.0.113.5:443>me:50000", 0x04, seq=901)
    for port in (50_003, 50_004):
        opened(narrow, "203.0.113.5:443", port)
        for at in (0.01, 0.21, 0.61, 1.41, 3.0):
            narrow.tcp(at, f"me:{port}>203.0.113.5:443", 0x18, seq=101, ack=901, size=1400)
    assert (rules(deaf), rules(idle), rules(narrow), rules(Capture())) == ({"N03"}, {"N04"}, {"N05"}, set())
