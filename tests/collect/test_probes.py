"""Whom the settings name, what the tools say of them, and the matrix of workers and endpoints."""

from __future__ import annotations

import dataclasses
import json

import pytest

from escalate.collect.probe_targets import targets_of
from escalate.collect.probe_words import Said, answered, connected, resolved, state_of
from escalate.lab.server import running
from escalate.lab.worlds.registry import Worlds
from escalate.model.kind import Kind
from tests.fakes.lab_steps import collect_steps, target_of

FORBIDDEN = "forbidden by its access permissions"


def names(settings=None, connections=None, own=()):
    return [target.name for target in targets_of(settings or {}, connections or {}, own)]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (
            "Server=tcp:orders.database.windows.net,1433;Database=o;Password=x",
            "SQLAzure",
            "orders.database.windows.net:1433",
        ),
        ("Data Source=sql.contoso.example;User Id=a", "SQLServer", "sql.contoso.example:1433"),
        ("Host=pg.contoso.example;Port=6432;Password=x", "PostgreSQL", "pg.contoso.example:6432"),
        ("Host=pg.postgres.database.azure.com;Password=x", "Custom", "pg.postgres.database.azure.com:5432"),
        ("cache.redis.cache.windows.net:6380,password=x=,ssl=True", "RedisCache", "cache.redis.cache.windows.net:6380"),
        ("AccountEndpoint=https://c.documents.azure.com:443/;AccountKey=k==", "Custom", "c.documents.azure.com:443"),
        (
            "Endpoint=sb://bus.servicebus.windows.net/;SharedAccessKey=x",
            "ServiceBus",
            "bus.servicebus.windows.net:5671",
        ),
    ],
)
def test_connection_strings_name_host_and_port(value, kind, expected):
    assert names(connections={"main": (value, kind)}) == [expected]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"API": "https://api.contoso.example/v1?key=s3cr3t"}, ["api.contoso.example:443"]),
        ({"URL": "postgres://app:pa%24s@db.contoso.example/orders"}, ["db.contoso.example:5432"]),
        ({"URL": "jdbc:mysql://db.contoso.example:3307/orders"}, ["db.contoso.example:3307"]),
        ({"DB_HOST": "db.contoso.example", "DB_PORT": "5433"}, ["db.contoso.example:5433"]),
        (
            {"STORE": "DefaultEndpointsProtocol=https;AccountName=shop1;AccountKey=k=="},
            ["shop1.blob.core.windows.net:443"],
        ),
        (
            {"SECRET": "@Microsoft.KeyVault(SecretUri=https://v1.vault.azure.net/secrets/s/)"},
            ["v1.vault.azure.net:443"],
        ),
        ({"SECRET": "@Microsoft.KeyVault(VaultName=shop-vault;SecretName=s)"}, ["shop-vault.vault.azure.net:443"]),
        ({"WEBSITE_HOSTNAME": "shop.azurewebsites.net", "A": "http://localhost:3000", "B": "http://127.0.0.1/"}, []),
        ({"SELF": "https://shop.azurewebsites.net/health"}, []),
        ({"X": "https://evil.example;rm -rf/"}, ["evil.example:443"]),
        ({"X": "https://$(reboot).example/", "Y": "plain", "Z": "a=b;c=d"}, []),
        ({"BROKEN": "https://[half/"}, []),
    ],
)
def test_settings_name_hosts_that_are_safe_to_put_into_a_command(settings, expected):
    assert names(settings, own=("shop.azurewebsites.net",)) == expected


def test_at_most_ten_each_once_and_connection_strings_first():
    settings = {f"U{number:02}": f"https://h{number}.contoso.example/" for number in range(20)}
    settings["AGAIN"] = "https://h1.contoso.example/other"
    found = names(settings, {"db": ("Server=db.contoso.example;", "SQLServer")})
    assert found[0] == "db.contoso.example:1433"
    assert len(found) == 10
    assert len(set(found)) == 10


@pytest.mark.parametrize(
    ("text", "code", "state"),
    [
        ("Connected to a.example:443, time taken: 12ms\nComplete: 1/3 successful attempts (33%).", 0, "connected"),
        ("Connection timed out\nComplete: 0/3 successful attempts (0%).", 1, "timeout"),
        ("Connection attempt failed: An attempt was made to access a socket in a way " + FORBIDDEN, 1, "forbidden"),
        ("Connection attempt failed: No such host is known", 1, "no-such-host"),
        ("No connection could be made because the target machine actively refused it", 1, "refused"),
        ("Connection to a.example (192.0.2.1) 443 port [tcp/*] succeeded!", 0, "connected"),
        ("a.example (192.0.2.1:443) open", 0, "connected"),
        ("nc: connect to a.example port 443 (tcp) failed: Connection refused", 1, "refused"),
        ("bash: connect: Network is unreachable", 1, "unreachable"),
        ("", 124, "timeout"),
        ("sh: 1: nc: not found", 127, "no-tool"),
        ("'curl' is not recognized as an internal or external command,", 1, "no-tool"),
        ("something else", 3, "failed"),
    ],
)
def test_the_words_of_each_tool_mean_one_state(text, code, state):
    assert state_of(Said(text, code, 0.1)) == state


def test_addresses_of_a_name_are_not_those_of_the_server_that_was_asked():
    server = "Server:\t\t127.0.0.11\nAddress:\t127.0.0.11#53\n\n"
    text = f"{server}Name:\ta.example\nAddress: 192.0.2.7\nName: a.example\nAddress: 2001:db8::7"
    assert resolved(Said(text, 0, 0.1))["addresses"] == ["192.0.2.7", "2001:db8::7"]
    windows = "Server: 168.63.129.16\n\nNon-authoritative answer:\nName: a.example\nAddresses:\n\t192.0.2.8"
    assert resolved(Said(windows, 0, 0.1)) == {"state": "resolved", "addresses": ["192.0.2.8"], "seconds": 0.1}
    assert resolved(Said("** server can't find a.example: NXDOMAIN", 1, 0.1))["state"] == "no-such-host"


def test_some_tries_of_many_still_connect_and_are_counted():
    tries = [Said("Connection timed out", 1, 5.0), Said("Connected to a:1, time taken: 30ms", 0, 0.1)]
    found = connected(tries)
    assert (found["state"], found["attempts"], found["succeeded"], found["average_ms"]) == ("connected", 2, 1, 30.0)


def test_times_of_a_request_are_numbers():
    said = Said("http=404 lookup=0.002 connect=0.014 tls=0.031 first=0.05 total=0.06", 0, 0.1)
    assert answered(said) == {
        "state": "connected",
        "status": 404,
        "lookup": 0.002,
        "connect": 0.014,
        "tls": 0.031,
        "first": 0.05,
        "total": 0.06,
    }
    failed = answered(
        Said("http=000 lookup=0 connect=0 tls=0 first=0 total=10.0\ncurl: (28) Connection timed out", 28, 10)
    )
    assert (failed["state"], failed["status"], failed["curl"]) == ("timeout", None, 28)


@pytest.fixture
def probe(make_case):
    """Probes a world: probe(world, faults=(), role="Owner")."""

    def run(world, faults=(), role="Owner"):
        with running(world, faults=faults, role=role) as lab:
            return collect_steps(lab, make_case(target=target_of(lab)), {"net.probe"}), lab.requests

    return run


@pytest.mark.enable_socket
def test_one_worker_that_does_not_connect_stands_out_from_the_others(probe):
    got, _ = probe(Worlds()["snat-one-instance"])
    assert {step.outcome.state for step in got.steps.values()} == {"collected"}, got.reasons()
    matrix = {
        each.instance: {row["target"]: row["tcp"]["state"] for row in json.loads(got.place(each).read_text())}
        for each in got.artifacts("/probes.json")
    }
    sick = matrix.pop("RD0003FF47609F")
    assert sick["api.payments.contoso.example:443"] == "timeout"
    assert matrix
    assert all(row["api.payments.contoso.example:443"] == "connected" for row in matrix.values())
    assert {each.kind for each in got.artifacts("/probes.txt")} == {Kind.SHELL_TRANSCRIPT}


@pytest.mark.enable_socket
def test_the_sandboxs_refusal_is_told_from_a_timeout(probe):
    got, _ = probe(Worlds()["wsaeacces-sibling"])
    states = {row["target"]: row["tcp"]["state"] for row in json.loads(got.data("/probes.json"))}
    assert states["ledger.contoso.example:443"] == "forbidden"
    assert b"forbidden by its access permissions" in got.data("/probes.txt")


@pytest.mark.enable_socket
def test_a_linux_container_probes_from_inside_and_settings_are_read_once(probe):
    world = dataclasses.replace(Worlds()["scm-private"], faults=frozenset())
    (sick, *_) = (each.machine for each in world.workers)
    hosts = targets_of(world.app.settings, world.app.connection_strings)
    world = dataclasses.replace(world, probes={(sick, hosts[0].name): "refused"})
    got, _ = probe(world)
    assert {step.outcome.state for step in got.steps.values()} == {"collected"}, got.reasons()
    by_worker = {each.instance: json.loads(got.place(each).read_text()) for each in got.artifacts("/probes.json")}
    assert by_worker[sick][0]["tcp"]["state"] == "refused"
    assert {row[0]["tcp"]["state"] for worker, row in by_worker.items() if worker != sick} == {"connected"}
    assert by_worker[sick][0]["tcp"]["attempts"] == 3
    text = got.place(got.artifacts("/probes.txt")[0]).read_text()
    assert text.startswith("$ date -u\n")
    assert not any(value in text for value, _ in world.app.connection_strings.values())


@pytest.mark.enable_socket
def test_where_no_worker_can_be_asked_arm_is_asked_once(probe):
    world = dataclasses.replace(Worlds()["scm-private"], faults=frozenset())
    got, requests = probe(world, faults=("old-stamp",))
    assert sorted(step.outcome.state for step in got.steps.values()) == ["missing", "partial"], got.reasons()
    (artifact,) = got.artifacts("/probes.json")
    assert artifact.path == "azure/network/probes.json"
    rows = json.loads(got.data("/probes.json"))
    assert {row["tcp"]["state"] for row in rows} == {"connected"}
    assert sum("tcppingcheck" in each.target.casefold() for each in requests) == len(rows)


@pytest.mark.enable_socket
def test_outcomes_name_no_dependency(probe):
    world = dataclasses.replace(Worlds()["scm-private"], faults=frozenset())
    got, _ = probe(world, faults=("old-stamp",))
    hosts = [target.host for target in targets_of(world.app.settings, world.app.connection_strings)]
    assert hosts
    assert not any(host in got.reasons() for host in hosts)


@pytest.mark.enable_socket
def test_a_reader_is_denied_before_anything_is_tried(probe):
    got, requests = probe(Worlds()["wsaeacces-sibling"], role="Reader")
    assert {step.outcome.state for step in got.steps.values()} == {"denied"}
    assert not any("appsettings" in each.target for each in requests)
