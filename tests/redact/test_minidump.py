"""Minidumps of a real crash handler, and made ones: secrets go in place, and other readers see the same as before."""

from __future__ import annotations

import base64
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minidump.minidumpfile import MinidumpFile

from escalate.case.layout import Room
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.redaction import Sealed, Withheld
from escalate.redact import stage
from escalate.redact.engine import Engine
from escalate.redact.handlers.minidump import HANDLER, MinidumpHandler
from escalate.redact.handlers.minidump_layout import read_dump
from escalate.redact.handlers.registry import CannotRedact, handler_of
from escalate.redact.rules import EngineInputs
from tests.fakes.minidump_writer import MinidumpWriter
from tests.fakes.real_crash import crashed
from tests.redact.conftest import KEY

KNOWN = "correct horse pass-phrase 7"
ACCOUNT_KEY = base64.b64encode(random.Random(4).randbytes(64)).decode()
TEXT = f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={ACCOUNT_KEY};EndpointSuffix=core.windows.net"
BLOCK = f"\0DB_PASSWORD=plain words\0SITE=shop-site\0X={TEXT}\0\0"
MEMORY = random.Random(1).randbytes(200) + BLOCK.encode() + bytes(8) + BLOCK.encode("utf-16-le") + b"\x90" * 99


def forms(text):
    return [text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")]


@pytest.fixture(scope="session")
def knowing():
    return Engine(EngineInputs(key=KEY, known_values=(KNOWN,)))


def masked(engine, data, tmp_path, piece=None):
    place, out = tmp_path / "made.dmp", tmp_path / "out.dmp"
    place.write_bytes(data)
    handler = MinidumpHandler()
    if piece:
        handler.piece = piece
    told = []
    with out.open("w+b") as sink:
        ledger = handler.redact(place, sink, engine, told.append)
    assert sum(told) == 2 * len(data)
    return out.read_bytes(), ledger


def seen_by_another_reader(place):
    dump = MinidumpFile.parse(str(place))
    dump.file_handle.close()
    memory = dump.memory_segments_64 or dump.memory_segments
    return (
        [(one.name, one.baseaddress, one.size) for one in dump.modules.modules],
        [(one.ThreadId, one.Teb, one.Stack.StartOfMemoryRange) for one in dump.threads.threads],
        [(one.start_virtual_address, one.size) for one in memory.memory_segments],
        [(one.StreamType, one.Location.DataSize, one.Location.Rva) for one in dump.directories],
    )


@pytest.fixture(scope="session")
def crash(tmp_path_factory):
    return crashed(tmp_path_factory.mktemp("crash"), TEXT + " " + KNOWN, {"DB_PASSWORD": "plain words"})


@pytest.mark.system
def test_a_real_crash_nothing_planted_is_left_and_other_readers_see_the_same(knowing, crash, tmp_path):
    before = crash.read_bytes()
    after, ledger = masked(knowing, before, tmp_path)
    for secret in (ACCOUNT_KEY, KNOWN):
        assert secret.encode() in before
        assert secret.encode("utf-16-le") in before
        assert not any(form in after for form in forms(secret))
    assert b"jane.doe@contoso.com" in before
    assert b"jane.doe" not in after
    assert ledger.counts["connection-string-key"] >= 2
    assert seen_by_another_reader(tmp_path / "out.dmp") == seen_by_another_reader(crash)


@pytest.mark.parametrize("full", [True, False])
def test_memory_is_masked_and_other_readers_see_the_same(engine, tmp_path, full):
    data = MinidumpWriter(MEMORY, full=full).data()
    after, ledger = masked(engine, data, tmp_path)
    assert len(after) == len(data)
    for secret in (ACCOUNT_KEY, "plain words"):
        assert secret.encode() in data
        assert not any(form in after for form in forms(secret))
    assert all(form in after for form in forms("SITE=shop-site")[:2])
    assert ledger.counts["connection-string-key"] == (4 if full else 2)


def test_another_reader_sees_the_same_structure(engine, tmp_path):
    data = MinidumpWriter(MEMORY, full=True).data()
    masked(engine, data, tmp_path)
    assert seen_by_another_reader(tmp_path / "out.dmp") == seen_by_another_reader(tmp_path / "made.dmp")


def test_texts_beside_the_memory_are_masked(engine, tmp_path):
    secret = "password=hunter2xyz"
    linux = {0x47670006: b"app\0--password\0hunter2xyz\0", 0x47670007: b"HOME=/home/jane\0API_SECRET=hunter2xyz\0"}
    made = MinidumpWriter(
        b"memory", comment=secret, handle=f"\\Pipe\\{secret}", thread_name=secret, linux=linux, module=f"C:\\{secret}"
    )
    data = made.data()
    after, _ = masked(engine, data, tmp_path)
    assert data.count(b"hunter2xyz") == 3
    assert data.count("hunter2xyz".encode("utf-16-le")) == 4
    assert not any(form in after for form in forms("hunter2xyz"))
    assert b"jane" not in after


def test_the_user_in_a_path_goes_and_the_path_stays(engine, tmp_path):
    data = MinidumpWriter(b"memory", module="C:\\Users\\Zoë Smith\\app.dll").data()
    after, ledger = masked(engine, data, tmp_path)
    assert "C:\\Users\\*********\\app.dll".encode("utf-16-le") in after
    assert "C:\\Users\\****\\x\\old.dll".encode("utf-16-le") in after
    assert b"C:\\Users\\****\\src\\app.pdb\0" in after
    assert b"RSDS" + bytes(range(20)) in after
    assert ledger.counts["profile-name"] == 3
    assert (
        "C:\\home\\site\\wwwroot\\app.dll".encode("utf-16-le")
        in masked(engine, MinidumpWriter(b"memory").data(), tmp_path)[0]
    )


def test_contexts_and_tables_stay_byte_for_byte(engine, tmp_path):
    data = MinidumpWriter(MEMORY).data()
    after, _ = masked(engine, data, tmp_path)
    with (tmp_path / "made.dmp").open("rb") as raw:
        fixed = read_dump(raw).fixed
    assert sum(high - low for low, high in fixed) > 800
    assert all(after[low:high] == data[low:high] for low, high in fixed)


def test_pieces_make_no_difference_and_again_nothing_changes(engine, tmp_path):
    noise = random.Random(5)
    data = MinidumpWriter(b"".join(noise.randbytes(noise.randrange(2000)) + MEMORY for _ in range(20))).data()
    whole, ledger = masked(engine, data, tmp_path)
    for piece in (3001, 16_384):
        assert masked(engine, data, tmp_path, piece) == (whole, ledger)
    again, nothing = masked(engine, whole, tmp_path)
    assert again == whole
    assert not nothing.counts


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"MDMX" + bytes(60), "no minidump"),
        (MinidumpWriter(MEMORY).data()[:-10], "cut off"),
        (MinidumpWriter(MEMORY, extra=((0x10000, b"private"),)).data(), "type 0x10000"),
        (MinidumpWriter(MEMORY, context=TEXT.encode()).data(), "must stay as it is"),
        (MinidumpWriter(MEMORY, extra=((4, b"\1\0\0\0xx"),)).data(), "not as long as its entries"),
        (MinidumpWriter(MEMORY, extra=((5, struct.pack("<IQII", 1, 0, 64, 10)),)).data(), "overlap"),
    ],
)
def test_what_is_not_understood_is_refused(engine, tmp_path, data, reason):
    with pytest.raises(CannotRedact, match=reason):
        masked(engine, data, tmp_path)


_SMALL = MinidumpWriter(MEMORY, full=True).data()
_SECRETS = [place for form in forms(ACCOUNT_KEY)[:2] for place in range(len(_SMALL)) if _SMALL.startswith(form, place)]


@settings(max_examples=60)
@given(
    at=st.integers(0, len(_SMALL) - 1),
    change=st.one_of(st.binary(min_size=1, max_size=1), st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\0\x80\0\0"])),
    cut=st.booleans(),
)
def test_a_damaged_dump_is_masked_or_refused_and_nothing_leaks(engine, tmp_path_factory, at, change, cut):
    if any(place - 300 < at < place + 400 for place in _SECRETS):
        at %= 200  # a damaged secret is none
    data = _SMALL[:at] if cut else _SMALL[:at] + change + _SMALL[at + len(change) :]
    try:
        after, _ = masked(engine, data, tmp_path_factory.mktemp("damaged"))
    except (CannotRedact, ValueError):
        return
    assert not any(form[20:-20] in after for form in forms(ACCOUNT_KEY))


def test_the_stage_seals_it_or_says_why_not(filled_case):
    files = {
        "w1/process/7/app.dmp": MinidumpWriter(MEMORY).data(),
        "w1/process/8/app.dmp": MinidumpWriter(MEMORY).data()[:-10],
        "a.log": b"2026-04-04 started\n",
    }
    case = filled_case(files)
    good, bad = [each for each in stage.run(case, QuietObserver()).items if each.kind is Kind.MINIDUMP]
    assert isinstance(good, Sealed)
    assert good.ledger.handler == "minidump"
    assert case.path(Room.REDACTED, good.path).stat().st_size == good.size
    assert isinstance(bad, Withheld)
    assert "cut off" in bad.reason


def test_minidumps_have_a_handler():
    assert handler_of(Kind.MINIDUMP) is HANDLER
