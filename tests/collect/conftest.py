"""What the tests of collection share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from escalate.case.store import Case
from escalate.collect import stage
from escalate.collect.context import Pace
from escalate.collect.plan import Wishes, make_plan
from escalate.model.artifact import EvidenceDocument
from escalate.model.incident import Incident
from escalate.model.observer import QuietObserver
from escalate.model.plan import Budget
from escalate.model.target import PathTarget

QUICK = Pace(samples=2, sample_interval=1, dumps=3, dump_interval=1, capture=2)
ROOM = Budget(max_bytes=2_000_000_000, max_seconds=300)


@pytest.fixture
def collect() -> Callable[..., EvidenceDocument]:
    """Plans and collects: collect(case, include={...}, budget=...)."""

    def run(case: Case, budget: Budget = ROOM, pace: Pace = QUICK, **wishes: object) -> EvidenceDocument:
        make_plan(case, Wishes(budget=budget, **{key: frozenset(value) for key, value in wishes.items()}))
        with case.locked():
            return stage.run(case, QuietObserver(), pace)

    return run


@pytest.fixture
def take_in(make_case, collect) -> Callable[..., tuple[Case, EvidenceDocument]]:
    """Collects a folder or archive: take_in(path, incident=...)."""

    def take(path: Path, incident: Incident | None = None, **more: object) -> tuple[Case, EvidenceDocument]:
        case = make_case(target=PathTarget(path=str(path)), incident=incident)
        return case, collect(case, **more)

    return take


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A small Python process with a secret in its environment, a log open, and a password among its arguments."""
    log = tmp_path / "app.log"
    code = (
        "import sys, time\n"
        f"log = open({str(log)!r}, 'a')\n"
        "log.write('worker ready\\n'); log.flush(); print('up', flush=True)\n"
        "time.sleep(120)\n"
    )
    environment = {
        "PATH": "/usr/bin:/bin",
        "DB_PASSWORD": "s3cr3t-of-the-test",
        "PLAIN_SETTING": "a longer plain value",
        "WEBSITE_INSTANCE_ID": "2e9614b903860387",
    }
    child = subprocess.Popen(
        [sys.executable, "-c", code, "--api-token=argument-secret-42"], stdout=subprocess.PIPE, env=environment
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    yield child
    child.kill()
    child.wait()
    child.stdout.close()
