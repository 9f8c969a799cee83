"""Evidence gathered elsewhere: what is taken, what is refused, and that both are on record."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.case.layout import Room
from escalate.collect.names import NameRefusedError, safe_part, safe_path
from escalate.errors import TargetError
from escalate.model.incident import Incident, TargetFacts
from escalate.model.kind import Kind
from escalate.model.plan import Budget


def paths(document):
    return {artifact.path for artifact in document.artifacts}


def content(case, path):
    return case.path(Room.EVIDENCE, path).read_bytes()


def reasons(document):
    return " | ".join(getattr(step.outcome, "reason", "") for step in document.steps)


def tar_of(place: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w") -> Path:
    with tarfile.open(place, mode) as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return place


def link(name: str, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


def test_a_folder_keeps_its_relative_paths_and_hashes(tmp_path, take_in):
    source = tmp_path / "in"
    (source / "LogFiles").mkdir(parents=True)
    (source / "LogFiles" / "a.log").write_bytes(b"one\n")
    (source / "note.txt").write_bytes(b"two\n")
    case, document = take_in(source)
    assert paths(document) == {"LogFiles/a.log", "note.txt"}
    assert content(case, "LogFiles/a.log") == b"one\n"
    assert [artifact.id for artifact in document.artifacts] == ["A0001", "A0002"]
    assert {step.outcome.state for step in document.steps} == {"collected"}
    assert (source / "note.txt").read_bytes() == b"two\n"


def test_every_worked_incident_is_taken_whole(shared, take_in, make_case, collect):
    from escalate.model.target import PathTarget

    for scenario in sorted((shared / "scenarios").iterdir()):
        source = scenario / "input"
        if not source.is_dir():
            continue
        case = make_case(target=PathTarget(path=str(source)), name=scenario.name)
        document = collect(case)
        assert paths(document) == {str(p.relative_to(source)) for p in source.rglob("*") if p.is_file()}
        assert all(step.outcome.state == "collected" for step in document.steps)


def test_site_and_instance_come_from_the_path(tmp_path, take_in):
    source = tmp_path / "in"
    for name in ("func-import/x.log", "kudu/Web-Shop/y.json", "LogFiles/2026_04_04_10-30-0-103_docker.log"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("line\n")
    facts = TargetFacts(
        resource_id="/subscriptions/0/resourceGroups/g/providers/Microsoft.Web/sites/web-shop",
        sibling_apps=("func-import",),
        instances=("10-30-0-10", "10-30-0-103"),
    )
    _, document = take_in(source, Incident(target=facts))
    found = {artifact.path: (artifact.site, artifact.instance) for artifact in document.artifacts}
    assert found["func-import/x.log"] == ("func-import", None)
    assert found["kudu/Web-Shop/y.json"] == ("web-shop", None)
    assert found["LogFiles/2026_04_04_10-30-0-103_docker.log"] == (None, "10-30-0-103")


def test_a_gzip_in_a_zip_in_a_folder_is_expanded_in_place(tmp_path, take_in):
    source = tmp_path / "in"
    source.mkdir()
    with zipfile.ZipFile(source / "b.zip", "w") as archive:
        archive.writestr("logs/c.log.gz", gzip.compress(b"inner line\n"))
        archive.writestr("logs/d.txt", b"plain\n")
    case, document = take_in(source)
    assert paths(document) == {"b.zip/logs/c.log.gz/c.log", "b.zip/logs/d.txt"}
    assert content(case, "b.zip/logs/c.log.gz/c.log") == b"inner line\n"
    assert next(a for a in document.artifacts if a.path.endswith("c.log")).origin == "b.zip!logs/c.log.gz!c.log"


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [(".tar.gz", gzip.compress), (".tgz", gzip.compress), (".tar.bz2", bz2.compress), (".tar.xz", lzma.compress)],
)
def test_a_packed_tar_is_unpacked_at_the_top(tmp_path, take_in, suffix, pack):
    plain = tar_of(tmp_path / "x.tar", (tarfile.TarInfo("LogFiles/a.log"), b"a" * 700_000))
    packed = tmp_path / f"evidence{suffix}"
    packed.write_bytes(pack(plain.read_bytes()))
    case, document = take_in(packed)
    assert paths(document) == {"LogFiles/a.log"}
    assert content(case, "LogFiles/a.log") == b"a" * 700_000


def test_a_single_file_and_a_lone_gzip_are_taken(tmp_path, take_in, make_case, collect):
    place = tmp_path / "app.log.gz"
    place.write_bytes(gzip.compress(b"x\n") + gzip.compress(b"y\n"))
    case, document = take_in(place)
    assert paths(document) == {"app.log.gz/app.log"}
    assert content(case, "app.log.gz/app.log") == b"x\ny\n"


def test_a_first_folder_with_a_name_of_ours_is_renamed_and_recorded(tmp_path, take_in):
    source = tmp_path / "in"
    for name in ("triage/x.txt", "Case/y.txt", "case_/z.txt"):
        (source / name).parent.mkdir(parents=True)
        (source / name).write_text(name)
    case, document = take_in(source)
    origins = {artifact.origin: artifact.path for artifact in document.artifacts}
    assert origins["triage/x.txt"] == "triage_/x.txt"
    assert {path.split("/")[0].casefold() for path in origins.values()}.isdisjoint({"triage", "case"})
    assert len(set(origins.values())) == 3
    assert content(case, origins["Case/y.txt"]) == b"Case/y.txt"


def test_links_pipes_and_our_own_case_in_a_folder_are_refused_by_name(tmp_path, make_case, collect):
    from escalate.model.target import PathTarget

    (tmp_path / "secret.txt").write_text("outside\n")
    source = tmp_path
    (source / "logs").mkdir()
    (source / "logs" / "a.log").write_text("a\n")
    (source / "logs" / "out").symlink_to("../secret.txt")
    os.mkfifo(source / "logs" / "pipe")
    case = make_case(target=PathTarget(path=str(source)))
    document = collect(case)
    assert paths(document) == {"logs/a.log", "secret.txt"}
    said = reasons(document)
    assert "symbolic links: logs/out" in said
    assert "logs/pipe" in said
    assert "this case's own folder: case" in said


def test_a_hostile_tar_gives_its_good_members_and_stays_as_an_opaque_file(tmp_path, take_in):
    device = tarfile.TarInfo("dev/null")
    device.type = tarfile.CHRTYPE
    place = tar_of(
        tmp_path / "evil.tar",
        (tarfile.TarInfo("../../escaped.txt"), b"no"),
        (tarfile.TarInfo("/etc/absolute"), b"no"),
        (link("passwd", "/etc/passwd"), b""),
        (device, b""),
        (tarfile.TarInfo("good/a.log"), b"yes\n"),
        (tarfile.TarInfo("good/a.log"), b"again\n"),
        (tarfile.TarInfo("GOOD/A.log"), b"and again\n"),
    )
    case, document = take_in(place)
    assert paths(document) == {"good/a.log", "evil.tar"}
    assert content(case, "good/a.log") == b"yes\n"
    assert content(case, "evil.tar") == place.read_bytes()
    said = reasons(document)
    for words in ("names with '..'", "absolute names", "symbolic links: evil.tar!passwd", "devices", "there twice"):
        assert words in said
    assert "2 refused, names that are there twice" in said
    assert [step.outcome.state for step in document.steps] == ["partial"]
    assert not list(tmp_path.rglob("escaped.txt"))


def test_links_alone_do_not_make_an_archive_hostile(tmp_path, take_in):
    place = tar_of(tmp_path / "logs.tar", (link("latest.log", "a.log"), b""), (tarfile.TarInfo("a.log"), b"a\n"))
    _, document = take_in(place)
    assert paths(document) == {"a.log"}
    assert "symbolic links: logs.tar!latest.log" in reasons(document)


def test_a_zip_bomb_is_stopped_and_stays_as_an_opaque_file(tmp_path, take_in):
    place = tmp_path / "bomb.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first.log", b"kept\n")
        with archive.open("zeros.bin", "w") as member:
            for _ in range(100):
                member.write(bytes(1_000_000))
        archive.writestr("after.log", b"not reached\n")
    case, document = take_in(place)
    assert paths(document) == {"first.log", "bomb.zip"}
    assert "200 bytes for one" in reasons(document)
    assert not case.path(Room.EVIDENCE, "zeros.bin").exists()


def test_archives_within_archives_end_at_depth_five(tmp_path, take_in):
    data = b"deep\n"
    name = "x.txt"
    for level in range(8):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, data)
        data, name = buffer.getvalue(), f"{level}.zip"
    place = tmp_path / "outer.zip"
    place.write_bytes(data)
    _, document = take_in(place)
    assert paths(document) == {"6.zip/5.zip/4.zip/3.zip/2.zip"}
    assert document.artifacts[0].kind in (Kind.ARCHIVE, Kind.BINARY)
    assert "nested deeper than 5" in reasons(document)


def test_an_encrypted_member_is_refused_and_the_rest_is_taken(tmp_path, take_in):
    place = tmp_path / "e.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("open.log", b"o\n")
        archive.writestr("closed.log", b"c\n")
    raw = bytearray(place.read_bytes())
    entry = raw.rindex(b"PK\x01\x02")
    raw[entry + 8] |= 1
    place.write_bytes(raw)
    _, document = take_in(place)
    assert paths(document) == {"open.log", "e.zip"}
    assert "encrypted members: e.zip!closed.log" in reasons(document)


def test_a_truncated_gzip_gives_what_can_be_read_and_says_so(tmp_path, take_in):
    source = tmp_path / "in"
    source.mkdir()
    whole = gzip.compress(os.urandom(200_000))
    (source / "cut.log.gz").write_bytes(whole[:100_000])
    _case, document = take_in(source)
    assert paths(document) == {"cut.log.gz/cut.log"}
    assert 50_000 < document.artifacts[0].size < 200_000
    assert document.steps[0].outcome.state == "partial"
    assert "too early" in reasons(document)


def test_a_broken_zip_stays_whole_under_its_own_name(tmp_path, take_in):
    source = tmp_path / "in"
    source.mkdir()
    (source / "broken.zip").write_bytes(b"PK\x03\x04" + os.urandom(500))
    _case, document = take_in(source)
    assert paths(document) == {"broken.zip"}
    assert "damaged" in reasons(document)


def test_a_huge_extended_header_is_not_read_into_memory(tmp_path, take_in):
    place = tmp_path / "pax.tar"
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 30
    with place.open("wb") as handle:
        handle.write(header.tobuf(tarfile.USTAR_FORMAT))
        handle.truncate(1 << 30)
    source = tmp_path / "in"
    source.mkdir()
    small = source / "pax.tar.gz"
    small.write_bytes(gzip.compress(place.read_bytes()[: 20 << 20]))
    _, document = take_in(source)
    assert "damaged archives (a header of" in reasons(document)


def test_names_that_are_not_utf8_or_hold_control_letters_are_made_safe(tmp_path, take_in):
    source = tmp_path / "in"
    source.mkdir()
    (source / os.fsdecode(b"caf\xe9\x1b[31m.log")).write_bytes(b"x\n")
    _, document = take_in(source)
    assert paths(document) == {"caf%e9_[31m.log"}
    assert document.artifacts[0].origin == "caf\\xe9\\x1b[31m.log"


def test_two_files_of_a_folder_that_differ_in_case_are_both_kept(tmp_path, take_in):
    source = tmp_path / "in" / "d"
    source.mkdir(parents=True)
    (source / "App.log").write_text("upper\n")
    (source / "app.log").write_text("lower\n")
    case, document = take_in(tmp_path / "in")
    assert paths(document) == {"d/App.log", "d/app~2.log"}
    assert content(case, "d/app~2.log") == b"lower\n"


@pytest.mark.parametrize("make", ["nothing", "folder", "folders", "file"])
def test_a_path_without_evidence_is_an_error(tmp_path, take_in, make):
    place = tmp_path / "in"
    if make != "nothing":
        place.touch() if make == "file" else (place / ("a" if make == "folders" else "")).mkdir(parents=True)
    with pytest.raises(TargetError):
        take_in(place)


def test_a_budget_of_bytes_leaves_rows_for_what_did_not_fit(tmp_path, take_in):
    source = tmp_path / "in"
    for name in ("a", "b", "c"):
        (source / name).mkdir(parents=True)
        (source / name / "x.bin").write_bytes(b"\x01" * 600_000)
    _, document = take_in(source, budget=Budget(max_bytes=1_000_000, max_seconds=60))
    assert [step.outcome.state for step in document.steps] == ["collected", "partial", "skipped"]
    assert sum(artifact.size for artifact in document.artifacts) == 1_000_000
    assert "--max-size" in document.steps[2].outcome.hint


def test_evidence_is_private_and_nothing_half_made_remains(tmp_path, take_in):
    source = tmp_path / "in"
    source.mkdir()
    with zipfile.ZipFile(source / "a.zip", "w") as archive:
        archive.writestr("b.zip", b"not a zip")
    case, _document = take_in(source)
    assert stat.S_IMODE(case.path(Room.EVIDENCE, "a.zip/b.zip").stat().st_mode) == 0o600
    assert [p for p in case.path(Room.SCRATCH).rglob("*") if p.is_file()] == []
    shutil.rmtree(case.root)


@given(st.text(min_size=1))
def test_a_safe_name_is_one_name_that_stays_itself(raw):
    name = safe_part(raw)
    assert "/" not in name
    assert "\\" not in name
    assert name.encode()
    assert len(name.encode()) <= 255
    assert safe_part(name) == name


@given(st.lists(st.sampled_from(["..", ".", "a", "", "C:", "\\", "x\\..\\y", "con", "\x00"]), max_size=5))
def test_no_member_name_leads_outside(parts):
    try:
        path = safe_path("/".join(parts), windows=True)
    except NameRefusedError:
        return
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert all("\\" not in part and "\0" not in part for part in path.parts)
