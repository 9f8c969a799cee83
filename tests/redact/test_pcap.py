"""Captures made by tcpdump, and made ones: headers, times and lengths stay, contents and public addresses go."""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.case.layout import Room
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.redaction import Sealed, Withheld
from escalate.redact import stage
from escalate.redact.engine import Engine
from escalate.redact.handlers.pcap import HANDLER
from escalate.redact.handlers.registry import CannotRedact, handler_of
from escalate.redact.names import Name
from escalate.redact.rules import EngineInputs
from tests.redact.captures import (
    LINUX_MAC,
    OTHER_MAC,
    block,
    checksum,
    dns,
    dns_name,
    dns_record,
    enhanced,
    ethernet,
    icmp,
    interface,
    ip4,
    ip6,
    option,
    packed,
    pcap,
    pseudo,
    read_blocks,
    read_pcap,
    section,
    tcp,
    udp,
)

CLIENT, SERVER, WORKER = "20.50.2.1", "52.239.140.9", "10.30.4.17"
CLIENT6, SERVER6 = "2603:1020:5::a1", "2a01:111:f100:2000::a83e:3375"
OWN = "shop.azurewebsites.net"
SECRET = b"planted-Payload-4711"
needs_tcpdump = pytest.mark.skipif(shutil.which("tcpdump") is None, reason="needs tcpdump")


@pytest.fixture(scope="module")
def engine():
    """An engine that knows the site's name and the name of a person."""
    return Engine(EngineInputs(key=b"k" * 32, own_names=(OWN, "shop"), names=(Name("user", "jdoe77"),)))


@pytest.fixture
def redact(engine, tmp_path):
    """Redacts a capture: its bytes, and the ledger."""

    def run(data, told=None):
        place = tmp_path / "made.pcap"
        place.write_bytes(data)
        sink = io.BytesIO()
        ledger = HANDLER.redact(place, sink, engine, told or (lambda n: None))
        return sink.getvalue(), ledger

    return run


def one(redact, frame, **more):
    """The only packet of a capture, redacted."""
    after, _ = redact(pcap(frame, **more))
    (seen,) = read_pcap(after)
    assert seen.size == len(frame)
    return seen.data


def whole(data, size):
    """A packet as if zeros had been its payload."""
    return data.ljust(size, b"\0")


class TestOfHeaders:
    def test_tcp_stays_and_its_payload_goes(self, redact):
        options = b"\x02\x04\x05\xb4\x01\x01\x08\x0a" + struct.pack(">II", 99, 98)
        segment = tcp(CLIENT, WORKER, (50111, 80), b"GET /" + SECRET, options)
        frame = ethernet(ip4(CLIENT, WORKER, 6, segment))
        after = one(redact, frame)
        assert len(after) == 14 + 20 + 20 + len(options)
        assert after[46:50] == frame[46:50]  # flags, window
        assert after[34:46] == frame[34:46]  # ports, sequence, acknowledgement
        assert after[54:] == options
        assert after[30:34] == packed(WORKER)
        assert after[26] >= 240

    def test_one_client_is_one_pseudonym_in_packets_and_in_texts(self, engine, redact):
        first = one(redact, ethernet(ip4(CLIENT, WORKER, 6, tcp(CLIENT, WORKER, (50111, 80)))))
        second = one(redact, ethernet(ip4(WORKER, CLIENT, 17, udp(WORKER, CLIENT, (4000, 4001), b"x"))))
        assert first[26:30] == second[30:34]
        assert engine.redact_text(f"from {CLIENT}:1") == f"from {'.'.join(map(str, first[26:30]))}:1"

    @pytest.mark.parametrize("wrong", [0, 0x1234])
    @pytest.mark.parametrize("payload", [b"", b"odd", b"payload"])
    def test_right_checksums_stay_right_and_wrong_ones_wrong(self, redact, wrong, payload):
        for protocol, segment, place in (
            (6, tcp(CLIENT, SERVER, (50111, 443), payload), 16),
            (17, udp(CLIENT, SERVER, (50111, 4443), payload), 6),
        ):
            value = struct.unpack_from(">H", segment, place)[0] ^ wrong
            segment = segment[:place] + struct.pack(">H", value) + segment[place + 2 :]
            frame = ethernet(ip4(CLIENT, SERVER, protocol, segment))
            data, ledger = redact(pcap(frame))
            after = whole(read_pcap(data)[0].data, len(frame))
            assert checksum(after[14:34]) == 0
            before = after[26:34] + struct.pack(">BBH", 0, protocol, len(segment))
            assert (checksum(before + after[34:]) == 0) is (wrong == 0)
            assert ledger.counts.get("pcap-checksum-bad", 0) == (wrong != 0)
            assert ledger.counts["pcap-checksum-good"] == 1 + (wrong == 0)

    def test_a_wrong_header_checksum_stays_wrong(self, redact):
        packet = ip4(CLIENT, SERVER, 6, tcp(CLIENT, SERVER, (1, 2)))
        data, ledger = redact(pcap(ethernet(packet[:10] + b"\x12\x34" + packet[12:])))
        assert checksum(read_pcap(data)[0].data[14:34]) != 0
        assert ledger.counts["pcap-checksum-bad"] == 1

    def test_what_a_card_was_to_finish_is_told_from_what_is_wrong(self, redact):
        segment = tcp(CLIENT, SERVER, (1, 2), b"payload")
        partial = ~checksum(pseudo(CLIENT, SERVER, 6, len(segment))) & 0xFFFF
        segment = segment[:16] + struct.pack(">H", partial) + segment[18:]
        data, ledger = redact(pcap(ethernet(ip4(CLIENT, SERVER, 6, segment))))
        after = read_pcap(data)[0].data
        new = ~checksum(after[26:34] + struct.pack(">BBH", 0, 6, len(segment))) & 0xFFFF
        assert struct.unpack_from(">H", after, 50)[0] % 65_535 == new % 65_535
        assert ledger.counts["pcap-checksum-offloaded"] == 1

    def test_a_short_payload_cannot_be_read_from_the_checksum(self, redact):
        def frame(payload):
            return ethernet(ip4(CLIENT, SERVER, 17, udp(CLIENT, SERVER, (1, 2), payload)))

        assert one(redact, frame(b"ab")) == one(redact, frame(b"xy"))

    def test_stations_keep_their_identity_and_lose_their_address(self, redact):
        data, ledger = redact(pcap(*[ethernet(ip4(WORKER, SERVER, 6, tcp(WORKER, SERVER, (1, 2))))] * 3))
        macs = {(each.data[:6], each.data[6:12]) for each in read_pcap(data)}
        assert len(macs) == 1
        assert LINUX_MAC not in data
        assert OTHER_MAC not in data
        assert all(mac[0] & 3 == 2 for pair in macs for mac in pair)
        assert ledger.counts["mac-address"] == 2

    def test_address_resolution_is_mapped_like_the_frames(self, redact):
        body = bytes.fromhex("0001080006040001") + LINUX_MAC + packed(WORKER) + bytes(6) + packed(CLIENT)
        after = one(redact, b"\xff" * 6 + LINUX_MAC + b"\x08\x06" + body + bytes(18))
        assert len(after) == 42
        assert after[:6] == b"\xff" * 6
        assert after[22:28] == after[6:12] != LINUX_MAC
        assert after[28:32] == packed(WORKER)
        assert after[38] >= 240

    def test_tags_of_virtual_networks_stay(self, redact):
        tags = bytes.fromhex("88a80064 81000065".replace(" ", ""))
        packet = ip4(CLIENT, WORKER, 6, tcp(CLIENT, WORKER, (1, 2), SECRET))
        after = one(redact, ethernet(packet, vlans=tags))
        assert after[12:20] == tags
        assert len(after) == 22 + 40

    def test_an_error_quotes_the_mapped_packet(self, redact):
        quoted = ip4(CLIENT, WORKER, 6, tcp(CLIENT, WORKER, (50111, 443), SECRET))
        message = icmp(3, 4, struct.pack(">HH", 0, 1400), quoted)
        after = one(redact, ethernet(ip4(WORKER, CLIENT, 1, message)))
        inner = after[14 + 20 + 8 :]
        assert after[14 + 20 + 4 : 14 + 20 + 8] == struct.pack(">HH", 0, 1400)
        assert inner[12:16] == after[30:34]
        assert inner[20:24] == struct.pack(">HH", 50111, 443)
        assert len(inner) == 40
        assert checksum(whole(after[34:], len(message))) == 0

    def test_neighbours_of_version_6_are_mapped_inside_of_messages(self, redact):
        solicited = "ff02::1:ff3e:3375"
        rest = packed(SERVER6) + b"\x01\x01" + LINUX_MAC
        message = icmp(135, 0, bytes(4), rest, pseudo(CLIENT6, solicited, 58, 8 + len(rest)))
        after = one(redact, ethernet(ip6(CLIENT6, solicited, 58, message)))
        assert packed(SERVER6)[8:] not in after
        assert packed(CLIENT6)[:8] not in after
        assert after[-6:] == after[6:12]
        assert after[38:54] == packed("ff02::1:ff00:0")
        total = after[22:54] + struct.pack(">IxxxB", len(message), 58) + after[54:]
        assert checksum(total) == 0

    def test_extension_headers_and_the_real_end_of_a_route(self, redact):
        segment = tcp(CLIENT6, SERVER6, (1, 2), SECRET)
        hop = bytes([43, 0, 5, 2, 0, 0, 1, 0])
        route = bytes([44, 2, 0, 1]) + bytes(4) + packed(SERVER6)
        fragment = bytes([6, 0, 0, 0]) + bytes(4)
        after = one(redact, ethernet(ip6(CLIENT6, "2001:4860::8888", 0, hop + route + fragment + segment)))
        assert after[54:62] == hop
        final = after[54 + 8 + 8 : 54 + 8 + 24]
        assert final[:4] == packed("2001:db8::")[:4]
        begin = 54 + 8 + 24 + 8
        assert after[begin : begin + 4] == struct.pack(">HH", 1, 2)
        total = after[22:38] + final + struct.pack(">IxxxB", len(segment), 6) + whole(after[begin:], len(segment))
        assert checksum(total) == 0
        assert SECRET not in after

    def test_link_local_addresses_made_of_a_station_follow_the_station(self, redact):
        local = "fe80::21d:d8ff:feb7:1c01"
        after = one(redact, ethernet(ip6(local, "ff02::2", 17, udp(local, "ff02::2", (1, 2)))))
        assert packed(local)[9:] not in after
        assert after[22:30] == packed("fe80::")[:8]
        assert after[31:33] + after[35:38] == after[7:9] + after[9:12]

    def test_fragments_and_strange_protocols_end_at_their_headers(self, redact):
        middle = one(redact, ethernet(ip4(CLIENT, WORKER, 17, SECRET * 2, fragment=0x2005)))
        first = one(redact, ethernet(ip4(CLIENT, WORKER, 17, udp(CLIENT, WORKER, (53, 9), SECRET), fragment=0x2000)))
        tunnel = one(redact, ethernet(ip4(CLIENT, WORKER, 47, b"\0\0\x08\0" + SECRET)))
        assert [len(each) - 34 for each in (middle, first, tunnel)] == [0, 8, 0]

    def test_options_keep_numbers_and_lose_contents(self, redact):
        record = b"\x07\x0b\x08" + packed(SERVER) + packed(CLIENT) + b"\0"
        options = b"\x22\x0acookie-8" + b"\x1e\x0a\x30\x07" + packed(SERVER) + b"\x01\xbb" + b"\x05\x0a" + bytes(8)
        segment = tcp(CLIENT, WORKER, (1, 2), b"", options)
        after = one(redact, ethernet(ip4(CLIENT, WORKER, 6, segment, options=record)))
        assert packed(SERVER) not in after
        assert b"cookie" not in after
        assert after[34:37] == b"\x07\x0b\0"
        assert after[14 + 32 + 20 :][:2] == b"\x22\x0a"
        assert checksum(after[14:46]) == 0

    @pytest.mark.parametrize("cut_to", [0, 9, 20, 33, 36, 44, 53, 56, 70, 96])
    def test_a_short_snapshot_is_kept_as_far_as_it_has_whole_headers(self, redact, cut_to):
        frame = ethernet(ip4(CLIENT, WORKER, 6, tcp(CLIENT, WORKER, (1, 2), SECRET * 5, b"\x02\x04\x05\xb4")))
        data, ledger = redact(pcap(frame, cut_to=cut_to))
        (seen,) = read_pcap(data)
        assert seen.size == len(frame)
        assert len(seen.data) <= cut_to
        assert packed(CLIENT) not in data
        assert b"Payload" not in data
        assert "pcap-checksum-bad" not in ledger.counts

    def test_a_segment_whose_length_a_card_fills_in_is_read_to_its_end(self, redact):
        packet = bytearray(ip4(CLIENT, WORKER, 6, tcp(CLIENT, WORKER, (1, 2), SECRET)))
        packet[2:4] = bytes(2)
        packet[10:12] = bytes(2)
        packet[10:12] = struct.pack(">H", checksum(bytes(packet[:20])))
        assert len(one(redact, ethernet(bytes(packet)))) == 54

    @pytest.mark.parametrize(
        ("link", "head"),
        [
            (0, struct.pack("<I", 2)),
            (0, struct.pack(">I", 2)),
            (108, struct.pack(">I", 2)),
            (101, b""),
            (228, b""),
            (113, struct.pack(">HHH", 4, 1, 6) + LINUX_MAC + b"\0\0\x08\0"),
            (276, struct.pack(">HHIHBB", 0x0800, 0, 3, 1, 0, 6) + LINUX_MAC + b"\0\0"),
        ],
    )
    def test_other_links_are_read_as_well(self, redact, link, head):
        packet = ip4(CLIENT, WORKER, 6, tcp(CLIENT, WORKER, (50111, 80), SECRET))
        after = one(redact, head + packet, link=link)
        assert len(after) == len(head) + 40
        assert LINUX_MAC not in after
        assert packed(CLIENT) not in after
        assert after[-20:-16] == struct.pack(">HH", 50111, 80)


class TestOfNames:
    def test_dns_keeps_everything_but_whose_it_is(self, engine, redact):
        message = dns(
            "ordersdb-prod.database.windows.net",
            dns_record(5, b"\x0ccontoso-prod" + b"\xc0\x1a"),
            dns_record(1, packed(SERVER)),
            dns_record(28, packed(SERVER6)),
            dns_record(16, b"\x14" + SECRET),
            flags=0x8183,
        )
        after = one(
            redact, ethernet(ip4("168.63.129.16", WORKER, 17, udp("168.63.129.16", WORKER, (53, 4000), message)))
        )
        got = after[42:]
        assert len(got) == len(message)
        assert got[:12] == message[:12]
        assert b"ordersdb" not in got
        assert b"contoso" not in got
        assert b"\x08database\x07windows\x03net\0" in got
        assert got[13:24].decode() in engine.redact_text("x") + engine.names.pseudonym("host", "ordersdb-prod")
        assert packed(SERVER) not in got
        assert packed(SERVER6) not in got
        assert SECRET not in got
        assert checksum(after[26:34] + struct.pack(">BBH", 0, 17, len(message) + 8) + after[34:]) == 0

    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            (OWN, True),
            ("login.microsoftonline.com", True),
            ("management.azure.com", True),
            ("waws-prod-db3-001.azurewebsites.windows.net", False),
            ("other-app.azurewebsites.net", False),
            ("api.contoso.co.uk", False),
            ("dc01.corp.contoso", False),
            ("sqlprimary", False),
            ("localhost", True),
        ],
    )
    def test_names_of_the_platform_and_of_the_site_stay(self, redact, name, kept):
        message = dns(name)
        got = one(redact, ethernet(ip4(WORKER, SERVER, 17, udp(WORKER, SERVER, (4000, 53), message))))[42:]
        assert len(got) == len(message)
        assert (got == message) is kept
        assert not re.search(rb"contoso|sqlprimary|other-app|dc01", got)

    def test_a_reverse_name_of_version_6_is_that_of_the_pseudonym(self, engine, redact):
        nibbles = packed(SERVER6).hex()[::-1]
        message = dns(".".join(nibbles) + ".ip6.arpa", kind=12)
        got = one(redact, ethernet(ip4(WORKER, SERVER, 17, udp(WORKER, SERVER, (4000, 53), message))))[42:]
        found = got[13 : 13 + 64 : 2].decode()[::-1]
        assert bytes.fromhex(found) == packed(engine.names.address(SERVER6))

    def test_a_reverse_name_of_version_4_does_not_say_the_address(self, redact):
        got = one(
            redact,
            ethernet(
                ip4(WORKER, SERVER, 17, udp(WORKER, SERVER, (4000, 53), dns("9.140.239.52.in-addr.arpa", kind=12)))
            ),
        )[42:]
        assert b"in-addr" in got
        assert b"239" not in got

    def test_dns_over_tcp_is_read_when_it_is_whole(self, redact):
        message = dns("secretname.contoso.com")
        payload = struct.pack(">H", len(message)) + message
        got = one(redact, ethernet(ip4(WORKER, SERVER, 6, tcp(WORKER, SERVER, (4000, 53), payload))))[54:]
        assert len(got) == len(payload)
        assert b"contoso" not in got
        assert b"\x03com\0" in got

    @pytest.mark.parametrize(
        "payload",
        [
            SECRET * 3,
            dns("a.b.com")[:12] + b"\xc0\x00" + SECRET,
            dns("a.b.com", dns_record(1, packed(SERVER), name=b"\xc0\x1d"))[:-2] + SECRET,
            struct.pack(">HHHHHH", 1, 0x0100, 30, 0, 0, 0) + SECRET,
            dns_name("contoso.com") * 4,
        ],
    )
    def test_other_things_on_the_port_of_dns_are_dropped(self, redact, payload):
        assert len(one(redact, ethernet(ip4(WORKER, SERVER, 17, udp(WORKER, SERVER, (4000, 53), payload))))) == 42

    def test_a_hello_keeps_what_is_negotiated(self, redact):
        hello = client_hello("orders.contoso-internal.com")
        data = one(redact, ethernet(ip4(WORKER, SERVER, 6, tcp(WORKER, SERVER, (4000, 443), hello))))[54:]
        assert len(data) == len(hello)
        assert b"contoso" not in data
        assert b".com" in data
        assert data[:11] == hello[:11]
        assert data[11:43] == bytes(32)
        assert b"\x02h2\x08http/1.1" in data
        for extension in (0x2B, 0x0A, 0x0D):  # versions, groups, signatures
            assert find_extension(hello, extension) == find_extension(data, extension)
        key_share = find_extension(hello, 0x33)
        assert key_share
        assert not any(find_extension(data, 0x33))

    def test_a_hello_over_two_segments_is_kept_to_its_last_whole_extension(self, redact):
        hello = client_hello("orders.contoso-internal.com")
        for stop in range(1, len(hello), 7):
            frame = ethernet(ip4(WORKER, SERVER, 6, tcp(WORKER, SERVER, (4000, 443), hello[:stop])))
            data = one(redact, frame)[54:]
            assert len(data) <= stop
            assert b"contoso" not in data

    def test_records_after_the_first_keep_their_headers(self, redact):
        stream = b"\x15\x03\x03\x00\x02\x02\x28" + b"\x17\x03\x03\x00\x14" + SECRET + b"\x17\x03\x03\x40\x00" + SECRET
        data = one(redact, ethernet(ip4(WORKER, SERVER, 6, tcp(WORKER, SERVER, (443, 4000), stream))))[54:]
        assert data == b"\x15\x03\x03\x00\x02\x02\x28" + b"\x17\x03\x03\x00\x14" + bytes(20) + b"\x17\x03\x03\x40\x00"


def client_hello(host):
    """What OpenSSL sends first."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["h2", "http/1.1"])
    client = context.wrap_bio(into, out, server_hostname=host)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return out.read()


def find_extension(hello, number):
    """The content of an extension of a ClientHello record."""
    at = 5 + 4 + 34
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at : at + 2])
    at += 1 + hello[at]
    at += 2
    while at < len(hello):
        kind, size = struct.unpack_from(">HH", hello, at)
        if kind == number:
            return hello[at + 4 : at + 4 + size]
        at += 4 + size
    return None


FRAMES = (
    ethernet(ip4(CLIENT, WORKER, 6, tcp(CLIENT, WORKER, (50111, 80), b"GET / " + SECRET))),
    ethernet(ip4(WORKER, SERVER, 17, udp(WORKER, SERVER, (4000, 53), dns("orders.contoso.com")))),
    ethernet(ip4(WORKER, SERVER, 6, tcp(WORKER, SERVER, (4000, 443), client_hello("www.contoso.com")))),
    ethernet(ip6(CLIENT6, SERVER6, 6, tcp(CLIENT6, SERVER6, (1, 2), SECRET))),
)


class TestOfClassicFiles:
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B23C4D])
    def test_times_and_lengths_stay_in_both_orders_and_resolutions(self, redact, order, magic):
        before = pcap(*FRAMES, order=order, magic=magic)
        after, _ = redact(before)
        assert after[:24] == before[:24]
        assert [(one.stamp, one.size) for one in read_pcap(after)] == [
            (one.stamp, one.size) for one in read_pcap(before)
        ]

    def test_a_capture_that_was_killed_loses_its_last_packet_only(self, redact):
        before = pcap(*FRAMES)
        for cut in (1, 30, len(FRAMES[-1]) + 3):
            after, ledger = redact(before[:-cut])
            assert len(read_pcap(after)) == len(FRAMES) - 1
            assert ledger.counts["pcap-cut-record"] == 1

    def test_redacting_twice_changes_no_header(self, redact):
        before = pcap(
            FRAMES[0], FRAMES[3], ethernet(ip4(WORKER, SERVER, 6, tcp(WORKER, SERVER, (1, 2), b"x")[:-1] + b"y"))
        )
        once, _ = redact(before)
        assert redact(once)[0] == once

    def test_every_byte_is_told_twice(self, redact):
        told = []
        data = pcap(*FRAMES)
        redact(data, told.append)
        assert sum(told) == 2 * len(data)

    def test_windows_of_the_reader_do_not_matter(self, redact, monkeypatch):
        data = pcap(*FRAMES * 20)
        expected = redact(data)[0]
        monkeypatch.setattr("escalate.formats.pcap_window.STEP", 61)
        monkeypatch.setattr("escalate.redact.handlers.pcap_classic._FLUSH", 100)
        assert redact(data)[0] == expected

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (pcap(link=147), "a link of type 147"),
            (pcap()[:20], "cut off"),
            (pcap()[:4] + b"\x03\0" + pcap()[6:], "version 2.4"),
            (pcap(*FRAMES)[:28] + b"\xff\xff\xff\xff" + pcap(*FRAMES)[32:], "broken"),
            (section()[:20], "cut off"),
            (section() + enhanced(FRAMES[0]), "not there"),
            (section() + interface(147), "a link of type 147"),
            (section() + interface()[:-4] + bytes(4), "does not end as it begins"),
            (section() + struct.pack("<II", 6, 13) + bytes(20), "impossible length"),
        ],
    )
    def test_what_is_not_understood_is_refused(self, redact, data, reason):
        with pytest.raises(CannotRedact, match=reason):
            redact(data)


class TestOfPcapng:
    @pytest.mark.parametrize("order", ["<", ">"])
    def test_blocks_keep_numbers_and_lose_secrets(self, redact, order):
        packet_options = option(1, b"the request of jdoe77", order) + option(3, b"\x02" + bytes(16), order)
        maker = option(4, b"dumpcap of jdoe77", order) + option(2988, b"who knows" + SECRET, order)
        device = option(2, b"eth0", order) + option(4, packed(CLIENT) + b"\xff" * 4, order)
        device += option(9, b"\x09", order) + option(11, b"\0host db.contoso.com", order)
        data = (
            section(maker + bytes(4), order)
            + interface(1, device, order)
            + block(10, struct.pack(order + "II", 0x544C534B, 40) + b"CLIENT_RANDOM " + SECRET, order)
            + block(4, option(1, packed(SERVER) + b"db.contoso.com\0", order) + bytes(4), order)
            + enhanced(FRAMES[0], packet_options + bytes(4), order)
            + block(3, struct.pack(order + "I", len(FRAMES[0])) + FRAMES[0], order)
            + block(2, struct.pack(order + "HHIIII", 0, 0, 1, 2, len(FRAMES[0]), len(FRAMES[0])) + FRAMES[0], order)
            + block(0x0BAD, b"\0\0\0\1" + SECRET, order)
            + block(5, struct.pack(order + "III", 0, 1, 2) + option(4, bytes(8), order), order)
        )  # fmt: skip
        after, ledger = redact(data)
        blocks = read_blocks(after, order)
        assert [kind for kind, _ in blocks] == [0x0A0D0D0A, 1, 4, 6, 3, 2, 5]
        assert not re.search(rb"jdoe77|contoso|Payload|who knows", after)
        assert b"eth0" in after
        assert packed(CLIENT) not in after
        assert packed(SERVER) not in after
        assert blocks[1][1][8:16] == option(2, b"eth0", order)
        assert blocks[3][1][12:20] == struct.pack(order + "II", 54, len(FRAMES[0]))
        assert b"the request of user-" in blocks[3][1]
        assert len(blocks[4][1]) == 4 + -(-len(FRAMES[0]) // 4) * 4
        assert ledger.counts["pcap-block"] == 2
        assert ledger.counts["pcap-text"] == 2

    def test_a_cut_last_block_is_dropped(self, redact):
        data = section() + interface() + enhanced(FRAMES[0]) + enhanced(FRAMES[1])
        after, ledger = redact(data[:-7])
        assert [kind for kind, _ in read_blocks(after)] == [0x0A0D0D0A, 1, 6]
        assert ledger.counts["pcap-cut-record"] == 1

    def test_a_second_section_may_have_the_other_order(self, redact):
        second = section(order=">") + interface(101, order=">") + enhanced(FRAMES[0][14:], order=">")
        after, _ = redact(section() + interface() + enhanced(FRAMES[0]) + second)
        assert packed(CLIENT) not in after
        assert b"\x1a\x2b\x3c\x4d" in after


CLASSIC = pcap(*FRAMES)
NEXT = section(option(1, b"comment")) + interface() + b"".join(map(enhanced, FRAMES))


@settings(max_examples=60)
@given(at=st.integers(0, len(NEXT) - 1), byte=st.integers(0, 255), cut=st.booleans(), classic=st.booleans())
def test_a_damaged_capture_is_redacted_or_refused_and_nothing_else(engine, tmp_path_factory, at, byte, cut, classic):
    data = CLASSIC if classic else NEXT
    at %= len(data)
    place = tmp_path_factory.mktemp("damaged") / "x.pcap"
    place.write_bytes(data[:at] if cut else data[:at] + bytes([byte]) + data[at + 1 :])
    sink = io.BytesIO()
    try:
        HANDLER.redact(place, sink, engine, lambda n: None)
    except CannotRedact:
        return
    assert b"planted-Payload" not in sink.getvalue()
    assert b"contoso" not in sink.getvalue() or not cut


@settings(max_examples=60)
@given(
    payload=st.binary(max_size=200),
    port=st.sampled_from([53, 80, 443]),
    over=st.sampled_from([6, 17]),
    cut_to=st.integers(30, 300),
)
def test_no_payload_gives_a_traceback_or_itself_away(engine, tmp_path_factory, payload, port, over, cut_to):
    segment = (tcp if over == 6 else udp)(CLIENT, SERVER, (port, 4000), b"planted!" + payload)
    place = tmp_path_factory.mktemp("payload") / "x.pcap"
    place.write_bytes(pcap(ethernet(ip4(CLIENT, SERVER, over, segment)), cut_to=cut_to))
    sink = io.BytesIO()
    HANDLER.redact(place, sink, engine, lambda n: None)
    (seen,) = read_pcap(sink.getvalue())
    assert len(seen.data) <= 54
    assert packed(CLIENT) not in sink.getvalue()


def test_the_stage_seals_a_capture_and_withholds_a_strange_one(filled_case):
    case = filled_case(
        {"net.pcap": pcap(*FRAMES), "usb.pcap": pcap(link=220), "a.log": f"2026-04-04 {CLIENT} called\n".encode()}
    )
    items = {item.path: item for item in stage.run(case, QuietObserver()).items}
    assert isinstance(items["net.pcap"], Sealed)
    assert items["net.pcap"].ledger.counts["ip-address"] == 4
    assert isinstance(items["usb.pcap"], Withheld)
    assert "link of type 220" in items["usb.pcap"].reason
    pseudonym = re.search(rb"2[45]\d\.[\d.]+", case.path(Room.REDACTED, "a.log").read_bytes())
    assert pseudonym
    assert packed(pseudonym[0].decode()) in case.path(Room.REDACTED, "net.pcap").read_bytes()


def test_captures_have_a_handler():
    assert handler_of(Kind.PCAP) is HANDLER


@pytest.mark.system
@needs_tcpdump
def test_tcpdump_sees_the_same_conversation(redact, tmp_path, socket_enabled):
    before = tmp_path / "before.pcap"
    with ExitStack() as stack:
        ports = Talk(stack).ports
        command = ["tcpdump", "-i", "lo", "-U", "-w", str(before), " or ".join(f"port {port}" for port in ports)]
        dump = subprocess.Popen(command, stderr=subprocess.PIPE)
        assert dump.stderr is not None
        if not any(b"listening on" in line for line in dump.stderr):
            dump.wait()
            pytest.skip("tcpdump may not capture here")
        try:
            Talk.speak(ports)
            end = time.monotonic() + 20
            while time.monotonic() < end and (not before.exists() or b"LAST-WORD" not in before.read_bytes()):
                time.sleep(0.05)
        finally:
            dump.terminate()
            dump.communicate()
    data = before.read_bytes()
    for planted in (b"header-secret-81", b"body-secret-92", b"contoso-secrets", b"LAST-WORD"):
        assert planted in data
    redacted, ledger = redact(data)
    for planted in (b"header-secret-81", b"body-secret-92", b"contoso-secrets", b"LAST-WORD"):
        assert planted not in redacted
    after = tmp_path / "after.pcap"
    after.write_bytes(redacted)
    assert said(after) == said(before)
    assert len(said(before)) > 15
    assert ledger.counts["pcap-payload"] > 3
    assert find_hello(redacted)[:3] == b"\x16\x03\x01"


def said(place):
    """The lines of tcpdump: times, addresses, flags, sequence numbers, options and lengths; not what it decodes."""
    made = subprocess.run(
        ["tcpdump", "-nn", "-tttt", "-S", "-r", str(place)], capture_output=True, check=True, text=True
    )
    return [re.sub(r"(?:(length \d+).*|(\d+\+? A\?).*)", r"\1\2", line) for line in made.stdout.splitlines()]


def find_hello(data):
    return next(one.data[66:] for one in read_pcap(data) if one.data[66:68] == b"\x16\x03")


class Talk:
    """Servers on the loopback, and a client that tells them secrets."""

    def __init__(self, stack):
        self.ports = []
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")):
            server = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            server.bind((host, 0))
            server.listen()
            server.settimeout(20)
            self.ports.append(server.getsockname()[1])
            threading.Thread(target=self._serve, args=(server,), daemon=True).start()
        names = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        if os.geteuid() == 0:
            with suppress(OSError):
                names.bind(("127.0.0.77", 53))
        self.ports.append(53)

    @staticmethod
    def _serve(server):
        with suppress(OSError):
            client, _ = server.accept()
            with client:
                begin = client.recv(65_536)
                client.sendall(
                    b"\x15\x03\x03\x00\x02\x02\x28" if begin[:1] == b"\x16" else b"HTTP/1.1 200 OK\r\n\r\nLAST-WORD"
                )

    @staticmethod
    def speak(ports):
        """HTTP over IPv4, a question to a name server, a hello, HTTP over IPv6."""
        request = b"POST / HTTP/1.1\r\nAuthorization: header-secret-81\r\n\r\nbody-secret-92"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as question:
            question.sendto(dns("db.contoso-secrets.com", flags=0x0100), ("127.0.0.77", ports[3]))
        for host, port, text in (
            ("127.0.0.1", ports[0], request),
            ("127.0.0.1", ports[2], client_hello("a.contoso.com")),
            ("::1", ports[1], request),
        ):
            with socket.create_connection((host, port), timeout=20) as client:
                client.sendall(text)
                while client.recv(65_536):
                    pass
