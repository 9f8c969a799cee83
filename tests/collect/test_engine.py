"""Limits, deadlines, and going on after a kill."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

import pytest

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.collect import stage
from escalate.collect.collector import Collector
from escalate.collect.command import Command
from escalate.collect.engine import Engine, numbered
from escalate.collect.piece import Piece, Unavailable
from escalate.collect.plan import Wishes, make_plan
from escalate.model.incident import Incident
from escalate.model.observer import QuietObserver
from escalate.model.outcome import Blocked
from escalate.model.plan import Budget, CatalogueEntry, Consent, Plan, Run, Sensitivity
from escalate.model.target import LocalTarget, PathTarget
from tests.collect.conftest import QUICK, ROOM
from tests.fakes.core_maker import CoreMaker


def entry(name, **more):
    fields = {
        "id": f"test.{name}",
        "title": f"Test {name}",
        "why": "a test",
        "scope": "system",
        "volatility": 3,
        "consent": Consent.ALWAYS,
        "effects": "none",
        "seconds": 1,
        "timeout_s": 30,
        "stall_s": 30,
        "max_bytes": 1_000_000,
        "sensitivity": Sensitivity.TEXT,
        "obtain": f"get {name}",
        "source": "the test",
        **more,
    }
    return CatalogueEntry(**fields)


@pytest.fixture
def run_with(make_case):
    """Runs collectors made of generator functions: run_with((entry, gather), ..., budget=...)."""

    def run(*pairs, budget=ROOM):
        case = make_case(target=LocalTarget())
        plan = Plan(
            case_id=case.document.id,
            created_at=case.document.created_at,
            target=LocalTarget(),
            budget=budget,
            consents=(),
            steps=tuple(
                Run(id=e.id, collector=e.id, title=e.title, effects="none", seconds=1, max_bytes=e.max_bytes)
                for e, _ in pairs
            ),
        )
        catalogue = {e.id: Collector(e, gather) for e, gather in pairs}
        engine = Engine(
            case=case, plan=plan, incident=Incident(), observer=QuietObserver(), pace=QUICK, catalogue=catalogue
        )
        artifacts, steps = numbered(engine.run({}))
        return case, artifacts, {step.id: step for step in steps}

    return run


def piece(context, name, *chunks, **more):
    return Piece(path=context.below_host(name), content=chunks, origin=name, **more)


def test_a_collector_that_hangs_times_out_and_the_next_one_runs(run_with):
    def hangs(context):
        yield piece(context, "before.txt", b"x")
        time.sleep(60)
        yield piece(context, "after.txt", b"x")

    def mute(context):
        time.sleep(60)
        yield piece(context, "never.txt", b"x")

    def works(context):
        yield piece(context, "good.txt", b"x")

    started = time.monotonic()
    _, artifacts, steps = run_with(
        (entry("hangs", timeout_s=0.5), hangs), (entry("mute", stall_s=0.5), mute), (entry("works"), works)
    )
    assert time.monotonic() - started < 15
    assert steps["test.hangs"].outcome.state == "partial"
    assert "time limit" in steps["test.hangs"].outcome.reason
    assert steps["test.mute"].outcome.state == "timeout"
    assert "no sign of life" in steps["test.mute"].outcome.reason
    assert steps["test.works"].outcome.state == "collected"
    assert [artifact.path.rpartition("/")[2] for artifact in artifacts] == ["before.txt", "good.txt"]


def test_a_child_and_its_children_die_with_the_step(run_with, tmp_path):
    pids = tmp_path / "pids"

    def spawns(context):
        code = (
            "import os,subprocess,time;p=subprocess.Popen(['sleep','300']);"
            f"open({str(pids)!r},'w').write(f'{{os.getpid()}} {{p.pid}}');time.sleep(300)"
        )
        command = Command([sys.executable, "-c", code], context.watch)
        yield piece(context, "x.txt", b"".join(command.stdout()))

    _, _, steps = run_with((entry("spawns", timeout_s=2), spawns))
    assert steps["test.spawns"].outcome.state == "timeout"
    for pid in pids.read_text().split():
        status = Path(f"/proc/{pid}/status")
        assert not status.exists() or "zombie" in status.read_text()


def test_a_time_budget_that_is_used_up_leaves_a_row_for_every_step(run_with):
    def slow(context):
        context.watch.pause(30)
        yield piece(context, "x.txt", b"x")

    def never(context):
        raise AssertionError("must not run")
        yield

    _, _, steps = run_with((entry("slow"), slow), (entry("never"), never), budget=Budget(max_bytes=1000, max_seconds=1))
    assert steps["test.slow"].outcome.state == "timeout"
    assert "time budget" in steps["test.slow"].outcome.reason
    assert steps["test.never"].outcome.state == "skipped"
    assert "--max-time" in steps["test.never"].outcome.hint


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (errno.EACCES, "denied"),
        (errno.EPERM, "denied"),
        (errno.ENOENT, "missing"),
        (errno.ESRCH, "missing"),
        (errno.ECONNREFUSED, "blocked"),
        (errno.EIO, "failed"),
    ],
)
def test_an_errno_becomes_an_outcome_with_its_name_and_a_hint(run_with, code, state):
    def refuses(context):
        raise OSError(code, os.strerror(code), "/x")
        yield

    _, _, steps = run_with((entry("refuses"), refuses))
    outcome = steps["test.refuses"].outcome
    assert outcome.state == state
    assert errno.errorcode[code] in outcome.reason
    assert outcome.hint == "get refuses"


def test_a_source_that_breaks_in_the_middle_is_partial(run_with):
    def breaks(context):
        def content():
            yield b"first"
            raise OSError(errno.EIO, "I/O error")

        yield piece(context, "a.txt")
        yield Piece(path=context.below_host("b.txt"), content=content(), origin="b")
        yield piece(context, "c.txt", b"third")

    _case, artifacts, steps = run_with((entry("breaks"), breaks))
    assert [artifact.size for artifact in artifacts] == [0, 5, 5]
    assert steps["test.breaks"].outcome.state == "partial"
    assert "EIO" in steps["test.breaks"].outcome.reason


def test_an_unavailable_source_says_what_it_is(run_with):
    def shut(context):
        raise Unavailable(Blocked(reason="the way is shut", hint="open it"))
        yield

    _, _, steps = run_with((entry("shut"), shut))
    assert steps["test.shut"].outcome == Blocked(reason="the way is shut", hint="open it")


def test_a_defect_of_a_collector_is_raised_not_hidden(run_with):
    def buggy(context):
        raise KeyError("oops")
        yield

    with pytest.raises(KeyError):
        run_with((entry("buggy"), buggy))


def test_a_step_may_bring_no_more_than_its_share(run_with):
    def greedy(context):
        yield piece(context, "a.bin", b"\x00" * 700, b"\x00" * 700)
        yield piece(context, "b.bin", b"\x00")

    _, artifacts, steps = run_with((entry("greedy", max_bytes=1000), greedy))
    assert [artifact.size for artifact in artifacts] == [1000]
    assert steps["test.greedy"].outcome.state == "partial"


def test_two_steps_cannot_write_the_same_path(run_with):
    def one(context):
        yield piece(context, "Same.txt", b"1")

    def other(context):
        yield piece(context, "same.txt", b"2")

    _, artifacts, steps = run_with((entry("one"), one), (entry("other"), other))
    assert len(artifacts) == 1
    assert "is called" in steps["test.other"].outcome.reason


KILLED_IN_THE_MIDDLE = """
import os, signal, sys
from pathlib import Path, PurePosixPath
from escalate.case.store import Case
from escalate.collect import stage
from escalate.model.observer import QuietObserver

case = Case.open(Path(sys.argv[1]))
left = int(sys.argv[2])
adopt = Case.adopt

def adopt_and_die(self, room, relative, made):
    global left
    place = adopt(self, room, relative, made)
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return place

Case.adopt = adopt_and_die
with case.locked():
    stage.run(case, QuietObserver())
"""


@pytest.mark.parametrize("killed_after", [1, 4, 6])
def test_after_kill_9_the_same_run_loses_nothing_and_repeats_nothing(make_case, tmp_path, killed_after):
    source = tmp_path / "in"
    for folder in ("a", "b", "c"):
        (source / folder).mkdir(parents=True)
        for number in range(3):
            (source / folder / f"{number}.log").write_text(f"{folder}{number}\n")
    case = make_case(target=PathTarget(path=str(source)))
    make_plan(case, Wishes(budget=ROOM))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_IN_THE_MIDDLE, str(case.root), str(killed_after)], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    done = [event["step"] for event in case.journal.events() if event["event"] == "step"]
    with case.locked():
        document = stage.run(case, QuietObserver(), QUICK)
    assert [artifact.id for artifact in document.artifacts] == [f"A{n:04d}" for n in range(1, 10)]
    on_disk = {p.relative_to(case.path(Room.EVIDENCE)) for p in case.path(Room.EVIDENCE).rglob("*") if p.is_file()}
    assert {str(p) for p in on_disk} == {artifact.path for artifact in document.artifacts}
    assert len(document.artifacts) == 9
    assert {step.outcome.state for step in document.steps} == {"collected"}
    all_steps = [event["step"] for event in case.journal.events() if event["event"] == "step"]
    assert sorted(all_steps) == ["intake.path/a", "intake.path/b", "intake.path/c"]
    assert all_steps[: len(done)] == done
    assert case.journal.is_done(stage.NAME, stage.inputs(case))


def test_files_of_a_half_done_step_are_removed_before_it_is_repeated(make_case, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.log").write_text("a\n")
    case = make_case(target=PathTarget(path=str(tmp_path / "in")))
    make_plan(case, Wishes(budget=ROOM))
    with case.new_file(Room.EVIDENCE, "stale.log") as handle:
        handle.write(b"left by a killed run")
    document = stage.run(case, QuietObserver(), QUICK)
    assert [artifact.path for artifact in document.artifacts] == ["a.log"]
    assert not case.path(Room.EVIDENCE, "stale.log").exists()


def children_of(pid: int, wait_s: float = 60) -> list[str]:
    """Its child processes, as soon as there are any."""
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        found = [one for task in Path(f"/proc/{pid}/task").glob("*/children") for one in task.read_text().split()]
        if found:
            return found
        time.sleep(0.1)
    return []


@pytest.mark.system
@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="needs tcpdump")
def test_an_interrupted_run_ends_its_children(make_case, tmp_path):
    case = make_case(target=LocalTarget())
    make_plan(case, Wishes(budget=ROOM, only=frozenset({"network.capture"}), include=frozenset({"network"})))
    code = (
        "import signal, sys\nfrom pathlib import Path\nfrom escalate.case.store import Case\n"
        "from escalate.collect import stage\nfrom escalate.model.observer import QuietObserver\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background starts with it ignored
        "stage.run(Case.open(Path(sys.argv[1])), QuietObserver())\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(case.root)], stderr=subprocess.DEVNULL) as child:
        try:
            children = children_of(child.pid)
            assert children
            child.send_signal(signal.SIGINT)
            child.wait(60)
        finally:
            child.kill()
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    assert json.loads(case.root.joinpath("journal.jsonl").read_text().splitlines()[0])["event"] == "begin"


def test_a_second_case_object_sees_the_same_evidence(make_case, tmp_path, collect):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.log").write_text("a\n")
    case = make_case(target=PathTarget(path=str(tmp_path / "in")))
    document = collect(case)
    assert Case.open(case.root).read(type(document)) == document


def test_a_dump_is_checked_when_it_is_saved_and_one_that_is_cut_off_is_told(run_with):
    whole = CoreMaker(b"heap" * 40).data()

    def gather(context):
        yield Piece(path=PurePosixPath("process/7/whole.core"), content=iter([whole]), origin="gcore", pid=7)
        yield Piece(path=PurePosixPath("process/7/cut.core"), content=iter([whole[:-9]]), origin="gcore", pid=7)
        yield Piece(path=PurePosixPath("process/7/notes.txt"), content=iter([b"text\n"]), origin="notes", pid=7)

    _, artifacts, steps = run_with((entry("dump"), gather))
    dumps = {artifact.path.rpartition("/")[2]: artifact.dump for artifact in artifacts}
    assert dumps["whole.core"].state == "complete"
    assert (dumps["cut.core"].state, dumps["cut.core"].missing) == ("truncated", 9)
    assert dumps["notes.txt"] is None
    outcome = steps["test.dump"].outcome
    assert outcome.state == "partial"
    assert "process/7/cut.core" in outcome.reason
    assert "9 bytes are missing" in outcome.reason
