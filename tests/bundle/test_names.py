"""Names that unpack the same everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.bundle.names import MAX_NAME, NameBook, fold, name_problems, portable
from escalate.bundle.places import evidence_names, fits_layout
from escalate.model.base import ArtifactId
from escalate.model.kind import Kind
from escalate.model.redaction import Withheld

PATHS = st.text(min_size=1, max_size=400)


def _item(
    path: str, number: int, kind: Kind = Kind.TEXT, pid: int | None = None, instance: str | None = "w/1"
) -> Withheld:
    return Withheld(
        artifact=ArtifactId(f"A{number}"), path=path, kind=kind, size=1, sha256=None, origin="x", instance=instance,
        pid=pid, reason="r", how_to_get="h",
    )  # fmt: skip


@given(PATHS)
def test_any_path_becomes_a_portable_name(path: str) -> None:
    name = portable(path)
    assert name_problems(name) == ()
    assert portable(name) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b.log", "a/b.log"),
        ("logs/2026-04-04T05:58:45Z.log", "logs/2026-04-04T05_58_45Z.log"),
        ("aux/con.txt/lpt1", "_aux/_con.txt/_lpt1"),
        ("end. /x...", "end/x"),
        ("../../etc/passwd", "etc/passwd"),
        ("größe/日本.log", "größe/日本.log"),
        ("a\x00b\x1fc\u202ed", "a_b_c_d"),
        ("[R:SAS:AB12CD].log", "[R_SAS_AB12CD].log"),
    ],
)
def test_names_stay_as_near_as_they_can(path: str, name: str) -> None:
    assert portable(path) == name


@pytest.mark.parametrize(
    "name",
    ["/etc/x", "C:/x", "a/../b", "a\\b", "a//b", "./a", "nul", "a/COM1.txt", "a.", "a ", "a:b", "x\x07", "", "é" * 200],
)
def test_names_that_some_system_refuses_are_objected_to(name: str) -> None:
    assert name_problems(name)


@given(st.lists(PATHS, min_size=1, max_size=30))
def test_names_are_unique_portable_and_in_their_place(paths: list[str]) -> None:
    items = [
        _item(path, number, kind, pid)
        for number, (path, kind, pid) in enumerate(zip(paths, list(Kind) * 30, [None, 7] * 30, strict=False))
    ]
    names = evidence_names(items)
    assert names == evidence_names(reversed(items))
    everything = [*names.values(), *(f"{name}.ref.json" for name in names.values())]
    assert len({fold(name) for name in everything}) == 2 * len(items)
    for name in everything:
        assert name_problems(name) == ()
        assert fits_layout(name)
        assert len(name.encode()) <= MAX_NAME + 120


def test_names_that_differ_only_in_case_are_told_apart() -> None:
    names = evidence_names([_item("Logs/App.log", 1), _item("logs/app.LOG", 2), _item("logs/app.LOG/x", 3)])
    assert names[ArtifactId("A1")] == "30-logs/w_1/Logs/App.log"
    assert names[ArtifactId("A2")].startswith("30-logs/w_1/logs/app~")
    assert len({fold(name) for name in names.values()}) == 3


def test_an_artifact_whose_name_is_that_of_a_reference_is_told_apart() -> None:
    names = evidence_names([_item("a.log", 1), _item("a.log.ref.json", 2)])
    assert names[ArtifactId("A1")] + ".ref.json" != names[ArtifactId("A2")]


def test_a_long_path_keeps_its_end() -> None:
    name = evidence_names([_item("/".join(["deep-folder"] * 60) + "/the-end.log", 1)])[ArtifactId("A1")]
    assert name.startswith("30-logs/w_1/deep-folder/")
    assert name.endswith("deep-folder/the-end.log")
    assert len(name.encode()) <= MAX_NAME


@pytest.mark.parametrize(
    ("kind", "pid", "folder"),
    [
        (Kind.CONTAINER_LOG, None, "30-logs/w"),
        (Kind.DETECTOR, None, "20-platform"),
        (Kind.CONFIG, None, "21-config"),
        (Kind.ACTIVITY_LOG, None, "22-changes"),
        (Kind.METRICS, None, "31-telemetry"),
        (Kind.THREAD_DUMP, 7, "40-process/w/7"),
        (Kind.THREAD_DUMP, None, "40-process/w/unknown"),
        (Kind.PROC_MEMINFO, None, "40-process/w/system"),
        (Kind.TEXT, 7, "40-process/w/7"),
        (Kind.PCAP, None, "41-network/w"),
    ],
)
def test_each_kind_has_its_folder(kind: Kind, pid: int | None, folder: str) -> None:
    assert evidence_names([_item("x", 1, kind, pid, "w")])[ArtifactId("A1")] == f"{folder}/x"


def test_every_kind_has_a_place() -> None:
    assert all(fits_layout(evidence_names([_item("x", 1, kind)])[ArtifactId("A1")]) for kind in Kind)


def test_a_name_book_keeps_files_and_folders_apart() -> None:
    book = NameBook()
    assert book.take("a/b/c", "1") == "a/b/c"
    assert book.take("a/B", "2") != "a/B"
    assert book.take("A/b/c/d", "3") != "A/b/c/d"
