"""Captures as facts: name servers, peers, what was sent again; hostile files give what could be read, and a note."""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.formats.pcap import read
from escalate.formats.record import Record
from escalate.formats.sniff import sniff
from escalate.model.kind import Kind
from tests.formats.packets import ACK, DATA, RST, SYN, Capture, opened, silent
from tests.redact.captures import block, enhanced, ethernet, interface, option, section

PEER, OTHER = "203.0.113.5:443", "203.0.113.9:1433"
PLATFORM, OWN = "168.63.129.16", "10.30.8.4"


def facts(data: bytes, name: str = "trace.pcap") -> list[Record]:
    return list(read(io.BytesIO(data), PurePosixPath(name)))


def peer_of(data: bytes, peer: str = PEER) -> Record:
    address, _, port = peer.rpartition(":")
    return next(r for r in facts(data) if r.fields.get("peer") == address and r.fields["port"] == int(port))


def notes(data: bytes) -> list[str]:
    return [record.text for record in facts(data) if record.fields["what"] == "note"]


def test_handshake_is_timed_and_the_record_points_to_its_packet():
    capture = Capture()
    opened(capture, PEER)
    record = peer_of(capture.data)
    assert (record.fields["calls"], record.fields["opened"], record.fields["unanswered"]) == (1, 1, 0)
    assert record.fields["slowest_ms"] == pytest.approx(4, abs=0.1)
    assert (record.line, record.pointer) == (1, "packet 1")
    assert record.ts == datetime(2025, 8, 14, 5, 4, tzinfo=UTC)


def test_syn_sent_again_after_one_three_and_seven_seconds_has_no_answer():
    capture = Capture()
    silent(capture, PEER)
    fields = peer_of(capture.data).fields
    assert (fields["unanswered"], fields["syn_again"], fields["opened"]) == (1, 3, 0)


def test_syn_sent_again_and_answered_late_is_a_slow_handshake():
    capture = Capture()
    silent(capture, PEER)
    capture.tcp(7.02, f"{PEER}>me:50100", SYN | ACK, seq=900, ack=101)
    fields = peer_of(capture.data).fields
    assert (fields["unanswered"], fields["opened"]) == (0, 1)
    assert fields["slowest_ms"] == pytest.approx(7020, abs=1)


def test_refused_call_that_the_system_makes_again_has_an_answer():
    capture = Capture()
    for at in (0.0, 0.5, 1.0):
        capture.tcp(at, "me:50100>" + PEER, SYN, seq=100)
        capture.tcp(at + 0.01, f"{PEER}>me:50100", RST | ACK, seq=0, ack=101)
    fields = peer_of(capture.data).fields
    assert (fields["unanswered"], fields["syn_again"]) == (0, 0)
    assert fields["resets"]


def test_packets_captured_on_two_interfaces_are_not_sent_again():
    capture = Capture()
    for at in (0.0, 0.0001):
        capture.tcp(at, "me:50100>" + PEER, SYN, seq=100)
    for at in (0.004, 0.0041):
        capture.tcp(at, f"{PEER}>me:50100", SYN | ACK, seq=900, ack=101)
    for at in (0.01, 0.0101):
        capture.tcp(at, "me:50100>" + PEER, DATA, seq=101, ack=901, size=600)
    for at in (0.02, 0.0201):
        capture.dns(at, PLATFORM, 7)
    fields = peer_of(capture.data).fields
    assert (fields["syn_again"], fields["again"], fields["opened"]) == (0, 0, 1)
    assert next(r for r in facts(capture.data) if r.fields["what"] == "dns").fields["repeated"] == 0


def test_segments_sent_again_are_counted_and_keep_alives_are_not():
    capture = Capture()
    opened(capture, PEER)
    for at in (0.01, 0.3, 0.9):
        capture.tcp(at, "me:50000>" + PEER, DATA, seq=101, ack=901, size=100)
    capture.tcp(1.0, f"{PEER}>me:50000", ACK, seq=901, ack=201)
    for at in (50.0, 100.0):
        capture.tcp(at, "me:50000>" + PEER, ACK, seq=200, ack=901, size=1)
    fields = peer_of(capture.data).fields
    assert (fields["again"], fields["stuck"]) == (2, 0)


@pytest.mark.parametrize(("sends_first", "idle"), [(True, 300), (False, 300)])
def test_reset_tells_how_long_the_connection_was_idle(sends_first: bool, idle: int):
    capture = Capture()
    opened(capture, PEER)
    if sends_first:
        capture.tcp(0.005 + idle, "me:50000>" + PEER, DATA, seq=101, ack=901, size=80)
    capture.tcp(0.006 + idle, f"{PEER}>me:50000", RST, seq=901)
    assert peer_of(capture.data).fields["idle_s"] == pytest.approx(idle, abs=0.1)


def test_reset_long_after_an_idle_time_that_had_its_answer_is_not_due_to_it():
    capture = Capture()
    opened(capture, PEER)
    capture.tcp(300, "me:50000>" + PEER, DATA, seq=101, ack=901, size=80)
    capture.tcp(300.01, f"{PEER}>me:50000", DATA, seq=901, ack=181, size=80)
    capture.tcp(300.02, f"{PEER}>me:50000", RST, seq=981)
    assert peer_of(capture.data).fields["idle_s"] < 1


def test_large_hello_that_is_never_answered_on_an_open_connection_is_stuck():
    capture = Capture()
    opened(capture, PEER)
    for at in (0.01, 0.21, 0.61, 1.41, 3.0):
        capture.tcp(at, "me:50000>" + PEER, DATA, seq=101, ack=901, size=1400)
    capture.tcp(5, f"{PEER}>me:50000", ACK, seq=901, ack=101)
    assert peer_of(capture.data).fields["stuck"] == 1


def test_name_server_without_answers_stands_beside_one_that_answers_and_one_that_fails():
    capture = Capture()
    for number in range(5):
        for later in (0, 5, 10):
            capture.dns(number + later, PLATFORM, number)
        capture.dns(number, OWN, 100 + number)
        capture.dns(number + 0.003, OWN, 100 + number, rcode=2 if number == 3 else 0)
    capture.out.sort(key=lambda packet: struct.unpack_from("<II", packet))
    found = {record.fields["server"]: record for record in facts(capture.data) if record.fields["what"] == "dns"}
    bad, good = found[PLATFORM].fields, found[OWN].fields
    assert (bad["queries"], bad["answered"], bad["repeated"]) == (5, 0, 10)
    assert "5 queries without answer" in found[PLATFORM].text
    assert (good["queries"], good["answered"], good["refused"]) == (5, 5, 1)


def test_linux_cooked_raw_and_vlan_packets_are_read():
    capture = Capture()
    opened(capture, PEER)
    packets = [packet[16 + 14 :] for packet in capture.out]
    heads = {
        1: bytes(12) + b"\x81\x00\x00\x07\x08\x00",
        113: struct.pack(">HHH8sH", 4, 1, 6, bytes(8), 0x0800),
        276: struct.pack(">HHIHBB8s", 0x0800, 0, 1, 1, 4, 6, bytes(8)),
        101: b"",
        108: b"\0\0\0\2",
    }
    for link, head in heads.items():
        out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, link)
        for number, packet in enumerate(packets):
            whole = head + packet
            out += struct.pack("<IIII", 1_755_147_840 + number, 0, len(whole), len(whole)) + whole
        assert peer_of(out).fields["opened"] == 1, link


def test_version_six_is_read_behind_its_extension_headers():
    ends = bytes(15) + b"\1" + bytes(15) + b"\2"
    syn = b"\6\0\0\0\0\0\0\0" + struct.pack(">HHIIBBHHH", 50_000, 443, 1, 0, 5 << 4, SYN, 501, 0, 0)
    capture = Capture()
    capture.add(0, struct.pack(">IHBB", 6 << 28, len(syn), 0, 64) + ends + syn)
    assert peer_of(capture.data, "::2:443").fields["calls"] == 1


def test_pcapng_times_follow_the_resolution_of_the_interface():
    capture = Capture()
    opened(capture, PEER)
    syn = ethernet(capture.out[0][16 + 14 :])
    ticks = 1_755_147_840 * 1_000
    head = struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(syn), len(syn))
    body = block(6, head + syn + b"\0" * (-len(syn) % 4))
    data = section() + interface(options=option(9, b"\3")) + body
    assert peer_of(data).ts == datetime(2025, 8, 14, 5, 4, tzinfo=UTC)


def test_packets_cut_to_their_headers_tell_the_same():
    whole, cut = Capture(), Capture()
    for capture in (whole, cut):
        opened(capture, PEER)
        for at in (0.01, 0.3):
            capture.tcp(at, "me:50000>" + PEER, DATA, seq=101, ack=901, size=1200)
    cut.out = [packet[:8] + struct.pack("<I", min(len(packet) - 16, 54)) + packet[12 : 16 + 54] for packet in cut.out]
    assert facts(whole.data) == facts(cut.data)


def test_cut_or_broken_capture_gives_what_was_read_and_a_note():
    capture = Capture()
    opened(capture, PEER)
    assert notes(capture.data) == []
    assert notes(capture.data[:-7]) == ["The capture ends inside of packet 3."]
    assert peer_of(capture.data[:-7]).fields["opened"] == 1
    broken = capture.data + struct.pack("<IIII", 1, 0, 0xFFFFFFFF, 60)
    assert notes(broken) == ["The header of packet 4 is broken; nothing behind it was read."]
    assert notes(b"\xd4\xc3\xb2\xa1\2\0") == ["The capture is cut off in its header."]
    assert notes(Capture(link=147).data) == []
    odd = Capture(link=147)
    opened(odd, PEER)
    assert notes(odd.data) == ["Packets of link type 147 cannot be read."]
    assert notes(section() + enhanced(b"\0" * 20)) == ["1 packets are broken or of an interface that is not there."]


def test_capture_is_recognised_with_a_reader(tmp_path: Path):
    capture = Capture()
    opened(capture, PEER)
    (tmp_path / "any.name").write_bytes(capture.data)
    entry = sniff(tmp_path / "any.name")
    assert entry.kind is Kind.PCAP
    assert entry.read is read


def _talk() -> bytes:
    capture = Capture()
    opened(capture, PEER)
    silent(capture, OTHER)
    capture.dns(8, PLATFORM, 1)
    capture.dns(8.1, PLATFORM, 1, rcode=0)
    return capture.data


def _talk_ng() -> bytes:
    capture = Capture()
    opened(capture, PEER)
    capture.dns(8, PLATFORM, 1)
    frames = [ethernet(packet[16 + 14 :]) for packet in capture.out]
    return section() + interface(options=option(9, b"\6")) + b"".join(enhanced(frame) for frame in frames)


@settings(max_examples=60)
@given(
    st.sampled_from([_talk(), _talk_ng()]), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255))), st.data()
)
def test_no_bytes_make_the_reader_raise(base: bytes, changes: list[tuple[int, int]], data: st.DataObject):
    spoiled = bytearray(base)
    for at, value in changes:
        spoiled[at % len(spoiled)] = value
    spoiled = spoiled[: data.draw(st.integers(0, len(spoiled)))]
    for record in facts(bytes(spoiled) + data.draw(st.binary(max_size=40))):
        assert record.line == 1
        assert record.text


@settings(max_examples=60)
@given(st.sampled_from([0, 1, 101, 108, 113, 276]), st.lists(st.binary(max_size=80), max_size=8))
def test_no_packet_makes_the_reader_raise(link: int, packets: list[bytes]):
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, link)
    for packet in packets:
        out += struct.pack("<IIII", 1, 0, len(packet), len(packet)) + packet
    assert len(facts(out)) <= len(packets) + 1


ALONE = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
"""A network of its own, which may be made to lose packets without harm to anybody."""


def _has_own_network() -> bool:
    if not all(shutil.which(name) for name in ("unshare", "ip")):
        return False
    cable = [*ALONE, "ip", "link", "add", "near0", "type", "veth", "peer", "name", "far0"]
    return subprocess.run(cable, capture_output=True, check=False).returncode == 0


@pytest.mark.system
@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="needs tcpdump")
def test_tcpdump_of_a_network_that_loses_packets_tells_which(tmp_path: Path):
    if not _has_own_network():
        pytest.skip("needs a network namespace with a pair of veth devices (unshare, ip)")
    target = tmp_path / "lost.pcap"
    script = Path(__file__).parent / "lossy_network.py"
    run = subprocess.run(
        [*ALONE, sys.executable, str(script), str(target)], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    data = target.read_bytes()
    assert notes(data) == []
    full, fine, narrow = (peer_of(data, peer).fields for peer in ("127.0.0.1:9001", "127.0.0.1:9002", "192.0.2.2:9003"))
    assert (full["opened"], full["unanswered"]) == (0, 1)
    assert full["syn_again"] >= 2
    assert (fine["opened"], fine["unanswered"], fine["again"], fine["resets"]) == (1, 0, 0, 1)
    assert (narrow["opened"], narrow["stuck"]) == (1, 1)
    assert narrow["again"] >= 3
    servers = {record.fields["server"]: record.fields for record in facts(data) if record.fields["what"] == "dns"}
    mute, speaking = servers["127.0.0.53"], servers["127.0.0.54"]
    assert (mute["queries"], mute["answered"], mute["repeated"]) == (1, 0, 2)
    assert (speaking["queries"], speaking["answered"], speaking["refused"]) == (1, 1, 1)
