"""Dumps taken from a folder: whose they are is told by themselves and by the folders they lie in."""

from __future__ import annotations

import struct

import pytest

from escalate.bundle.places import evidence_names
from escalate.model.incident import Incident, TargetFacts
from escalate.model.observer import QuietObserver
from escalate.model.redaction import RedactionDocument
from escalate.workflow import run_stage
from tests.fakes.core_maker import CoreMaker
from tests.fakes.minidump_writer import MinidumpWriter


def core(pid):
    """PRPSINFO is the first note; of 64 bit its pid stands at 24."""
    data = bytearray(CoreMaker(heap=bytes(64)).data())
    struct.pack_into("<I", data, data.index(b"CORE\0\0\0\0") + 8 + 24, pid)
    return bytes(data)


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    for name, data in {
        "lw0sdlwk000ABC/dumps/core.of-web": core(31),
        "local/web-1/core": core(77),
        "w3wp.dmp": MinidumpWriter(memory=bytes(256)).data(),
        "nobody/core": core(0),
        "nobody/cut": core(5)[:80],
        "10-30-0-103/app.log": b"line\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_pid_and_worker_come_from_the_dump_and_its_folder(source, take_in):
    _, document = take_in(source)
    assert {artifact.path: (artifact.instance, artifact.pid) for artifact in document.artifacts} == {
        "lw0sdlwk000ABC/dumps/core.of-web": ("lw0sdlwk000ABC", 31),
        "local/web-1/core": ("web-1", 77),
        "w3wp.dmp": (None, 4242),
        "nobody/core": (None, None),
        "nobody/cut": (None, None),
        "10-30-0-103/app.log": (None, None),
    }


def test_what_the_incident_calls_a_worker_goes_before_the_name_of_a_folder(source, take_in):
    long = "2e9614b903860387"
    (source / "lw0sdlwk000ABC" / long).mkdir()
    (source / "lw0sdlwk000ABC" / long / "core").write_bytes(core(9))
    _, document = take_in(source, Incident(target=TargetFacts(instances=("RD1",), instance_ids={"RD1": long})))
    assert ("RD1", 9) in {(artifact.instance, artifact.pid) for artifact in document.artifacts}


def test_the_bundle_has_them_below_their_worker_and_process(source, take_in):
    case, _ = take_in(source)
    for stage in ("triage", "redact"):
        run_stage(case, stage, QuietObserver())
    names = set(evidence_names(case.read(RedactionDocument).items).values())
    assert {
        "40-process/lw0sdlwk000ABC/31/lw0sdlwk000ABC/dumps/core.of-web",
        "40-process/web-1/77/local/web-1/core",
        "40-process/unknown/4242/w3wp.dmp",
        "40-process/unknown/unknown/nobody/core",
    } <= names
