"""Cores of real processes, and made ones: secrets go in place, and a debugger sees the same as before."""

from __future__ import annotations

import base64
import os
import random
import struct
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.case.layout import Room
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.redaction import Sealed, Withheld
from escalate.redact import stage
from escalate.redact.engine import Engine
from escalate.redact.handlers.elf_core import HANDLER, ElfCoreHandler
from escalate.redact.handlers.elf_core_layout import read_core
from escalate.redact.handlers.registry import CannotRedact, handler_of
from escalate.redact.rules import EngineInputs
from tests.fakes.core_maker import CoreMaker
from tests.fakes.real_crash import FAKES, needs_gdb
from tests.redact.conftest import KEY

KNOWN = "correct horse pass-phrase 7"
ACCOUNT_KEY = base64.b64encode(random.Random(4).randbytes(64)).decode()
TEXT = f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={ACCOUNT_KEY};EndpointSuffix=core.windows.net"
PLAIN = "plain words"
"""The value of a variable: nothing about it looks like a secret but the name in front of it."""
ENVIRONMENT = {"DB_PASSWORD": PLAIN, "SESSION_SECRET": "easy", "KNOWN_HERE": KNOWN, "SITE": "shop-site"}
LOOKS = ("thread apply all bt", "info registers", "info proc mappings", "info sharedlibrary", "info auxv")


def forms(text):
    return [text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")]


def gdb(*arguments):
    return subprocess.run(
        ["gdb", "-nx", "-batch", "-q", *arguments], check=True, capture_output=True, env={**os.environ, "LC_ALL": "C"}
    ).stdout


def core_of(folder, *command):
    """Run a program that aborts, below gdb; its core."""
    place = folder / "real.core"
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "SHELL": "/bin/sh", **ENVIRONMENT}
    subprocess.run(
        ["gdb", "-nx", "-batch", "-ex", "run", "-ex", f"gcore {place}", "--args", *map(str, command)],
        check=True,
        capture_output=True,
        env=env,
        stdin=subprocess.DEVNULL,
    )
    return place


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    place = tmp_path_factory.mktemp("program") / "planted"
    subprocess.run(["gcc", "-g", "-O1", "-pthread", "-o", place, FAKES / "planted.c"], check=True)
    return place


@pytest.fixture(scope="session")
def c_core(program, tmp_path_factory):
    return core_of(tmp_path_factory.mktemp("core"), program, TEXT)


@pytest.fixture(scope="session")
def knowing():
    return Engine(EngineInputs(key=KEY, known_values=(KNOWN,)))


def redact(engine, place, tmp_path, handler=HANDLER, told=lambda n: None):
    out = tmp_path / "out.core"
    with out.open("w+b") as sink:
        ledger = handler.redact(place, sink, engine, told)
    return out, ledger


@pytest.fixture(scope="session")
def covered(knowing, c_core, tmp_path_factory):
    told = []
    out, ledger = redact(knowing, c_core, tmp_path_factory.mktemp("covered"), told=told.append)
    assert sum(told) == 2 * c_core.stat().st_size
    return out, ledger


@pytest.mark.system
@needs_gdb
class TestARealCore:
    def test_nothing_planted_is_left(self, c_core, covered):
        before = c_core.read_bytes()
        out, ledger = covered
        after = out.read_bytes()
        assert before.count(ACCOUNT_KEY.encode()) > 2_200
        for secret in (ACCOUNT_KEY, KNOWN):
            assert secret.encode() in before
            assert not any(form in after for form in forms(secret))
        assert ACCOUNT_KEY.encode("utf-16-le") in before
        assert f"DB_PASSWORD={PLAIN}\0".encode() in before
        assert PLAIN.encode() not in after
        assert b"SESSION_SECRET=****\0" in after
        assert b"SITE=shop-site\0" in after
        assert b"EndpointSuffix=core.windows.net" in after
        assert ledger.counts["connection-string-key"] > 2_200
        assert ledger.counts["environment-secret"] >= 1

    def test_the_structure_is_the_same(self, c_core, covered):
        out, _ = covered
        with c_core.open("rb") as old, out.open("rb") as new:
            assert read_core(old) == read_core(new)

    def test_gdb_says_the_same(self, c_core, covered, program):
        out, _ = covered
        for look in LOOKS:
            said = [gdb("-ex", look, str(program), str(place)) for place in (c_core, out)]
            said = [text.replace(str(place).encode(), b"CORE") for text, place in zip(said, (c_core, out), strict=True)]
            lines = [_without_texts(text) for text in said]
            assert len(lines[0]) > 3, look
            assert lines[0] == lines[1], look
        assert said[0].count(b"AT_") > 10

    def test_again_nothing_changes(self, knowing, covered, tmp_path):
        out, _ = covered
        again, ledger = redact(knowing, out, tmp_path)
        assert again.read_bytes() == out.read_bytes()
        assert not ledger.counts

    def test_the_stage_seals_it(self, filled_case, c_core):
        case = filled_case({"container/w1/process/7/app.core": c_core.read_bytes(), "a.log": b"2026-04-04 started\n"})
        (item,) = [each for each in stage.run(case, QuietObserver()).items if each.kind is Kind.ELF_CORE]
        assert isinstance(item, Sealed)
        assert item.ledger.handler == "elf-core"
        assert case.path(Room.REDACTED, item.path).stat().st_size == c_core.stat().st_size


def _without_texts(said):
    """Lines without the texts that gdb shows of memory: those are masked."""
    return [line.partition(b'"')[0] for line in said.splitlines()]


@pytest.mark.system
@needs_gdb
def test_a_python_process(knowing, tmp_path):
    code = (
        f"import os\ntext, wide, more = {TEXT!r}, {TEXT!r}.encode('utf-16-le'), {KNOWN!r} + chr(0x20ac)\n"
        f"token = 'Authorization: Bearer ' + {ACCOUNT_KEY[:40]!r}\nos.abort()"
    )
    (tmp_path / "app.py").write_text(code)
    place = core_of(tmp_path, sys.executable, tmp_path / "app.py")
    out, _ = redact(knowing, place, tmp_path)
    before, after = place.read_bytes(), out.read_bytes()
    assert (KNOWN + "€").encode("utf-16-le") in before
    for secret in (ACCOUNT_KEY, KNOWN):
        assert secret.encode() in before
        assert not any(form in after for form in forms(secret))
    said = [gdb("-ex", "thread apply all bt", sys.executable, str(each)).count(b"#") for each in (place, out)]
    assert said[0] == said[1] > 5


def small(**more):
    return CoreMaker(heap=b"x" * 100 + TEXT.encode() + b"\0" * 60 + TEXT.encode("utf-16-le") + b"\0" * 30, **more)


def masked(engine, data, tmp_path, piece=None):
    place = tmp_path / "made.core"
    place.write_bytes(data)
    handler = ElfCoreHandler()
    if piece:
        handler.piece = piece
    out, ledger = redact(engine, place, tmp_path, handler)
    return out.read_bytes(), ledger


@pytest.mark.parametrize("wide", [True, False])
def test_made_cores_of_both_widths(engine, tmp_path, wide):
    data = small(wide=wide).data()
    after, _ = masked(engine, data, tmp_path)
    assert len(after) == len(data)
    assert ACCOUNT_KEY.encode() in data
    assert not any(form in after for form in forms(ACCOUNT_KEY))


def test_more_segments_than_the_header_can_count(engine, tmp_path):
    data = small(empty_segments=70_000).data()
    after, _ = masked(engine, data, tmp_path)
    assert ACCOUNT_KEY.encode() not in after


def test_arguments_of_the_command_line_go_and_so_do_those_that_were_cut(tmp_path):
    engine = Engine(EngineInputs(key=KEY, known_values=(KNOWN,)))
    for line, kept in (
        (b"app --password S3cretWord99 --port 80", b"app --password "),
        (b"app " + b"x" * 64 + b" " + KNOWN.encode()[:10], b"app " + b"x" * 64 + b" "),
        (b"app --file " + b"y y " * 11 + b"--password hunt7er2" + b"z" * 20, b"app --file "),
    ):
        data = small(arguments=line[:79]).data()
        after, ledger = masked(engine, data, tmp_path)
        assert line[:79] in data
        assert line[:79] not in after
        assert KNOWN.encode()[:10] not in after
        assert kept in after
        assert b"S3cretWord99" not in after
        assert b"hunt7er2" not in after
        assert sum(ledger.counts.values()) >= 3


def test_code_of_files_stays_and_code_made_at_run_time_is_memory(engine, tmp_path):
    program = b"\x90" * 64 + b"AES by <jane.doe@contoso.com>" + b"\xc3" * 64
    after, _ = masked(engine, small(code=program, code_of_file=True).data(), tmp_path)
    assert program in after
    after, _ = masked(engine, small(code=program).data(), tmp_path)
    assert b"jane.doe" not in after


def test_a_secret_in_the_code_of_a_file_withholds_it(engine, tmp_path):
    with pytest.raises(CannotRedact, match="must stay as it is"):
        masked(engine, small(code=TEXT.encode(), code_of_file=True).data(), tmp_path)


def test_pieces_make_no_difference(engine, tmp_path):
    noise = random.Random(5)
    heap = b"".join(
        noise.randbytes(noise.randrange(3000)) + TEXT.encode(("utf-8", "utf-16-le")[number % 2]) + b"\0\0"
        for number in range(30)
    )
    data = CoreMaker(heap=heap).data()
    whole, ledger = masked(engine, data, tmp_path)
    for piece in (4099, 30_000):
        cut, again = masked(engine, data, tmp_path, piece)
        assert cut == whole
        assert again == ledger
    assert ACCOUNT_KEY.encode() not in whole


def test_a_secret_that_stands_alone_goes_when_another_place_tells_what_it_is(engine, tmp_path):
    alone = [form + bytes(300_000) for form in forms(ACCOUNT_KEY)[:2]]
    data = CoreMaker(heap=b"".join(alone) + TEXT.encode()).data()
    for piece in (None, 50_000):
        after, ledger = masked(engine, data, tmp_path, piece)
        assert not any(form in after for form in forms(ACCOUNT_KEY))
        assert ledger.counts == {"learned-value": 2, "connection-string-key": 1}


def test_arguments_and_environment_of_the_stack(engine, tmp_path):
    stack = b"\0app\0--password\0easy\0-u\0admin:easily\0--port\080\0PWD=/srv/app\0X_TOKEN=some words of mine\0"
    for form in (stack, stack.decode().encode("utf-16-le")):
        after, _ = masked(engine, CoreMaker(heap=form).data(), tmp_path)
        after = after.replace(b"\0", b" ") if form is stack else after.replace(b"\0\0", b" ").replace(b"\0", b"")
        assert b"--password **** " in after
        assert b"-u admin:****** " in after
        assert b"--port 80 PWD=/srv/app X_TOKEN=" in after
        assert b"words" not in after


def test_what_stands_between_the_segments_is_masked_too(engine, tmp_path):
    data = small().data() + TEXT.encode()
    after, _ = masked(engine, data, tmp_path)
    assert ACCOUNT_KEY.encode() not in after


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x7fELF" + bytes(60), "no ELF file"),
        (b"\x7fELF\x02\x02" + bytes(60), "big-endian"),
        (small().data()[:-10], "cut off"),
        (small(kind=2).data(), "no core"),
        (small(overlap=True).data(), "overlap"),
        (small(process_size=100).data(), "unknown size"),
    ],
)
def test_what_is_not_understood_is_refused(engine, tmp_path, data, reason):
    with pytest.raises(CannotRedact, match=reason):
        masked(engine, data, tmp_path)


_SMALL = small(arguments=b"app " + b"--token " + ACCOUNT_KEY[:40].encode()).data()


@settings(max_examples=60)
@given(at=st.integers(0, _SMALL.index(b"xxxx")), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_core_is_masked_or_refused_and_nothing_leaks(engine, tmp_path_factory, at, byte, cut):
    data = _SMALL[:at] if cut else _SMALL[:at] + bytes([byte]) + _SMALL[at + 1 :]
    folder = tmp_path_factory.mktemp("damaged")
    try:
        after, _ = masked(engine, data, folder)
    except (CannotRedact, ValueError):
        return
    assert len(after) == len(data)
    assert not any(form[20:-20] in after for form in forms(ACCOUNT_KEY))


@settings(max_examples=60)
@given(at=st.integers(0, 700), value=st.sampled_from([b"\xff" * 8, bytes(8), struct.pack("<Q", 1 << 33)]))
def test_wild_numbers_in_the_headers_do_no_harm(engine, tmp_path_factory, at, value):
    data = bytearray(_SMALL)
    data[at : at + len(value)] = value
    folder = tmp_path_factory.mktemp("wild")
    try:
        after, _ = masked(engine, bytes(data), folder)
    except (CannotRedact, ValueError):
        return
    assert not any(form[20:-20] in after for form in forms(ACCOUNT_KEY))


def test_a_broken_core_is_withheld_by_the_stage(filled_case):
    case = filled_case({"app.core": small().data()[:-40], "a.log": b"2026-04-04 started\n"})
    (item,) = [each for each in stage.run(case, QuietObserver()).items if each.kind is Kind.ELF_CORE]
    assert isinstance(item, Withheld)
    assert "cut off" in item.reason


def test_cores_have_a_handler():
    assert handler_of(Kind.ELF_CORE) is HANDLER
