"""Processes, threads, dumps, traces and sessions of a Windows app, taken from a running lab."""

from __future__ import annotations

import json

import pytest
from werkzeug.wrappers import Response

from escalate.azure.kudu import CommandResult
from escalate.case.private import known_values
from escalate.collect.collectors.windows_sandbox import words_of
from escalate.collect.collectors.windows_workplace import free_bytes
from escalate.collect.dump_check import check_minidump
from escalate.lab.server import running
from escalate.lab.worlds.registry import Worlds
from tests.fakes.kudu_site import fake_kudu
from tests.fakes.lab_run import ROOM, collect_only

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Nobody waits between tries."""
    for module in ("policies", "ranges"):
        monkeypatch.setattr(f"escalate.azure.{module}.FIRST_WAIT_S", 0.01)


PROCESSES = ("proc.list", "win.samples", "win.threads", "win.modules", "win.handles")
INTRUSIVE = ("win.dump.mini", "win.dump.full", "win.profile", "daas.profiler", "net.trace.arm")
CONSENT = ("dumps", "profiles", "network")
WORLD = "deadlock-windows"


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    with running(Worlds()[WORLD]) as lab:
        yield collect_only(lab, tmp_path_factory.mktemp("processes"), *PROCESSES)


def kinds(run, collector):
    return {each.kind.value for each in run.evidence.artifacts if each.collector == collector}


def test_processes_are_taken_on_every_worker_and_recognised(seen):
    assert {step.outcome.state for step in seen.evidence.steps if step.exchange_count} == {"collected"}
    assert kinds(seen, "proc.list") == kinds(seen, "win.samples") == {"kudu-process"}
    assert kinds(seen, "win.threads") == {"kudu-thread"}
    assert kinds(seen, "win.modules") == {"json"}
    assert {each.instance for each in seen.evidence.artifacts} == {"RD00155DD0D38E", "RD00155DD0E1A2"}


def test_three_samples_are_of_the_app_and_not_of_kudu(seen):
    samples = [each for each in seen.evidence.artifacts if each.collector == "win.samples"]
    assert len(samples) == 6
    assert {each.pid for each in samples} == {6744}


def test_the_environment_never_reaches_the_evidence_and_redaction_knows_its_values(seen):
    known = set(map(str, known_values(seen.case)))
    assert any("sk_live" in value or len(value) > 20 for value in known)
    for path, file in seen.files("win.samples").items():
        process = json.loads(file.read_text())
        assert "environment_variables" not in process, path
        assert "WEBSITE_INSTANCE_ID" in process["environment_names"]


def test_waiting_threads_are_detailed_first_and_at_most_64(seen):
    for file in seen.files("win.threads").values():
        threads = json.loads(file.read_text())
        detailed = [each for each in threads if "wait_reason" in each]
        assert threads[: len(detailed)] == detailed
        assert len(detailed) <= 64
        assert "Wait" in {each["state"] for each in detailed}


@pytest.fixture(scope="module")
def dumped(tmp_path_factory):
    with running(Worlds()[WORLD]) as lab:
        run = collect_only(lab, tmp_path_factory.mktemp("dumps"), *INTRUSIVE, include=CONSENT)
        run.left = sorted(each.name for each in lab.state.folder.rglob("*") if each.suffix in (".dmp", ".pcap"))
        yield run


@pytest.mark.parametrize("collector", INTRUSIVE)
def test_what_was_agreed_to_is_collected(dumped, collector):
    (step,) = dumped.steps(collector)
    assert step.outcome.state == "collected", step.outcome
    assert step.footprints


def test_dumps_are_whole_and_of_the_worst_worker(dumped):
    (mini,) = dumped.files("win.dump.mini").values()
    (full,) = dumped.files("win.dump.full").values()
    check_minidump(mini)
    check_minidump(full, full_of=600_000_000)
    assert {each.sensitivity.value for each in dumped.evidence.artifacts if each.kind.value == "minidump"} == {"memory"}


def test_nothing_of_ours_stays_on_the_worker_and_that_was_looked_at(dumped):
    assert not dumped.left
    assert any("is gone" in text for text in dumped.step("win.dump.full").footprints)


def test_network_traces_are_one_a_worker(dumped):
    traces = [each for each in dumped.evidence.artifacts if each.collector == "net.trace.arm"]
    assert {each.kind.value for each in traces} == {"pcap"}
    assert {each.instance for each in traces} == {"RD00155DD0D38E", "RD00155DD0E1A2"}


def test_a_tool_that_needs_a_setting_is_skipped_with_what_a_person_would_do(tmp_path):
    with running(Worlds()[WORLD]) as lab:
        run = collect_only(lab, tmp_path, "daas.memorydump", "daas.java_threads", "daas.sessions", include=CONSENT)
    step = run.step("daas.memorydump")
    assert step.outcome.state == "skipped"
    assert "must be specified" in step.outcome.reason
    assert "restarts the app" in step.outcome.hint
    assert (run.step("daas.java_threads").outcome.state, run.step("daas.java_threads").expected) == ("missing", True)


def test_a_dump_of_12_kb_is_invalid_and_not_kept(tmp_path):
    with running(Worlds()[WORLD], faults=["dump-12kb"]) as lab:
        run = collect_only(lab, tmp_path, "win.dump.mini", "win.dump.full", include=CONSENT)
        left = list(lab.state.folder.rglob("*.dmp"))
    for collector in ("win.dump.mini", "win.dump.full"):
        outcome = run.step(collector).outcome
        assert outcome.state == "invalid"
        assert "12288" in outcome.reason
        assert "procdump" in outcome.reason
    assert not run.evidence.artifacts
    assert not left


@pytest.mark.parametrize("fault", ["cut-502", "reset"])
def test_a_dump_that_breaks_off_is_resumed_or_taken_again(tmp_path, fault):
    with running(Worlds()["wsaeacces-sibling"], faults=[fault]) as lab:
        run = collect_only(lab, tmp_path, "win.dump.mini", "win.dump.full", include=CONSENT)
    for collector in ("win.dump.mini", "win.dump.full"):
        assert run.step(collector).outcome.state == "collected", run.step(collector).outcome
        (file,) = run.files(collector).values()
        check_minidump(file)


def test_a_dump_bigger_than_what_may_come_home_is_not_begun(tmp_path):
    room = ROOM.model_copy(update={"max_bytes": 10_000_000})
    with running(Worlds()[WORLD]) as lab:
        run = collect_only(lab, tmp_path, "win.dump.full", include=CONSENT, budget=room)
        asked = [each.target for each in lab.requests]
    assert run.step("win.dump.full").outcome.state == "skipped"
    assert "--max-size" in run.step("win.dump.full").outcome.hint
    assert not any("dump" in target for target in asked)


def test_a_link_to_another_host_is_not_followed_and_the_trace_is_stopped(tmp_path):
    with running(Worlds()[WORLD], faults=["wrong-host-href"]) as lab:
        run = collect_only(lab, tmp_path, "net.trace.arm", include=CONSENT)
    step = run.step("net.trace.arm")
    assert step.outcome.state == "invalid"
    assert "the network trace was stopped" in step.footprints
    assert not run.evidence.artifacts


def test_without_consent_nothing_intrusive_is_asked(tmp_path):
    with running(Worlds()[WORLD]) as lab:
        run = collect_only(lab, tmp_path, *INTRUSIVE)
        asked = [each.target for each in lab.requests]
    assert {step.outcome.state for step in run.evidence.steps} == {"skipped"}
    assert not any(word in target for target in asked for word in ("dump", "profile", "networkTrace", "daas"))


def as_answer(data):
    return Response(json.dumps(data), content_type="application/json")


def test_the_answer_of_another_machine_is_missing(tmp_path):
    process = {"id": 6, "name": "w3wp", "machineName": "RD0003FF000002", "private_memory": 5}
    with fake_kudu(lambda request: as_answer([process] if request.path.endswith("/processes") else process)) as fake:
        for number, collector in enumerate(("proc.list", "win.samples", "win.dump.mini")):
            files, outcome = fake.run(collector, tmp_path / str(number))
            assert (files, outcome.state) == ({}, "missing")
            assert "RD0003FF000002 answered instead" in outcome.reason


def test_without_the_alias_the_app_is_found_among_the_processes(tmp_path):
    scm = {"id": 5, "name": "w3wp", "machineName": "RD0003FF000001", "user_name": "IIS APPPOOL\\~1shop"}
    app = {"id": 6, "name": "w3wp", "machineName": "RD0003FF000001", "children": ["https://elsewhere.invalid/p/9"]}
    child = {
        "id": 9,
        "name": "dotnet",
        "machineName": "RD0003FF000001",
        "children": ["x/6"],
        "command_line": 'dotnet "C:\\home\\a b.dll" --password=opensesame1',
    }

    def answer(request):
        number = request.path.rpartition("/")[2]
        if number == "-1":
            return Response('{"Message":"Sequence contains no matching element"}', 500)
        return as_answer([scm, app]) if number == "processes" else as_answer({"5": scm, "6": app, "9": child}[number])

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("win.samples", tmp_path)
    assert outcome.state == "collected"
    assert {path.split("/")[4] for path in files} == {"6", "9"}
    assert ("opensesame1", "password") in fake.secrets


def test_an_app_without_a_process_is_missing(tmp_path):
    def answer(request):
        return as_answer([]) if request.path.endswith("/processes") else Response('{"Message":"no"}', 500)

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("win.samples", tmp_path)
    assert (files, outcome.state) == ({}, "missing")


def test_kudu_does_not_dump_where_there_is_no_room(tmp_path):
    process = {"id": 6, "name": "w3wp", "machineName": "RD0003FF000001", "private_memory": 600_000_000}

    def answer(request):
        assert "/dump" not in request.path
        if request.path == "/api/command":
            command = request.get_json()["command"]
            output = "               2 Dir(s)       1000 bytes free\r\n" if command.startswith("dir") else ""
            return as_answer({"Output": output, "Error": "", "ExitCode": 0})
        return as_answer([] if "vfs" in request.path else process)

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("win.dump.full", tmp_path)
    assert (files, outcome.state) == ({}, "blocked")
    assert "no room" in outcome.reason


def test_a_dump_that_another_one_makes_is_not_disturbed(tmp_path):
    process = {"id": 6, "name": "w3wp", "machineName": "RD0003FF000001", "private_memory": 600_000_000}

    def answer(request):
        assert "/dump" not in request.path.removeprefix("/api/vfs")
        if request.path == "/api/command":
            return as_answer({"Output": "", "Error": "", "ExitCode": 0})
        return as_answer([{"name": "minidump.dmp", "size": 1}] if "vfs" in request.path else process)

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("win.dump.full", tmp_path)
    assert (files, outcome.state) == ({}, "blocked")
    assert "dumping already" in outcome.reason


def test_another_session_of_daas_is_waited_for_by_the_person(tmp_path):
    def answer(request):
        if request.path.endswith("/diagnosers"):
            return as_answer([{"Name": "Profiler"}])
        return Response('{"Message":"There is already an active session."}', 409, content_type="application/json")

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("daas.profiler", tmp_path)
    assert (files, outcome.state) == ({}, "skipped")
    assert "another session" in outcome.reason


def test_a_network_trace_that_runs_already_blocks_ours(tmp_path):
    text = '{"error":{"code":"Conflict","message":"OperationName: CaptureNetworkTrace, CreatedTime: now"}}'
    with fake_kudu(lambda request: Response(text, 409, content_type="application/json")) as fake:
        files, outcome = fake.run("net.trace.arm", tmp_path)
    assert (files, outcome.state) == ({}, "blocked")


@pytest.mark.parametrize(("said", "state"), [("a1" * 32, "collected"), ("cc" * 32, "missing"), ("", "missing")])
def test_a_machine_name_that_nobody_knows_is_asked_for_its_instance_id(tmp_path, said, state):
    def answer(request):
        if request.path == "/api/command":
            return as_answer({"Output": f"{said}\r\n", "Error": "", "ExitCode": 0})
        return as_answer([{"id": 6, "name": "w3wp", "machineName": "WN0-OTHER"}])

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("proc.list", tmp_path)
        assert (fake.roster.find("WN0-OTHER") is not None) == (state == "collected")
    assert outcome.state == state
    assert len(files) == (state == "collected")


def test_a_small_dump_of_the_other_bitness_is_taken_by_procdump(tmp_path, monkeypatch):
    monkeypatch.setattr("escalate.lab.kudu.cmd_tools.dump_bytes", lambda visit, found, kind: 1 << 20)
    with running(Worlds()["wsaeacces-sibling"], faults=["dump-12kb"]) as lab:
        run = collect_only(lab, tmp_path, "win.dump.mini", include=CONSENT)
    (artifact,) = run.evidence.artifacts
    assert "procdump" in artifact.origin
    assert artifact.size == 1 << 20


def test_without_procdump_kudu_makes_the_full_dump(tmp_path, monkeypatch):
    monkeypatch.setattr("escalate.collect.collectors.windows_dumps.PROCDUMP", ("X:\\none.exe",))
    with running(Worlds()["wsaeacces-sibling"]) as lab:
        run = collect_only(lab, tmp_path, "win.dump.full", include=CONSENT)
    (artifact,) = run.evidence.artifacts
    assert artifact.origin.endswith("dumpType=2")


def test_a_network_trace_that_is_given_up_is_stopped(tmp_path):
    asked = []

    def answer(request):
        asked.append(f"{request.method} {request.path.rpartition('/')[2]}")
        if request.path.endswith("/startOperation"):
            return Response(status=202, headers={"Location": f"{request.host_url}operation"})
        if request.path == "/operation":
            fake.watch.give_up()
            return Response(status=202)
        return Response(status=200)

    with fake_kudu(answer) as fake:
        files, _ = fake.run("net.trace.arm", tmp_path)
    assert not files
    assert asked == ["POST startOperation", "GET operation", "POST stop"]


def test_a_dump_that_is_given_up_leaves_nothing_on_the_worker(tmp_path):
    process = {"id": 6, "name": "w3wp", "machineName": "RD0003FF000001", "private_memory": 1000}
    deleted = []

    def answer(request):
        if request.path == "/api/command":
            command = request.get_json()["command"]
            if command.startswith("start"):
                fake.watch.give_up()
            output = {"echo %TEMP%": "C:\\local\\Temp\r\n"}.get(command, "")
            output = output or ("1 Dir(s) 99999999999 bytes free" if command.startswith("dir") else command[9:])
            return as_answer({"Output": output, "Error": "", "ExitCode": 0})
        if request.method == "DELETE":
            deleted.append(request.path)
            return Response(status=200)
        if request.path.startswith("/api/vfs/"):
            mine = request.path.endswith("esc-esc-test/") and len(deleted) == 0 and fake.watch._given_up.is_set()
            return as_answer([{"name": "p.dmp", "size": 1}] if mine else [])
        return as_answer(process)

    with fake_kudu(answer) as fake:
        files, _ = fake.run("win.dump.full", tmp_path)
    assert not files
    assert deleted == ["/api/vfs/LocalSiteRoot/Temp/esc-esc-test/p.dmp", "/api/vfs/LocalSiteRoot/Temp/esc-esc-test"]
    assert any("is gone" in text for text in fake.footprints)


def test_command_lines_and_listings_of_windows_are_read():
    assert words_of('w3wp.exe -ap "my app" --key=a"b c"') == ["w3wp.exe", "-ap", "my app", "--key=ab c"]
    assert words_of('broken "quote here') == ["broken", "quote here"]
    assert free_bytes(CommandResult("  2 Dir(s)  52428800000 bytes free\r\n", "", 0)) == 52_428_800_000
    assert free_bytes(CommandResult("File Not Found", "", 1)) is None
