"""A crew: processes, or the workers of a cluster, make what one process alone would have made."""

from __future__ import annotations

import shutil
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from escalate.case.layout import Room
from escalate.case.packed import place_of, unpacked
from escalate.case.private import case_key, read_map
from escalate.case.store import Case
from escalate.model.observer import QuietObserver
from escalate.model.redaction import Sealed
from escalate.redact import pieces, sealing, stage
from escalate.redact.handlers import text
from escalate.redact.wishes import RedactionWishes
from tests.bench.corpus import write_log

MIB = 1 << 20


def _content(case, item: Sealed) -> bytes:
    place = place_of(case, item)
    if not item.packed:
        return place.read_bytes()
    with place.open("rb") as raw:
        return b"".join(unpacked(raw))


def _log(folder: Path, size: int, seed: int) -> bytes:
    place = folder / f"{seed}.log"
    write_log(place, size, seed)
    return place.read_bytes()


def _twins(filled_case, evidence, **second):
    """The same evidence, redacted alone and by a crew, under the same key."""
    alone = filled_case(evidence)
    case_key(alone)
    helped = Case(Path(shutil.copytree(alone.root, alone.root.with_name("helped"))))
    alone_items = stage.run(alone, QuietObserver(), RedactionWishes(workers=1)).items
    helped_items = stage.run(helped, QuietObserver(), **second).items
    return alone, alone_items, helped, helped_items


def test_pieces_give_what_the_whole_gives(filled_case, tmp_path, monkeypatch):
    monkeypatch.setattr(text, "PIECES_FROM", 1)
    monkeypatch.setattr(pieces, "PIECE", 60_000)
    evidence = {"a.log": _log(tmp_path, MIB, 1), "b.log": b"one line\n", "c.txt": b"x" * 300_000}
    with ThreadPoolExecutor(1) as pool:
        alone, first, helped, second = _twins(filled_case, evidence, wishes=RedactionWishes(workers=1), executor=pool)
    for one, other in zip(first, second, strict=True):
        assert isinstance(one, Sealed)
        assert isinstance(other, Sealed)
        assert (one.sha256, one.ledger) == (other.sha256, other.ledger)
    assert read_map(alone) == read_map(helped)


def test_processes_give_what_one_gives_and_large_files_stand_packed(filled_case, tmp_path, monkeypatch):
    monkeypatch.setattr(sealing, "PACKED_FROM", 25 * MIB)
    log = _log(tmp_path, 25 * MIB, 2)
    evidence = {"big.log": log, "small.log": _log(tmp_path, MIB, 3), "tiny.log": b"Password=hunter2x;\n"}
    alone, first, helped, second = _twins(filled_case, evidence)
    for one, other in zip(first, second, strict=True):
        assert isinstance(other, Sealed), other
        assert (one.sha256, one.ledger) == (other.sha256, other.ledger)
    big = next(item for item in second if item.path == "big.log")
    assert big.packed is not None
    assert not helped.path(Room.REDACTED, "big.log").exists()
    content = _content(helped, big)
    assert (len(content), zlib.crc32(content)) == (big.size, big.packed.crc32)
    assert content.count(b"\n") == log.count(b"\n")
    assert b"Password=pw-" not in content
    assert read_map(alone) == read_map(helped)


def test_a_failing_worker_withholds_its_file_alone(filled_case, monkeypatch):
    class Failing:
        name = "failing"

        def redact(self, source, sink, engine, advance):
            raise OSError(5, "Input/output error")

    real = sealing.handler_of
    monkeypatch.setattr(sealing, "handler_of", lambda kind: Failing() if kind == "platform-log" else real(kind))
    evidence = {
        "2026_04_04_lw0_docker.log": b"2026-04-04T05:58:45.123Z INFO  - Starting container for site\n",
        "b.log": b"fine\n",
    }
    with ThreadPoolExecutor(1) as pool:
        items = stage.run(filled_case(evidence), QuietObserver(), RedactionWishes(workers=1), pool).items
    assert sorted(item.state for item in items) == ["sealed", "withheld"]


@pytest.mark.enable_socket
def test_a_cluster_of_two_workers_gives_what_one_process_gives(filled_case, tmp_path):
    distributed = pytest.importorskip("distributed")
    evidence = {f"{seed}.log": _log(tmp_path, 200_000, seed) for seed in range(4)}
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        alone, first, helped, second = _twins(
            filled_case, evidence, wishes=RedactionWishes(workers=2), executor=client.get_executor()
        )
    assert [(one.sha256, one.ledger) for one in first] == [(other.sha256, other.ledger) for other in second]
    assert read_map(alone) == read_map(helped)
