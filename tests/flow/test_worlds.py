"""Every world of the lab, from its Azure to a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalate.lab.processes import java_available
from escalate.lab.server import running
from escalate.lab.worlds import WORLDS
from escalate.model.finding import FindingsDocument
from escalate.model.observer import QuietObserver
from escalate.model.outcome import Collected
from escalate.workflow import run_stage
from tests.fakes.azure_run import collect_from, outcomes, reasons
from tests.fakes.redacted_twin import judged_again, judgement
from tests.lab.test_worlds import NOT_YET

pytestmark = [pytest.mark.system, pytest.mark.enable_socket, pytest.mark.timeout(600)]

COLLECTED_NOT_YET: dict[str, str] = {**NOT_YET}
"""Worlds whose answer is not found from what is collected over Azure; each must fail until it is."""

TAKEN_BY_REDACTION = {
    "host-memory-pressure": "the Cookie of a table is masked whole, and with it the instance id that joins two names",
}
"""Worlds of which a reader of the bundle finds less than we do; the verdict is the same. Each must until mended."""

EVERYTHING = ("dumps", "heap", "histogram", "profiles", "network")


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_a_world_is_collected_and_judged(name: str, tmp_path: Path) -> None:
    world = WORLDS[name]
    if world.real == "java" and not java_available():
        pytest.skip("needs a JDK: java, javac, jcmd")
    with running(world) as lab:
        case, evidence = collect_from(lab, tmp_path / "case", *EVERYTHING)

    failed = tuple(step for step in evidence.steps if step.outcome.state in ("failed", "timeout", "invalid"))
    assert failed == (), reasons(failed)
    assert isinstance(evidence.steps[0].outcome, Collected) or len(evidence.artifacts) > 20, outcomes(evidence)
    assert {worker.arm_id for worker in evidence.workers} >= {
        worker.arm_id for worker in world.workers if worker.state == "READY"
    }
    run_stage(case, "triage", QuietObserver())
    verdict = case.read(FindingsDocument).verdict
    if name in COLLECTED_NOT_YET:
        assert verdict.answerable_by != world.expected, f"{name} is right now: take it out of NOT_YET"
    else:
        assert verdict.answerable_by == world.expected, verdict.why
    raw, redacted = judged_again(case, tmp_path)
    assert redacted.verdict.answerable_by == raw.verdict.answerable_by
    same = judgement(redacted) == judgement(raw)
    assert same == (name not in TAKEN_BY_REDACTION), "redaction took what triage judges by"
