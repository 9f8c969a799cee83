"""With every fault of the lab switched on in turn: no traceback, no wrong file saved, every gap named."""

from __future__ import annotations

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
from tests.fakes.azure_run import collect_from, reasons

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(600)]

HARMLESS = frozenset(
    {"cold-scm", "throttled", "bad-gateway", "cut-502", "reset", "slow-drip", "growing-log", "clock-skew"}
)
"""Faults that patience overcomes."""


@pytest.mark.parametrize("fault", sorted(FAULTS))
@pytest.mark.parametrize("world", ["deadlock-windows", "crash-loop"])
def test_a_fault_costs_evidence_but_never_the_truth(world: str, fault: str, tmp_path: Path) -> None:
    with running(WORLDS[world], faults=[fault]) as lab:
        case, evidence = collect_from(lab, tmp_path / "case", "dumps", "network")

    assert evidence.artifacts, "something is always there"
    assert_files_are_what_they_are_called(case, evidence)
    for step in evidence.steps:
        if step.outcome.state not in ("collected",):
            assert step.outcome.reason, step.id
            assert step.outcome.hint, step.id
    secrets = lab.state.tokens.all_issued()
    text = reasons(evidence.steps) + (case.root / "evidence.json").read_text("utf-8")
    assert not [token for token in secrets if token in text]
    if fault not in HARMLESS:
        assert not is_complete(evidence) or fault in ("wrong-host-href", "token-expiry", "old-stamp"), reasons(
            evidence.steps
        )


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
