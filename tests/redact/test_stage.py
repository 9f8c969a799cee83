"""The stage: nothing planted leaves, what is needed stays, and failures withhold."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path, PurePosixPath

import pytest

from escalate.case import private
from escalate.case.layout import SEALED_JOURNAL, Room
from escalate.errors import UsageError
from escalate.model.artifact import EvidenceDocument
from escalate.model.case import CaseDocument
from escalate.model.finding import FindingsDocument
from escalate.model.incident import Contact, Incident, TargetFacts
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.plan import Plan
from escalate.model.redaction import RedactionDocument, Sealed, Withheld
from escalate.model.target import LocalTarget
from escalate.redact import sealing, stage
from escalate.redact.choices import ON_REQUEST
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.handlers.text import HANDLER
from escalate.redact.translate import decode, encode
from escalate.redact.wishes import RedactionWishes

KEY = "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZg=="
CONNECTION = (
    f"DefaultEndpointsProtocol=https;AccountName=contosoprod01;AccountKey={KEY};EndpointSuffix=core.windows.net"
)
BEARER = "tok_0123456789abcdefXYZ"
SIGNATURE = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9d"
PASSWORD = "Tr0ub4dor+3"
PLANTED = [
    part.encode() for part in (KEY, BEARER, SIGNATURE, PASSWORD, "contosoprod01", "jane.roe", "jroe77", "Roeschen")
]


@pytest.fixture
def planted(filled_case):
    return filled_case(
        {
            "app/app.log": (
                f"2026-04-04T05:58:45Z {CONNECTION}\nAuthorization: Bearer {BEARER}\n"
                f"GET https://x/?sv=1&sig={SIGNATURE}%3D&se=2\npassword={PASSWORD}\n"
                "user jane.roe@contoso.com from 203.0.113.9 in /home/jroe77/app\nlate news of jroe77\n"
            ).encode(),
            "app/wide.log": f"password={PASSWORD}\r\nplain {BEARER}\r\n".encode("utf-16"),
            f"app/backup password={PASSWORD}.txt": b"nothing in it\n",
            "app/jroe77/settings.json": json.dumps([{"value": PASSWORD, "name": "DB_PASSWORD"}]).encode(),
            "app/data.json": json.dumps(
                {"a": CONNECTION, "b": {"token": BEARER}, "note": f"it is {PASSWORD}"}
            ).encode(),
            "app/docker.log": f"2021-10-08T09:12Z docker run -d -e SMTP_PASSWORD={PASSWORD} -e A=1 img\n".encode(),
        },
        kinds={"app/jroe77/settings.json": Kind.CONFIG, "app/docker.log": Kind.PLATFORM_LOG},
        incident=Incident(
            title=f"it broke after password={PASSWORD}",
            symptom=f"we saw {CONNECTION} and Roeschen saw it too",
            contact=Contact(
                first_name="Jane", last_name="Roeschen", email="jane.roe@contoso.com", phone="+49 89 1234567"
            ),
        ),
        excerpt=f"login with {PASSWORD} failed, then sig={SIGNATURE}",
        origin="/home/jroe77/case",
    )


def test_nothing_planted_leaves(planted, leaving):
    document = stage.run(planted, QuietObserver())
    out = leaving(planted)
    assert all(isinstance(item, Sealed) for item in document.items)
    for secret in PLANTED:
        assert secret not in out
        assert secret.decode().encode("utf-16-le") not in out
    assert b"+49 89 1234567" not in out
    assert b"203.0.113.9" not in out
    assert b"laptop-of-jane" not in out
    assert b"analyst7" not in out


def test_what_is_json_still_parses_and_lines_stay_lines(planted):
    document = stage.run(planted, QuietObserver())
    evidence = {artifact.id: artifact for artifact in planted.read(EvidenceDocument).artifacts}
    for item in document.items:
        raw = planted.path(Room.EVIDENCE, evidence[item.artifact].path).read_bytes()
        made = planted.path(Room.REDACTED, item.path).read_bytes()
        assert made.count(b"\n") == raw.count(b"\n")
        assert hashlib.sha256(made).hexdigest() == item.sha256
        if item.path.endswith(".json"):
            json.loads(made)
        if "wide" in item.path:
            assert made.startswith(b"\xff\xfe")
            assert "[R:" in made.decode("utf-16")


def test_our_own_documents_are_sealed_and_still_fit_their_schema(planted):
    stage.run(planted, QuietObserver())
    case = planted.read_sealed(CaseDocument)
    assert case.incident.contact == Contact()
    assert case.target.path == "evidence-folder"
    assert planted.read_sealed(Plan).target.path == "evidence-folder"
    evidence = planted.read_sealed(EvidenceDocument)
    items = {item.artifact: item for item in planted.read(RedactionDocument).items}
    assert {artifact.path for artifact in evidence.artifacts} == {item.path for item in items.values()}
    assert planted.read_sealed(FindingsDocument).evidence[0].path == items["A1"].path
    events = [json.loads(line) for line in planted.path(Room.REDACTED, SEALED_JOURNAL).read_text().splitlines()]
    assert {event["stage"] for event in events} == {"plan", "collect", "triage"}


def test_the_hash_of_a_small_original_does_not_leave(filled_case, leaving):
    small, large = b"PIN 1234\n", b"a longer log\n" * 200
    case = filled_case({"small.log": small, "large.log": large})
    by_path = {item.path: item for item in stage.run(case, QuietObserver()).items}
    out = leaving(case)
    assert by_path["small.log"].original_sha256 is None
    assert by_path["large.log"].original_sha256 == hashlib.sha256(large).hexdigest()
    assert hashlib.sha256(large).hexdigest().encode() in out
    assert (
        by_path["small.log"].sha256 == hashlib.sha256(small).hexdigest()
    )  # nothing was replaced: it is the copy's own


def test_a_kind_without_a_handler_is_withheld_with_a_way_to_get_it(filled_case):
    case = filled_case(
        {"core": b"\x7fELF" + b"\0" * 64, "net.pcap": b"\xd4\xc3\xb2\xa1" + b"\0" * 64},
        kinds={"core": Kind.ELF_CORE, "net.pcap": Kind.PCAP},
    )
    items = stage.run(case, QuietObserver()).items
    assert [type(item) for item in items] == [Withheld, Withheld]
    assert all(item.reason and item.how_to_get for item in items)
    assert not case.path(Room.REDACTED, "core").exists()


@pytest.mark.parametrize(
    "error",
    [
        CannotRedact("no"),
        OSError(5, "I/O"),
        ValueError("x"),
        UnicodeDecodeError("utf-16", b"x", 0, 1, "y"),
        RecursionError(),
    ],
)
def test_a_failing_handler_withholds(filled_case, monkeypatch, error):
    class Failing:
        name, kinds = "failing", frozenset(Kind)

        def redact(self, source, sink, engine, advance):
            sink.write(b"half of a secret file")
            raise error

    monkeypatch.setattr(sealing, "handler_of", lambda kind: Failing())
    case = filled_case({"a.log": b"text\n"})
    (item,) = stage.run(case, QuietObserver()).items
    assert isinstance(item, Withheld)
    assert not case.path(Room.REDACTED, "a.log").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfep\0a\0s",
        bytes(range(1, 9)) * 50,
    ],
    ids=["cut UTF-16", "not text"],
)
def test_what_is_not_the_text_it_claims_to_be_is_withheld(filled_case, data: bytes):
    case = filled_case({"a.log": data}, kinds={"a.log": Kind.TEXT})
    (item,) = stage.run(case, QuietObserver()).items
    assert isinstance(item, Withheld)


def test_wide_text_in_the_middle_of_other_text_is_redacted_too(filled_case):
    data = b"password=Tr0ub4dor" + b"\n" + "password=Tr0ub4dor and more".encode("utf-16-le")
    case = filled_case({"a.log": data}, kinds={"a.log": Kind.TEXT})
    (item,) = stage.run(case, QuietObserver()).items
    assert isinstance(item, Sealed)
    assert b"Tr0ub4dor" not in case.path(Room.REDACTED, "a.log").read_bytes().replace(b"\0", b"")


def test_an_artifact_that_is_gone_is_withheld(filled_case):
    case = filled_case({"a.log": b"text\n"})
    case.path(Room.EVIDENCE, "a.log").unlink()
    (item,) = stage.run(case, QuietObserver()).items
    assert isinstance(item, Withheld)


def test_a_killed_run_goes_on_and_does_nothing_twice(filled_case, monkeypatch):
    case = filled_case({"a.log": b"first\n", "b.log": b"second\n", "c.log": b"third\n"})
    seen: list[str] = []
    real = HANDLER.redact

    class Watching:
        name, kinds = "text", frozenset(Kind)

        def redact(self, source: Path, sink, engine, advance):
            seen.append(source.name)
            if source.name == "c.log" and seen.count("c.log") == 1:
                raise KeyboardInterrupt
            return real(source, sink, engine, advance)

    monkeypatch.setattr(sealing, "handler_of", lambda kind: Watching())
    with pytest.raises(KeyboardInterrupt):
        stage.run(case, QuietObserver())
    case.path(Room.REDACTED, "b.log").unlink()
    document = stage.run(case, QuietObserver())
    assert seen == ["a.log", "b.log", "c.log", "b.log", "c.log"]
    assert [item.path for item in document.items] == ["a.log", "b.log", "c.log"]


def test_the_stage_is_done_after_it_has_learned(planted):
    stage.run(planted, QuietObserver())
    assert PASSWORD in private.known_values(planted)
    assert planted.journal.is_done(stage.NAME, stage.inputs(planted))


def test_a_value_that_collection_found_is_masked_wherever_it_stands(filled_case, leaving):
    case = filled_case({"a.log": b"the app said Zx81-spectrum-48k and stopped\n"})
    private.add_known_values(case, [("Zx81-spectrum-48k", "JWT_KEY of pid 7")])
    assert stage.run(case, QuietObserver()).known_values == 1
    assert b"spectrum" not in leaving(case)


def test_pseudonyms_come_back_with_the_private_map(planted):
    stage.run(planted, QuietObserver())
    text = "jroe77 from 203.0.113.9 as jane.roe@contoso.com on contosoprod01.blob.core.windows.net"
    hidden = encode(planted, text)
    for part in ("jroe77", "203.0.113.9", "jane.roe", "contosoprod01"):
        assert part not in hidden
    assert decode(planted, hidden) == text
    assert PASSWORD not in encode(planted, f"it was {PASSWORD}")


def test_two_files_whose_redacted_names_are_equal_both_stay(filled_case):
    case = filled_case(
        {"password=Tr0ub4dor1.txt": b"one\n", "password=Tr0ub4dor1;.txt": b"two\n", "case/case.json": b"{}\n"}
    )
    items = stage.run(case, QuietObserver()).items
    assert {PurePosixPath(item.path).suffix.casefold() for item in items} == {".txt", ".json"}
    assert len({item.path.casefold() for item in items}) == 3
    assert case.read_sealed(CaseDocument).schema_ == "escalate.case/v1"


def test_an_excerpt_of_pseudonyms_is_cut_to_its_field(filled_case):
    case = filled_case({"a.log": b"x\n"}, excerpt="a@bc.de " * 50)
    stage.run(case, QuietObserver())
    assert len(case.read_sealed(FindingsDocument).evidence[0].excerpt) == 1000


def test_local_users_are_masked_on_a_local_target(filled_case, leaving, monkeypatch):
    monkeypatch.setattr("escalate.redact.learn.local_users", lambda: ("mmustermann",))
    case = filled_case({"a.log": b"started by mmustermann\n"}, target=LocalTarget())
    stage.run(case, QuietObserver())
    assert b"mustermann" not in leaving(case)


@pytest.mark.parametrize(
    "name", ["gunicorn-sigkill-is-not-oom", "cifs-mount-serves-corrupt-files", "sibling-app-port-hog"]
)
def test_a_worked_incident_keeps_what_support_needs(filled_case, shared: Path, name: str):
    root = shared / "scenarios" / name / "input"
    files = {
        place.relative_to(root).as_posix(): place.read_bytes() for place in sorted(root.rglob("*")) if place.is_file()
    }
    facts = TargetFacts(
        instances=("10-30-0-103", "lw0mdlwk0003LA", "RD0003FF47609F"),
        instance_ids={"10-30-0-103": "2e9614b903860387ad41d2d4735570ca0c8b29649a02cb187ad6afea560d5745"},
    )
    case = filled_case(files, incident=Incident(target=facts))
    document = stage.run(case, QuietObserver())
    assert {item.path for item in document.items if isinstance(item, Sealed)} == set(files)
    for path, raw in files.items():
        made = case.path(Room.REDACTED, path).read_bytes()
        assert made.count(b"\n") == raw.count(b"\n")
        changed = [line for line, new in zip(raw.split(b"\n"), made.split(b"\n"), strict=True) if line != new]
        assert all(b"203.0.113." in line or b"@contoso.example" in line for line in changed), changed
    assert case.read_sealed(CaseDocument).incident.target == facts


def test_a_file_that_is_to_stay_behind_does_and_goes_on_doing_so(filled_case):
    case = filled_case({"a.log": b"first\n", "b.log": b"second\n"})
    stage.run(case, QuietObserver())
    for withhold in (("b.log",), ()):
        items = {
            item.path: item
            for item in stage.run(case, QuietObserver(), RedactionWishes(withhold=frozenset(withhold))).items
        }
        assert isinstance(items["a.log"], Sealed)
        assert isinstance(items["b.log"], Withheld)
        assert items["b.log"].reason == ON_REQUEST
        assert not case.path(Room.REDACTED, "b.log").exists()


def test_a_file_that_is_not_there_cannot_stay_behind(filled_case):
    case = filled_case({"LogFiles/app.log": b"first\n"})
    with pytest.raises(UsageError) as caught:
        stage.run(case, QuietObserver(), RedactionWishes(withhold=frozenset({"LogFiles/ap.log"})))
    assert "did you mean LogFiles/app.log?" in caught.value.hint
