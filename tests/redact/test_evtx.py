"""Event logs in the binary form of Windows, written here by the layout of the format, and read by a parser in Rust."""

from __future__ import annotations

import struct
import zlib
from xml.etree import ElementTree

import pytest
from evtx import PyEvtxParser
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.model.kind import Kind
from escalate.redact.engine import Engine
from escalate.redact.handlers.evtx import HANDLER
from escalate.redact.handlers.registry import CannotRedact, handler_of, suffix_of
from escalate.redact.rules import EngineInputs

SECRET = "Hunter2-Sup3rSecret"
TEXTS = (f"login failed, password={SECRET}", "<tag> & é", "line one\nline two", "")


@pytest.fixture(scope="module")
def knowing():
    return Engine(EngineInputs(key=b"k" * 32, known_values=(SECRET,)))


def name_hash(name):
    number = 0
    for letter in name:
        number = (number * 65599 + ord(letter)) & 0xFFFFFFFF
    return number & 0xFFFF


class ChunkMaker:
    """One chunk of 64 KiB with records whose binary XML has no templates."""

    def __init__(self):
        self.body = bytearray(512)

    def name(self, text):
        """A name stands where it is first used: offset of the next in the list, hash, length, letters, zero."""
        here = len(self.body) + 4
        self.body += struct.pack("<I", here) + struct.pack("<IHH", 0, name_hash(text), len(text))
        self.body += text.encode("utf-16-le") + b"\0\0"

    def element(self, name, text=None, inner=()):
        self.body += b"\x01"
        size_at = len(self.body)
        self.body += bytes(4)
        start = len(self.body)
        self.name(name)
        self.body += b"\x02"
        if text is not None:
            self.body += b"\x05\x01" + struct.pack("<H", len(text)) + text.encode("utf-16-le")
        for each in inner:
            self.element(*each)
        self.body += b"\x04"
        self.body[size_at:start] = struct.pack("<I", len(self.body) - start)

    def record(self, number, text):
        start = len(self.body)
        self.body += b"\x2a\x2a\0\0" + struct.pack("<IQQ", 0, number, 133_500_000_000_000_000)
        self.body += b"\x0f\x01\x01\0"
        self.element("Event", inner=(("Data", text),))
        self.body += b"\0"
        size = len(self.body) - start + 4
        self.body += struct.pack("<I", size)
        self.body[start + 4 : start + 8] = struct.pack("<I", size)
        self.last = start

    def finish(self, first, last):
        end = len(self.body)
        self.body[:128] = struct.pack(
            "<8s4Q4I", b"ElfChnk\0", first, last, first, last, 128, self.last, end, zlib.crc32(self.body[512:end])
        ).ljust(128, b"\0")
        self.body[124:128] = struct.pack("<I", zlib.crc32(self.body[:120] + self.body[128:512]))
        return bytes(self.body).ljust(65536, b"\0")


def log(*chunks, flags=0):
    """A log; each chunk is a list of texts."""
    made, number = [], 1
    for texts in chunks:
        chunk = ChunkMaker()
        for place, text in enumerate(texts):
            chunk.record(number + place, text)
        made.append(chunk.finish(number, number + len(texts) - 1))
        number += len(texts)
    head = struct.pack("<8s3QI4H", b"ElfFile\0", 0, len(made) - 1, number, 128, 1, 3, 4096, len(made))
    head = head.ljust(120, b"\0") + struct.pack("<I", flags)
    return (head + struct.pack("<I", zlib.crc32(head[:120]))).ljust(4096, b"\0") + b"".join(made)


def redact(engine, data, folder, told=None):
    place, result = folder / "made.evtx", folder / "result.xml"
    place.write_bytes(data)
    with result.open("w+b") as sink:
        ledger = HANDLER.redact(place, sink, engine, told or (lambda n: None))
    assert not list(folder.glob("*.part"))
    return result.read_bytes(), ledger


def test_another_reader_knows_the_log_that_is_made_here(tmp_path):
    place = tmp_path / "made.evtx"
    place.write_bytes(log(TEXTS, ["more"]))
    records = list(PyEvtxParser(str(place)).records())
    assert [record["event_record_id"] for record in records] == [1, 2, 3, 4, 5]
    assert SECRET in records[0]["data"]


def test_every_event_becomes_xml_and_secrets_go(knowing, tmp_path):
    data = log(TEXTS, ["more"])
    assert SECRET.encode("utf-16-le") in data
    after, ledger = redact(knowing, data, tmp_path)
    root = ElementTree.fromstring(after)
    assert root.tag == "Events"
    texts = [event.findtext("Data") for event in root]
    assert texts[0].startswith("login failed, password=[R:")
    assert texts[1:] == ["<tag> & é", "line one\nline two", "", "more"]
    assert SECRET.encode() not in after
    assert ledger.handler == "evtx"
    assert sum(ledger.counts.values()) == 1


def test_room_that_was_made_in_advance_is_no_event(knowing, tmp_path):
    after, _ = redact(knowing, log(["one"], ["two"]) + bytes(3 * 65536), tmp_path)
    assert len(ElementTree.fromstring(after)) == 2


def test_a_log_that_is_in_use_has_an_old_count(knowing, tmp_path):
    data = bytearray(log(["one"], ["two"], flags=1))
    data[42:44] = struct.pack("<H", 1)
    after, _ = redact(knowing, bytes(data), tmp_path)
    assert len(ElementTree.fromstring(after)) == 2


def test_characters_that_xml_cannot_have_do_not_break_it(knowing, tmp_path):
    after, _ = redact(knowing, log(["a\x01b\uffffc"]), tmp_path)
    assert len(ElementTree.fromstring(after)) == 1


def test_an_event_in_a_text_is_no_event(knowing, tmp_path):
    after, _ = redact(knowing, log(["</Data></Event><Event>"]), tmp_path)
    assert len(ElementTree.fromstring(after)) == 1


def test_every_byte_of_the_chunks_is_told_twice(knowing, tmp_path):
    told = []
    redact(knowing, log(["one"], ["two"]), tmp_path, told.append)
    assert sum(told) == 4 * 65536


def changed(data, at, value):
    return data[:at] + value + data[at + len(value) :]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"ElfFile\0", "cut off"),
        (log(["one"])[:-1], "damaged"),
        (log(["one"], ["two"])[:-65536], "should have 2 parts and has 1"),
        (changed(log(["one"]), 4096, b"X"), "damaged"),
        (changed(log(["one"]), 4096, bytes(8)), "should have 1 parts and has 0"),
        (changed(log(["one"]), 4096 + 600, b"\xff"), "damaged"),
        (log(["one"]) + b"more", "damaged"),
    ],
)
def test_what_is_damaged_is_refused(knowing, tmp_path, data, reason):
    with pytest.raises(CannotRedact, match=reason):
        redact(knowing, data, tmp_path)


@settings(max_examples=60)
@given(where=st.integers(0, 5600), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_log_is_redacted_or_refused_and_nothing_else(knowing, tmp_path_factory, where, byte, cut):
    data = log(TEXTS)
    damaged = data[:where] if cut else changed(data, where, bytes([byte]))
    try:
        after, _ = redact(knowing, damaged, tmp_path_factory.mktemp("damaged"))
    except (CannotRedact, OSError, ValueError):
        return
    assert SECRET.encode() not in after
    assert len(ElementTree.fromstring(after)) == len(TEXTS)


def test_event_logs_have_a_handler_that_says_what_it_makes():
    assert handler_of(Kind.EVTX) is HANDLER
    assert suffix_of(HANDLER) == ".xml"
