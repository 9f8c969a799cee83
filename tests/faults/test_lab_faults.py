"""With every fault of the lab switched on in turn: no traceback, no wrong file saved, every gap named."""

from __future__ import annotations

import re
import struct
import zipfile
from pathlib import Path

import pytest

from escalate.azure.call import looks_like_html
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.lab.faults import FAULTS
from escalate.lab.server import running
from escalate.lab.worlds import WORLDS
from escalate.model.artifact import EvidenceDocument
from escalate.model.kind import Kind
from escalate.workflow import is_complete
from tests.fakes.azure_run import collect_from, outcomes, reasons

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(600)]

COSTLY = frozenset({"forbidden", "dump-12kb", "locked-file", "extensions-blocked"})
"""Faults that no other way gets around: each leaves a gap, and exit code 5."""

ON_LINUX = frozenset({"old-stamp", "worker-replaced", "locked-file"})
TOKEN = re.compile(r"lab\.[A-Za-z0-9_-]{20,}")


@pytest.fixture(autouse=True)
def _waits_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two tries; how long a person would wait is no subject here."""
    monkeypatch.setattr("escalate.azure.policies.FIRST_WAIT_S", 0.02)


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_costs_evidence_but_never_the_truth(fault: str, tmp_path: Path) -> None:
    world = "worker-panic" if fault in ON_LINUX else "deadlock-windows"
    with running(WORLDS[world], faults=[fault]) as lab:
        case, evidence = collect_from(lab, tmp_path / "case", "dumps", "network")

    assert evidence.artifacts, "something is always there"
    assert_files_are_what_they_are_called(case, evidence)
    for step in evidence.steps:
        if step.outcome.state not in ("collected",):
            assert step.outcome.reason, step.id
            assert step.outcome.hint, step.id
    assert not TOKEN.search((case.root / "evidence.json").read_text("utf-8"))
    if fault in COSTLY:
        assert not is_complete(evidence), reasons(evidence.steps)


def test_with_every_way_to_kudu_closed_the_reason_is_the_network_and_arm_still_answers(tmp_path: Path) -> None:
    with running(WORLDS["deadlock-windows"], faults=["scm-private", "extensions-blocked"]) as lab:
        _, evidence = collect_from(lab, tmp_path / "case")

    states = outcomes(evidence)
    assert states["kudu.env"] == states["evt.log"] == "blocked", reasons(evidence.steps)
    assert states["site.get"] == states["metrics.site"] == states["act.log"] == "collected"
    blocked = next(step for step in evidence.steps if step.id == "kudu.env").outcome
    assert "private endpoint" in blocked.reason or "access restriction" in blocked.reason


def assert_files_are_what_they_are_called(case: Case, evidence: EvidenceDocument) -> None:
    """Nothing saved is an error page, half an archive or half a dump under another name."""
    for artifact in evidence.artifacts:
        place = case.path(Room.EVIDENCE, artifact.path)
        with place.open("rb") as handle:
            head = handle.read(4096)
        if looks_like_html(head):
            assert place.suffix in (".htm", ".html"), f"{artifact.path} is an HTML page"
        if artifact.kind is Kind.ARCHIVE:
            assert zipfile.is_zipfile(place), f"{artifact.path} is no zip"
        if artifact.kind is Kind.MINIDUMP:
            streams = struct.unpack_from("<I", head, 8)[0]
            assert streams > 0, f"{artifact.path} has no streams"
            assert artifact.size > 12 * 1024
