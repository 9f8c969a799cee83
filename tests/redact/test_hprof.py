"""Heap dumps of a real JVM, and made ones: contents go, the graph stays, and what is not understood is withheld."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.bundle.second_engine import SecondEngine
from escalate.bundle.verify_secrets import SecretScanner
from escalate.case.layout import Room
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.redaction import Sealed, Withheld
from escalate.redact import stage
from escalate.redact.engine import Engine
from escalate.redact.handlers.hprof import HANDLER
from escalate.redact.handlers.registry import CannotRedact, handler_of
from escalate.redact.rules import EngineInputs
from tests.fakes.heap_maker import Maker
from tests.fakes.heap_reader import Heap, read_heap

FAKES = Path(__file__).resolve().parents[1] / "fakes"
SECRETS = ("Lit3ral-Secret-9321", "letters-of-a-secret-77AB", "heap-secret-5541-xyz", "SSSSSSSS")

needs_java = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("java", "jcmd")), reason="needs java and jcmd"
)


def redact(engine, data, tmp_path, told=None):
    place = tmp_path / "made.hprof"
    place.write_bytes(data)
    sink = io.BytesIO()
    ledger = HANDLER.redact(place, sink, engine, told or (lambda n: None))
    return sink.getvalue(), ledger


@pytest.fixture(scope="session")
def real_dump(tmp_path_factory):
    """A dump of a JVM that holds secrets in strings, arrays, fields and constants."""
    folder = tmp_path_factory.mktemp("heap")
    child = subprocess.Popen(["java", "-Xmx256m", str(FAKES / "Keeper.java")], stdout=subprocess.PIPE, cwd=folder)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        place = folder / "real.hprof"
        subprocess.run(["jcmd", str(child.pid), "GC.heap_dump", "-all", str(place)], check=True, capture_output=True)
        return place.read_bytes()
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


@pytest.mark.system
@needs_java
class TestOfARealJvm:
    def test_no_content_is_left_in_any_encoding(self, engine, real_dump, tmp_path):
        after, ledger = redact(engine, real_dump, tmp_path)
        for secret in SECRETS:
            forms = [secret.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
            assert any(form in real_dump for form in forms)
            assert not any(form in after for form in forms)
        for number in (
            struct.pack(">q", 4111111111111111),
            struct.pack(">i", 1122334455),
            struct.pack(">d", 1234.5678),
        ):
            assert number in real_dump
            assert number not in after
        assert ledger.counts["heap-array"] > 1000
        assert ledger.counts["heap-field"] > 1000
        assert ledger.counts["heap-text"] > 1000

    def test_a_tool_sees_the_same_records_classes_and_references(self, engine, real_dump, tmp_path):
        after, _ = redact(engine, real_dump, tmp_path)
        old, new = read_heap(real_dump), read_heap(after)
        assert len(after) == len(real_dump)
        assert new.records == old.records
        assert new.references == old.references
        assert new.histogram() == old.histogram()
        assert new.histogram()[b"Keeper"] == 2000
        assert all(not elements.strip(b"\0") for _, elements in new.arrays)
        assert {text for text in new.texts.values() if text.startswith(b"java/util/concurrent/")}

    def test_the_second_engine_finds_nothing(self, engine, real_dump, tmp_path):
        after, _ = redact(engine, real_dump, tmp_path)
        scanner = SecretScanner(SecondEngine([secret.encode() for secret in SECRETS]))
        for start in range(0, len(after), 1 << 20):
            scanner.feed(after[start : start + (1 << 20)])
        assert scanner.finish() == []

    def test_the_stage_seals_it(self, filled_case, real_dump):
        case = filled_case({"container/w1/process/7/heap.hprof": real_dump, "a.log": b"2026-04-04 started\n"})
        document = stage.run(case, QuietObserver())
        (item,) = [each for each in document.items if each.kind is Kind.HPROF]
        assert isinstance(item, Sealed)
        assert item.ledger.handler == "hprof"
        assert case.path(Room.REDACTED, item.path).stat().st_size == len(real_dump)

    def test_every_byte_is_told_twice(self, engine, real_dump, tmp_path):
        told = []
        redact(engine, real_dump, tmp_path, told.append)
        assert sum(told) == 2 * len(real_dump)


def small(id_size=8, *more):
    """A class with a parent, an instance, a static, an array, and texts that are names or not."""
    make = Maker(id_size)
    make.text(1, b"shop/Order").text(2, b"shop/Base").text(3, b"price").text(4, b"owner").text(
        5, b"a constant of the code"
    )
    make.text(6, b"java/util/HashMap").text(7, b"size").text(8, b"hash")
    make.loaded(100, 1).loaded(101, 2).loaded(102, 6)
    statics = [(3, 11, struct.pack(">q", 987654321)), (4, 2, make.ident(77))]
    make.heap(
        b"\xff" + make.ident(50),
        make.klass(101, 0, fields=[(3, 10)]),
        make.klass(100, 101, statics, fields=[(4, 2), (3, 7)]),
        make.klass(102, 0, fields=[(7, 10), (8, 10)]),
        make.instance(50, 100, make.ident(77) + struct.pack(">d", 19.99) + struct.pack(">i", 4242)),
        make.instance(51, 102, struct.pack(">ii", 31, 99)),
        make.chars(52, "a secret of the heap"),
        *more,
    )
    return make


@pytest.mark.parametrize("id_size", [4, 8])
def test_references_stay_and_numbers_go(engine, tmp_path, id_size):
    data = small(id_size).end()
    after, ledger = redact(engine, data, tmp_path)
    heap: Heap = read_heap(after)
    assert heap.records == read_heap(data).records
    assert heap.texts[1] == b"shop/Order"
    assert heap.texts[5] == b"*" * len(b"a constant of the code")
    make = Maker(id_size)
    assert make.ident(77) + bytes(8) + bytes(4) in after  # the reference, then the fields of the class and its parent
    assert bytes([11]) + bytes(8) + make.ident(4) + bytes([2]) + make.ident(77) in after  # statics
    assert struct.pack(">ii", 31, 0) in after  # how full a map is stays, the hash of its key goes
    assert ledger.counts["heap-array"] == 1


@pytest.mark.parametrize("id_size", [4, 8])
def test_offsets_from_which_readers_compute_sizes_stay_and_no_other_static_does(engine, tmp_path, id_size):
    make = small(id_size).text(20, b"java/lang/Class$Atomic").text(21, b"annotationDataOffset").loaded(110, 20)
    make.text(22, b"java/util/concurrent/FutureTask").text(23, b"runnerOffset").text(24, b"cookie").loaded(111, 22)
    values = [struct.pack(">q", number) for number in (60, 24, 31337, 0x1234567890ABCDEF)]
    make.heap(
        make.klass(110, 0, [(21, 11, values[0])]),
        make.klass(111, 0, [(23, 11, values[1]), (24, 11, values[2])]),
        make.klass(112, 0, [(21, 11, values[0])]),
    )
    after, _ = redact(engine, make.end(), tmp_path)
    assert bytes([11]) + values[0] in after
    assert after.count(values[0]) == 1  # the class that is not of the JDK keeps nothing
    assert bytes([11]) + values[1] in after
    assert values[2] not in after
    make.heap(make.klass(111, 0, [(23, 11, values[3])]))
    assert values[3] not in redact(engine, make.end(), tmp_path)[0]


def test_a_name_with_something_in_it_is_masked(engine, tmp_path):
    secret = b"sig=Vq8xN2mPz7RkLw4TbYc9HdJf3GsAeUo6%2BiXrQnZtMw%3D"
    data = small().text(9, b"https://shop.blob.core.windows.net/x?sv=2022-11-02&" + secret).loaded(103, 9).end()
    after, ledger = redact(engine, data, tmp_path)
    assert secret in data
    assert secret not in after
    assert set(read_heap(after).texts[9]) == {ord("*")}
    assert sum(ledger.counts.values()) > ledger.counts["heap-text"]


def test_arrays_bigger_than_the_window_are_blanked(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("escalate.redact.handlers.hprof_heap.WINDOW", 256)
    make = Maker()
    ids = b"".join(make.ident(number) for number in range(500))
    objects = b"\x22" + make.ident(60) + bytes(4) + struct.pack(">I", 500) + make.ident(100) + ids
    data = small(8, make.chars(61, "long secret " * 200), objects, make.chars(62, "tail secret")).end()
    after, _ = redact(engine, data, tmp_path)
    assert ids in after
    assert "secret".encode("utf-16-be") not in after
    assert read_heap(after).records == read_heap(data).records


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"JAVA PROFILE 1.0.3\0" + bytes(12), "no heap dump of version"),
        (b"JAVA PROFILE 1.0.2\0" + struct.pack(">IQ", 5, 0), "ids have 5 bytes"),
        (small().end()[:-200], "cut off"),
        (small().end() + b"\x2c\0", "cut off"),
        (bytes(small().record(0x0E, b"settings").data), "type 0x0e"),
        (bytes(small().heap(b"\x99" + bytes(40)).data), "unknown type 0x99"),
        (bytes(small().heap(Maker().instance(70, 555, b"abcd")).data), "before its class"),
        (bytes(small().heap(Maker().instance(70, 100, b"abcd")).data), "not as long as its class"),
        (
            bytes(small().heap(b"\x23" + bytes(12) + struct.pack(">IB", 1, 99) + b"x").data),
            "type that HPROF does not know",
        ),
        (bytes(small().heap(b"\x23" + bytes(12) + struct.pack(">IB", 4000, 8)).data), "cut off"),
        (bytes(small().text(1, b"again").data), "same id"),
    ],
)
def test_what_is_not_understood_is_refused(engine, tmp_path, data, reason):
    with pytest.raises(CannotRedact, match=reason):
        redact(engine, data, tmp_path)


@given(at=st.integers(31, len(small().end()) - 1), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_dump_is_redacted_or_refused_and_nothing_else(engine, tmp_path_factory, at, byte, cut):
    data = small().end()
    damaged = data[:at] if cut else data[:at] + bytes([byte]) + data[at + 1 :]
    folder = tmp_path_factory.mktemp("damaged")
    try:
        after, _ = redact(engine, damaged, folder)
    except CannotRedact:
        return
    assert len(after) == len(damaged)


@pytest.fixture(scope="module")
def knowing():
    """An engine that keeps values, and knows some that are secret."""
    known = (*SECRETS[:3], "Crossing-Value-88")
    return Engine(EngineInputs(key=b"k" * 32, known_values=known, heap_values=True))


class TestOfKeptValues:
    """The mode a person asks for: values stay, but for what is secret in them."""

    @pytest.fixture
    def keep(self, tmp_path, knowing):
        def run(data):
            place = tmp_path / "made.hprof"
            place.write_bytes(data)
            with (tmp_path / "after.hprof").open("w+b") as sink:
                ledger = HANDLER.redact(place, sink, knowing, lambda n: None)
            return (tmp_path / "after.hprof").read_bytes(), ledger

        return run

    @pytest.mark.system
    @needs_java
    def test_of_a_real_jvm_secrets_go_and_the_rest_stays(self, keep, real_dump):
        after, ledger = keep(real_dump)
        for secret in SECRETS[:3]:
            for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                assert secret.encode(encoding) not in after
        assert ledger.counts["known-value"] >= 5
        assert struct.pack(">q", 4111111111111111) in after
        assert b"S" * 10_000_000 in after
        assert b"User ID=app" in after
        old, new = read_heap(real_dump), read_heap(after)
        assert new.records == old.records
        assert new.references == old.references
        assert new.histogram() == old.histogram()

    @pytest.mark.parametrize("id_size", [4, 8])
    @pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "utf-16-be"])
    def test_every_byte_outside_of_the_secret_stays(self, keep, id_size, encoding):
        make = Maker(id_size)
        secret = "Password=Tr0ub4dor-and-3;".encode(encoding)
        array = b"\x23" + make.ident(90) + bytes(4) + struct.pack(">IB", len(secret), 8) + secret
        data = small(id_size, array).end()
        after, ledger = keep(data)
        assert "Tr0ub4dor-and-3".encode(encoding) not in after
        assert "Password=".encode(encoding) in after
        at = data.index("Tr0ub4dor-and-3".encode(encoding))
        size = len("Tr0ub4dor-and-3".encode(encoding))
        assert after[:at] + after[at + size :] == data[:at] + data[at + size :]
        assert sum(ledger.counts.values()) == 1

    def test_a_mask_never_runs_into_the_next_record(self, keep):
        make = Maker()
        first, rest = b"DB_PASSWORD=abcdefgh", b"QQQQ1234QQQQ1234"
        arrays = [
            b"\x23" + make.ident(number) + bytes(4) + struct.pack(">IB", len(text), 8) + text
            for number, text in ((0x2121212121212121, first), (0x2222222222222222, rest))
        ]
        data = small(8, *arrays).end()
        after, _ = keep(data)
        assert b"abcdefgh" not in after
        assert read_heap(after).records == read_heap(data).records
        at = data.index(first) + len(first)
        assert after[at:] == data[at:]

    def test_secrets_across_the_pieces_of_the_work_go(self, keep, monkeypatch):
        for name in ("hprof_values.PIECE", "hprof_payload.WINDOW"):
            monkeypatch.setattr(f"escalate.redact.handlers.{name}", 1 << 17)
        make = Maker()
        for shift in (-20, -9, -1, 0, 3):
            subs = small().data
            text = bytes((1 << 17) - len(subs) - 27 + shift) + b"Crossing-Value-88" + b"\0" * 300_000
            array = b"\x23" + make.ident(5) + bytes(4) + struct.pack(">IB", len(text), 8) + text
            data = small().heap(array).end()
            after, ledger = keep(data)
            assert b"Crossing" not in after
            assert ledger.counts == {"known-value": 1}
            assert read_heap(after).records == read_heap(data).records

    def test_a_secret_in_a_text_goes_and_other_texts_stay(self, keep):
        data = small().text(9, b"password=Tr0ub4dor-and-3").end()
        heap = read_heap(keep(data)[0])
        assert heap.texts[5] == b"a constant of the code"
        assert b"Tr0ub" not in heap.texts[9]

    def test_a_known_secret_where_no_text_is_makes_it_stay_behind(self, keep):
        ids = b"Crossing-Value-88".ljust(24)
        array = b"\x22" + Maker().ident(5) + bytes(4) + struct.pack(">I", 3) + Maker().ident(100) + ids
        with pytest.raises(CannotRedact, match="has no text"):
            keep(small(8, array).end())

    @given(at=st.integers(31, len(small().end()) - 1), byte=st.integers(0, 255), cut=st.booleans())
    @settings(max_examples=12)
    def test_a_damaged_dump_is_redacted_or_refused(self, knowing, tmp_path_factory, at, byte, cut):
        secret = b"\x23" + bytes(12) + struct.pack(">IB", 17, 8) + b"Crossing-Value-88"
        data = small(8, secret).end()
        folder = tmp_path_factory.mktemp("damaged")
        (folder / "x").write_bytes(data[:at] if cut else data[:at] + bytes([byte]) + data[at + 1 :])
        with (folder / "y").open("w+b") as sink:
            try:
                HANDLER.redact(folder / "x", sink, knowing, lambda n: None)
            except CannotRedact:
                return
        assert b"Crossing-Value-88" not in (folder / "y").read_bytes()


def test_a_broken_dump_is_withheld_by_the_stage(filled_case):
    case = filled_case({"heap.hprof": small().end()[:-40], "a.log": b"2026-04-04 started\n"})
    (item,) = [each for each in stage.run(case, QuietObserver()).items if each.kind is Kind.HPROF]
    assert isinstance(item, Withheld)
    assert "cut off" in item.reason
    assert not case.path(Room.REDACTED, item.path).exists()


def test_heap_dumps_have_a_handler():
    assert handler_of(Kind.HPROF) is HANDLER
