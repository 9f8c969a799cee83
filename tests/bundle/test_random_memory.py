"""Packed or encrypted memory in a dump: what looks like a password by chance goes, and a real one is still refused."""

from __future__ import annotations

import random
import zipfile

import pytest

from escalate.bundle.second_engine import SecondEngine
from escalate.bundle.verify import verify
from escalate.bundle.verify_secrets import SecretScanner
from escalate.model.observer import QuietObserver
from escalate.redact.engine import Engine
from escalate.redact.handlers.elf_core import HANDLER
from escalate.redact.rules import EngineInputs
from tests.fakes.core_maker import CoreMaker
from tests.redact.structured_texts import redacted

MET = bytes.fromhex(
    "0046c5b2ebb28fa740a24ccff7b41e7057643d5f71a5778866786bb59f556448a47a7040bccc55d5ada4ddfd24ee80753f"
)
"""The one hit in 4.5 GB of os.urandom: `pWd=_q` and bytes that are no text."""
SECOND = SecondEngine()


@pytest.fixture(scope="module")
def engine():
    return Engine(EngineInputs(key=b"k" * 32))


def noise(pieces, seed=7):
    """Random memory with the one anchor that is short enough to come up in it, once in a few hundred megabytes."""
    source = random.Random(seed)
    return b"".join(
        source.randbytes(90) + source.choice((b"pwd=", b"PwD:", b'pwd="')) + source.randbytes(200)
        for _ in range(pieces)
    )


def rules(data):
    scanner = SecretScanner(SECOND)
    scanner.feed(data)
    return {leak.rule for leak in scanner.finish()}


@pytest.mark.parametrize("heap", [bytes(64) + MET + bytes(64), noise(300)], ids=["met", "seeded"])
def test_what_looks_like_a_password_by_chance_does_not_stop_a_bundle(engine, heap):
    core = CoreMaker(heap=heap).data()
    assert rules(core) == {"password"}
    out, ledger = redacted(HANDLER, engine, core)
    assert rules(out) == set()
    assert ledger.counts["password-in-binary"] > 0
    assert len(out) == len(core)
    assert redacted(HANDLER, engine, out)[0] == out


def test_a_real_password_in_the_same_memory_is_masked_by_one_and_refused_by_the_other(engine, tmp_path):
    plain, _ = redacted(HANDLER, engine, CoreMaker(heap=noise(300)).data())
    planted = plain[:-2000] + b"password=Hunter22x\0" + plain[-1981:]
    assert len(planted) == len(plain)
    assert b"Hunter22x" not in redacted(HANDLER, engine, planted)[0]
    for name, data, said in (("plain", plain, False), ("planted", planted, True)):
        place = tmp_path / f"{name}.zip"
        with zipfile.ZipFile(place, "w") as archive:
            archive.writestr("40-process/web/1/core.1", data)
        problems = verify(place, observer=QuietObserver()).problems
        assert any(one.check == "secret" and one.member.endswith("core.1") for one in problems) is said


@pytest.mark.parametrize("password", ["Pässwort12", "é7", "Zürich", "x\u00a0y"])
def test_a_password_in_latin_1_goes_whole(engine, password):
    value = password.encode("latin-1")
    heap = b"\0\0a password=" + value + b"\x01\x00" + b"\0" * 64
    out, _ = redacted(HANDLER, engine, CoreMaker(heap=heap).data())
    assert value not in out or len(value) < 3
    assert rules(out) == set()


@pytest.mark.parametrize(
    "text", [b"PWD=/home/\xff\xfe/x", b"pwd: %s\0", b"Password: required\0", b"forward\xff\xff\xff"]
)
def test_folders_and_prompts_stay(engine, text):
    core = CoreMaker(heap=bytes(64) + text + bytes(64)).data()
    assert redacted(HANDLER, engine, core)[0] == core
