"""Large files that redaction sealed as deflate streams, from the case folder to the zip."""

from __future__ import annotations

import hashlib
import random
import zipfile
from collections.abc import Callable

import pytest

from escalate.bundle import stage
from escalate.case.layout import Room
from escalate.case.packed import PackingSink
from escalate.case.store import Case
from escalate.errors import RedactionRefused
from escalate.model.manifest import BundleDocument
from escalate.model.observer import QuietObserver
from escalate.model.redaction import Packed, RedactionDocument, Sealed
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import LOG, LOG_PATH, fill


def _pack(case: Case, data: bytes = LOG) -> Packed:
    """Let the log of the case stand as a deflate stream of `data`."""
    case.path(Room.REDACTED, LOG_PATH).unlink()
    with case.new_file(Room.REDACTED, f"{LOG_PATH}.deflate") as out:
        sink = PackingSink(out)
        sink.write(data)
        _, packed = sink.finish()
    document = case.read(RedactionDocument)
    items = [
        item.model_copy(update={"packed": packed}) if isinstance(item, Sealed) and item.path == LOG_PATH else item
        for item in document.items
    ]
    case.write(document.model_copy(update={"items": tuple(items)}))
    return packed


def test_it_is_in_both_zips_with_the_bytes_that_were_sealed(make_case: CaseMaker) -> None:
    case = make_case()
    fill(case)
    packed = _pack(case)
    stage.run(case, QuietObserver())
    stream = case.path(Room.REDACTED, f"{LOG_PATH}.deflate").read_bytes()
    for bundle in case.read(BundleDocument).bundles:
        place = case.root / bundle.path
        assert stream in place.read_bytes()
        with zipfile.ZipFile(place) as archive:
            [member] = [info for info in archive.infolist() if info.filename.endswith(LOG_PATH)]
            assert archive.read(member) == LOG
            assert (member.compress_size, member.CRC, member.flag_bits & 8) == (packed.size, packed.crc32, 0)
            assert hashlib.sha256(LOG).hexdigest() in archive.read("90-meta/SHA256SUMS").decode()


@pytest.mark.parametrize(
    "change",
    [
        lambda stream: stream[:-1],
        lambda stream: stream + b"DB_PASSWORD=hunter2x",
        lambda stream: bytes([stream[0] ^ 0x10]) + stream[1:],
        lambda stream: stream[:200] + bytes([stream[200] ^ 1]) + stream[201:],
        lambda stream: b"",
        lambda stream: random.Random(1).randbytes(len(stream)),
    ],
)
def test_any_change_of_the_stream_is_refused(make_case: CaseMaker, change: Callable[[bytes], bytes]) -> None:
    case = make_case()
    fill(case)
    _pack(case)
    place = case.path(Room.REDACTED, f"{LOG_PATH}.deflate")
    place.write_bytes(change(place.read_bytes()))
    with pytest.raises(RedactionRefused, match="changed since it was redacted"):
        stage.run(case, QuietObserver())
    assert list(case.path(Room.BUNDLE).iterdir()) == []


def test_a_stream_of_other_bytes_is_refused_though_size_and_crc_are_right(make_case: CaseMaker) -> None:
    case = make_case()
    fill(case)
    _pack(case, LOG.replace(b"GET /1 ", b"PUT /1 "))
    with pytest.raises(RedactionRefused, match="changed since it was redacted"):
        stage.run(case, QuietObserver())
