"""What ARM hands to the SCM site, and network traces."""

from __future__ import annotations

import struct

from tests.lab.conftest import Start, small_world


def test_processes_come_in_the_envelope_of_arm(start: Start) -> None:
    wire = start()
    first = wire.lab.state.world.workers[0].arm_id
    for path, prefix in (
        (f"~/instances/{first}/processes", "Microsoft.Web/sites/instances"),
        ("~/processes", "Microsoft.Web/sites"),
    ):
        listed = wire.get(path).json["value"]
        assert 6744 in [each["properties"]["id"] for each in listed]
        assert listed[0]["type"] == f"{prefix}/processes"
        detail = wire.get(f"{path}/6744").json
        assert detail["id"].endswith("/processes/6744")
        assert "ORDERS_KEY" in detail["properties"]["environment_variables"]


def test_a_reader_sees_neither_settings_nor_command_lines(start: Start) -> None:
    properties = start(role="Reader").get("~/processes/6744").json["properties"]
    assert "ORDERS_KEY" not in properties.get("environment_variables", {})
    assert len(properties.get("environment_variables", {})) <= 3
    assert properties.get("command_line") is None


def test_processes_of_linux_are_not_supported(start: Start) -> None:
    got = start("linux").get("~/processes")
    assert got.status == 400
    assert got.json["error"]["message"] == "Not supported on Linux"


def test_a_process_that_is_not_there_is_not_found(start: Start) -> None:
    assert start().get("~/processes/1").status == 404
    assert start().get("~/instances/feed/processes").status == 404


def test_extensions_reach_an_scm_site_that_the_network_hides(start: Start) -> None:
    wire = start(faults=("scm-private",))
    scm = wire.lab.state.scm[wire.lab.resource_id]
    assert wire.plain("GET", f"http://{scm}/api/environment").status == 403
    got = wire.get("~/extensions/api/environment", version="2015-08-01")
    assert "version" in got.json


def test_extensions_answer_for_the_worker_that_is_named(start: Start) -> None:
    wire = start(app=small_world().app)
    for worker in wire.lab.state.world.workers:
        got = wire.ask(
            "POST",
            "~/extensions/api/command",
            version="2015-08-01",
            instance=worker.arm_id,
            data={"command": "echo %COMPUTERNAME%", "dir": ""},
            headers={"Content-Type": "application/json"},
        )
        assert got.json["Output"].strip() == worker.computer


def test_a_network_trace_leaves_one_file_for_each_worker(start: Start) -> None:
    wire = start()
    first = wire.ask("POST", "~/networkTrace/startOperation", durationInSeconds="60")
    assert first.status == 202
    token = {"Authorization": f"Bearer {wire.token()}"}
    answers = [wire.plain("GET", first.headers["location"], token) for _ in range(3)]
    assert [got.status for got in answers] == [202, 202, 200]
    names = [each["path"].rsplit("\\", 1)[-1] for each in answers[-1].json]
    assert len(names) == 3
    folder = wire.lab.state.home(wire.lab.state.world.app) / "LogFiles/networktrace"
    for name in names:
        data = (folder / name).read_bytes()
        assert data[:4] == bytes.fromhex("d4c3b2a1")
        at, packets = 24, 0
        while at < len(data):
            at += 16 + struct.unpack_from("<I", data, at + 8)[0]
            packets += 1
        assert at == len(data)
        assert packets >= 3


def test_a_second_network_trace_waits_for_the_first(start: Start) -> None:
    wire = start()
    path = "~/networkTrace/startOperation"
    assert wire.ask("POST", path, durationInSeconds="60").status == 202
    again = wire.ask("POST", path, durationInSeconds="60")
    assert again.status == 409
    assert "OperationName: CaptureNetworkTrace" in again.json["error"]["message"]
    assert wire.ask("POST", "~/networkTrace/stop").status == 200
    assert wire.ask("POST", "~/networkTrace/stop").status == 204
    assert wire.ask("POST", "~/networkTrace/start", durationInSeconds="5").status == 200


def test_network_traces_want_a_dedicated_windows_plan(start: Start) -> None:
    assert start("linux").ask("POST", "~/networkTrace/start").status == 400
    assert start(tier="Free").ask("POST", "~/networkTrace/start").status == 400
    assert start().ask("POST", "~/networkTrace/start", durationInSeconds="9999").status == 400
