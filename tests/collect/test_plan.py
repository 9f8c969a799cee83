"""What is planned, what is not, and what is refused before anything is touched."""

from __future__ import annotations

import os
import re

import pytest

from escalate.collect.entries import collectors, entries, unique
from escalate.collect.plan import Wishes, include_words, make_plan
from escalate.collect.processes import family
from escalate.errors import ConfigError, TargetError, UsageError
from escalate.model.plan import Budget, Consent, Run, Skip
from escalate.model.target import LocalTarget, PathTarget

ROOM = Budget(max_bytes=1_000_000_000, max_seconds=60)


def plan_of(case, **wishes):
    return make_plan(case, Wishes(budget=ROOM, **{key: frozenset(value) for key, value in wishes.items()}))


def test_every_entry_says_why_what_it_costs_and_how_to_get_it_by_hand():
    assert len(entries()) > 25
    for entry in entries():
        assert re.fullmatch(r"[a-z]+(\.[A-Za-z0-9_]+){0,2}", entry.id), entry.id
        assert len(entry.title) > 5, entry.id
        assert entry.why, entry.id
        assert entry.effects, entry.id
        assert entry.obtain, entry.id
        assert entry.source, entry.id
        assert entry.timeout_s >= entry.seconds, entry.id
        assert (entry.include is not None) == (entry.consent is Consent.ASK), entry.id
        assert entry.scope != "process" or "{pid}" in entry.obtain, entry.id


def test_the_include_words_are_those_of_the_contract():
    assert include_words() == ("dumps", "heap", "histogram", "keys", "network", "profiles")


def test_an_id_that_is_declared_twice_is_refused():
    with pytest.raises(ConfigError, match="twice"):
        unique([collectors()[0], collectors()[0]])


def test_the_same_wishes_leave_a_standing_plan_as_it_is(make_case, tmp_path, sleeper):
    case = make_case(target=LocalTarget(pid=sleeper.pid))
    first = plan_of(case)
    before = case.read_bytes(type(first))
    assert plan_of(case) == first
    assert case.read_bytes(type(first)) == before
    assert plan_of(case, include={"dumps"}) != first


def test_volatile_steps_come_first_and_intrusive_ones_last(make_case, sleeper):
    plan = plan_of(make_case(target=LocalTarget(pid=sleeper.pid)), include=set(include_words()))
    by_id = {entry.id: entry for entry in entries()}
    ranks = [(by_id[s.collector].consent is not Consent.ALWAYS, by_id[s.collector].volatility) for s in plan.steps]
    assert ranks == sorted(ranks)
    assert plan.steps[-1].collector == "native.core"
    assert all(isinstance(step, Run) for step in plan.steps)


def test_a_step_that_needs_consent_names_the_word_that_gives_it(make_case, sleeper):
    plan = plan_of(make_case(target=LocalTarget(pid=sleeper.pid)), include={"network"})
    steps = {step.collector: step for step in plan.steps}
    assert isinstance(steps["native.core"], Skip)
    assert steps["native.core"].hint == "add --include dumps"
    assert isinstance(steps["network.capture"], Run)
    assert plan.consents == ("network",)


def test_a_person_may_agree_to_one_step(make_case, sleeper):
    asked = []

    def agree(entry, pid):
        asked.append((entry.id, pid))
        return entry.id == "native.backtrace"

    plan = make_plan(make_case(target=LocalTarget(pid=sleeper.pid)), Wishes(budget=ROOM, agree=agree))
    runs = {step.collector for step in plan.steps if isinstance(step, Run)}
    assert "native.backtrace" in runs
    assert "native.core" not in runs
    assert sorted(asked) == [
        ("native.backtrace", sleeper.pid),
        ("native.core", sleeper.pid),
        ("network.capture", None),
    ]


@pytest.mark.parametrize(
    ("wishes", "hint"),
    [
        ({"only": {"system.sampels"}}, "system.samples"),
        ({"skip": {"java.thread"}}, "java.threads"),
        ({"include": {"dump"}}, "dumps"),
    ],
)
def test_a_word_that_does_not_exist_is_refused_with_the_nearest_one(make_case, wishes, hint):
    with pytest.raises(UsageError) as error:
        plan_of(make_case(target=LocalTarget()), **wishes)
    assert f"did you mean {hint}?" in error.value.hint


def test_a_process_that_does_not_exist_is_an_error_of_the_target(make_case):
    with pytest.raises(TargetError, match="4194303"):
        plan_of(make_case(target=LocalTarget(pid=4_194_303)))


def test_without_a_pid_processes_are_looked_at_from_outside_and_never_ourselves(make_case, sleeper):
    plan = plan_of(make_case(target=LocalTarget()), include=set(include_words()))
    of_processes = [step for step in plan.steps if step.pid is not None]
    assert all(step.collector.startswith("proc.") for step in of_processes)
    assert len({step.pid for step in of_processes}) <= 3
    assert family(os.getpid()).isdisjoint({step.pid for step in of_processes})


def test_a_folder_is_one_step_each_and_one_for_loose_files(make_case, tmp_path):
    for name in ("in/b/x", "in/a/y", "in/z.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    plan = plan_of(make_case(target=PathTarget(path=str(tmp_path / "in"))))
    assert [step.id for step in plan.steps] == ["intake.path/a", "intake.path/b", "intake.path/."]


def test_skipping_and_only_leave_a_row(make_case):
    plan = plan_of(make_case(target=LocalTarget()), skip={"system.disk"})
    assert next(step for step in plan.steps if step.collector == "system.disk").reason == "left out by --skip"
