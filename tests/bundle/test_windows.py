"""A log that is too large for the kit is there with its lines around the incident, and every cut is on record."""

from __future__ import annotations

import json
import random
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.bundle.contents import gather
from escalate.bundle.members import Member, of_bytes, of_file, packed_form
from escalate.bundle.tiers import write_kit
from escalate.bundle.verify import verify
from escalate.bundle.windows import LIMIT, Wanted, cut
from escalate.case.packed import PackingSink
from escalate.case.store import Case
from escalate.model.base import parse_document
from escalate.model.incident import Window
from escalate.model.kind import Kind
from escalate.model.manifest import Manifest
from escalate.model.observer import QuietObserver
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import DEFAULT_FILES, LOG_PATH, WORKER, File, fill

QUIET = QuietObserver()
MIDNIGHT = datetime(2026, 4, 4, tzinfo=UTC)
INCIDENT = Window(start=MIDNIGHT + timedelta(hours=5, minutes=58), end=MIDNIGHT + timedelta(hours=6, minutes=2))


def _day(seed: int, per_second: int = 1, hours: float = 24) -> bytes:
    """A log of a day that hardly deflates."""
    noise = random.Random(seed)
    lines = []
    for second in range(int(hours * 3600)):
        stamp = f"{MIDNIGHT + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S}.000Z"
        lines += [f"{stamp} [INFO] {noise.randbytes(30).hex()}\n" for _ in range(per_second)]
    return "".join(lines).encode()


DAY = _day(1)


def _kit(case: Case, tmp_path: Path, limit: int = 5_000_000) -> Path:
    kit = tmp_path / f"kit-{limit}.zip"
    assert write_kit(gather(case, QUIET), kit, QUIET, limit).size <= limit
    assert verify(kit, observer=QUIET).problems == ()
    return kit


@pytest.fixture
def case(make_case: CaseMaker) -> Case:
    case = make_case()
    fill(case, [*DEFAULT_FILES[1:], File(LOG_PATH, DAY, Kind.CONTAINER_LOG)])
    return case


def test_each_line_of_a_window_is_the_line_of_that_number(case: Case, tmp_path: Path) -> None:
    with zipfile.ZipFile(_kit(case, tmp_path, 400_000)) as kit:
        manifest = parse_document(Manifest, kit.read("90-meta/manifest.json"), where="manifest")
        (one,) = manifest.cuts
        whole = DAY.splitlines(keepends=True)
        kept = 0
        for window in one.kept:
            data = kit.read(window.member)
            assert data == b"".join(whole[window.first_line - 1 : window.last_line])
            assert len(data) == window.size
            assert f".lines-{window.first_line}-{window.last_line}.log" in window.member
            kept += window.last_line - window.first_line + 1
    assert one.lines == len(whole)
    assert one.lines_dropped == len(whole) - kept
    assert one.bytes_dropped == len(DAY) - sum(window.size for window in one.kept)


def test_the_incident_and_the_cited_line_are_in_it(case: Case, tmp_path: Path) -> None:
    with zipfile.ZipFile(_kit(case, tmp_path, 400_000)) as kit:
        names = [name for name in kit.namelist() if ".lines-" in name]
        text = b"".join(kit.read(name) for name in names).decode()
        page = kit.read("13-findings/findings.md").decode()
        paths = json.loads(kit.read("13-findings/paths.json"))
        reference = json.loads(kit.read(f"30-logs/{WORKER}/{LOG_PATH}.ref.json"))
        start_here = kit.read("00-START-HERE.md").decode()
        summary = json.loads(kit.read("00-summary.json"))
    assert DAY.decode().splitlines()[51] in text  # line 52 is cited
    assert "2026-04-04T05:58:45.000Z" in text  # the window of the incident
    assert f"which is `30-logs/{WORKER}/{LOG_PATH}` line 52" in page
    window = next(each for each in paths["windows"][LOG_PATH] if each["first_line"] <= 52 <= each["last_line"])
    assert f"`{window['member']}` line {52 - window['first_line'] + 1}, which is" in page
    assert [each["member"] for each in reference["kept"]] == names
    assert (reference["size"], reference["why"][:9]) == (len(DAY), "too large")
    assert "1 texts are cut" in start_here
    assert summary["counts"]["artifacts cut"] == 1


def test_less_room_gives_narrower_windows_and_equal_input_equal_bytes(case: Case, tmp_path: Path) -> None:
    sizes = []
    for limit in (1_000_000, 400_000, 150_000, 80_000):
        with zipfile.ZipFile(_kit(case, tmp_path, limit)) as kit:
            sizes.append(sum(info.file_size for info in kit.infolist() if ".lines-" in info.filename))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1] > 0
    again = tmp_path / "again"
    again.mkdir()
    assert _kit(case, again, 400_000).read_bytes() == (tmp_path / "kit-400000.zip").read_bytes()


def test_a_text_that_fits_is_not_cut(case: Case, tmp_path: Path) -> None:
    with zipfile.ZipFile(_kit(case, tmp_path)) as kit:
        assert kit.read(f"30-logs/{WORKER}/{LOG_PATH}") == DAY
        assert not any(".lines-" in name for name in kit.namelist())


def test_one_large_log_leaves_room_for_the_others(make_case: CaseMaker, tmp_path: Path) -> None:
    case = make_case()
    others = [
        File(f"LogFiles/other-{number}_docker.log", _day(number, hours=6), Kind.CONTAINER_LOG) for number in (2, 3)
    ]
    fill(case, [File(LOG_PATH, DAY, Kind.CONTAINER_LOG), *others, DEFAULT_FILES[3]], ())
    with zipfile.ZipFile(_kit(case, tmp_path, 1_000_000)) as kit:
        cut_files = {name.partition(".lines-")[0] for name in kit.namelist() if ".lines-" in name}
        assert len(cut_files) == 3
        assert f"40-process/{WORKER}/1905/proc/1905/stack.txt" in kit.namelist()


def test_a_cited_line_that_is_longer_than_the_kit_has_no_window(make_case: CaseMaker, tmp_path: Path) -> None:
    case = make_case()
    giant = b"short\n" * 51 + random.Random(5).randbytes(3_000_000).hex().encode() + b"\n" + b"after\n" * 20
    fill(case, [File("giant.log", giant, Kind.TEXT)], (), cited="giant.log")
    with zipfile.ZipFile(_kit(case, tmp_path, 300_000)) as kit:
        for name in (name for name in kit.namelist() if ".lines-" in name):
            assert kit.read(name) in giant
            assert kit.getinfo(name).file_size < 300_000


def _wanted(*cited: int, kind: Kind = Kind.CONTAINER_LOG) -> Wanted:
    return Wanted(kind, cited, INCIDENT)


def test_a_packed_log_is_cut_like_a_plain_one(tmp_path: Path) -> None:
    place = tmp_path / "x.deflate"
    with place.open("wb") as out:
        sink = PackingSink(out)
        sink.write(DAY)
        sha256, _ = sink.finish()
    packed = Member(
        "x.log", "evidence", place, len(DAY), sha256, packed=packed_form(place, len(DAY), sha256, lambda _: None)
    )
    plain = of_bytes("x.log", "evidence", DAY)
    assert cut(packed, _wanted(40_000), 200_000, 100) == cut(plain, _wanted(40_000), 200_000, 100)


def test_a_busy_log_keeps_the_start_of_the_incident(tmp_path: Path) -> None:
    """More than can be held at a time lies between a quarter of an hour before the incident and its start."""
    log = tmp_path / "busy.log"
    before, after = INCIDENT.start - timedelta(minutes=20), INCIDENT.start + timedelta(minutes=2)
    with log.open("wb") as out:
        moment, body = before, b" [INFO] " + b"x" * 500 + b"\n"
        while moment < after:
            out.write((f"{moment:%Y-%m-%dT%H:%M:%S}.000Z".encode() + body) * 100)
            moment += timedelta(seconds=1)
    assert log.stat().st_size > 3 * LIMIT
    found = cut(of_file("busy.log", "evidence", log), Wanted(Kind.CONTAINER_LOG, (), INCIDENT), 300_000, 100)
    assert found is not None
    kept = b"".join(each.data for each in found.kept)
    assert f"{INCIDENT.start:%Y-%m-%dT%H:%M:%S}".encode() in kept
    assert f"{INCIDENT.start + timedelta(seconds=59):%Y-%m-%dT%H:%M:%S}".encode() in kept


def test_iis_times_have_no_zone_and_are_utc() -> None:
    noise = random.Random(7)
    lines = [
        f"{MIDNIGHT + timedelta(seconds=second * 10):%Y-%m-%d %H:%M:%S} APP GET /{noise.randbytes(20).hex()} 200\n"
        for second in range(8640)
    ]
    head = "#Fields: date time s-sitename cs-method cs-uri-stem sc-status\n"
    data = (head + "".join(lines)).encode()
    found = cut(of_bytes("u_ex.log", "evidence", data), _wanted(kind=Kind.W3C_LOG), 40_000, 100)
    assert found is not None
    assert found.kept[0].data.startswith(head.encode())
    assert any(b"2026-04-04 05:58:00" in each.data for each in found.kept)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe" + "2026-04-04T05:58:00Z x\n".encode("utf-16-le") * 9_000, b"\0" * 90_000]
)
def test_what_is_no_text_of_single_bytes_is_not_cut(data: bytes) -> None:
    assert cut(of_bytes("x", "evidence", data), _wanted(3), 50_000, 100) is None


def test_a_log_of_another_day_without_a_cited_line_is_not_cut() -> None:
    other = Window(start=MIDNIGHT + timedelta(days=3), end=MIDNIGHT + timedelta(days=3, hours=1))
    assert cut(of_bytes("x", "evidence", DAY), Wanted(Kind.CONTAINER_LOG, (), other), 50_000, 100) is None


def test_of_thread_dumps_the_beginning_is_kept() -> None:
    data = b"".join(
        b'"worker-%d" #%d\n   at %s\n' % (n, n, random.Random(n).randbytes(20).hex().encode()) for n in range(20_000)
    )
    found = cut(of_bytes("t", "evidence", data), Wanted(Kind.THREAD_DUMP, (), None), 60_000, 100)
    assert found is not None
    assert data.startswith(found.kept[0].data)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.lists(st.integers(1, 400), max_size=6), st.integers(200, 60_000))
def test_windows_of_any_text_are_its_lines_and_fit(seed: int, cited: list[int], room: int) -> None:
    noise = random.Random(seed)
    lines = [
        f"2026-04-04T0{noise.choice('456')}:58:{noise.randrange(60):02d}Z {'é' * noise.randrange(3000)}\n".encode()
        if noise.random() < 0.7
        else noise.randbytes(noise.randrange(300)).hex().encode() + b"\n"
        for _ in range(noise.randrange(400))
    ]
    data = b"".join(lines)[: -noise.randrange(1, 4) or None]
    whole = data.splitlines(keepends=True)
    found = cut(of_bytes("x", "evidence", data), _wanted(*cited), room, 50)
    if found is None:
        return
    assert found.cost <= room
    assert found.lines == len(whole)
    last = 0
    for each in found.kept:
        assert each.first_line > last
        assert each.data == b"".join(whole[each.first_line - 1 : each.last_line])
        last = each.last_line
