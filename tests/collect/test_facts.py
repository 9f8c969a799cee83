"""Small facts: which values are secret, where control groups stand, how sockets read."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from escalate.collect.cgroups import files_of
from escalate.collect.collectors.system_samples import peer, tcp_summary
from escalate.collect.command import Command, find_tool
from escalate.collect.context import Context
from escalate.collect.entries import entries
from escalate.collect.handoff import handoff
from escalate.collect.processes import facts_of
from escalate.collect.secrets import secrets_of_arguments, secrets_of_environment
from escalate.collect.watch import Watch
from escalate.model.incident import Incident
from escalate.model.target import LocalTarget


@pytest.fixture
def context(tmp_path):
    """A context whose machine is a folder: write the files below `context.root`."""
    return Context(
        entry=entries()[0],
        step="test",
        case_id="esc-1",
        case_root=tmp_path / "case",
        host="web1",
        target=LocalTarget(),
        incident=Incident(),
        pid=7,
        scratch=tmp_path,
        max_bytes=1000,
        watch=Watch(),
        add_secrets=lambda pairs: None,
        root=tmp_path / "root",
    )


def write(root: Path, name: str, text: str) -> None:
    place = root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def test_secret_names_and_long_values_are_known_and_identifiers_are_kept():
    pairs = [
        ("DB_PASSWORD", "hunter2"),
        ("SQLAZURECONNSTR_Main", "Server=x;Password=y"),
        ("WEBSITE_AUTH_ENCRYPTION_KEY", "0123456789ABCDEF"),
        ("CUSTOM", "something long"),
        ("SHORT", "abc"),
        ("WEBSITE_INSTANCE_ID", "2e9614b903860387ad41d2d4735570ca"),
        ("PATH", "/usr/bin:/bin"),
        ("HOMEDIR", "/tmp"),
        ("PWD", "/somewhere/else"),
        ("USE_TOKEN", "false"),
        ("ROLE", "Production"),
    ]
    assert dict(secrets_of_environment(pairs)) == {
        "hunter2": "DB_PASSWORD",
        "Server=x;Password=y": "SQLAZURECONNSTR_Main",
        "0123456789ABCDEF": "WEBSITE_AUTH_ENCRYPTION_KEY",
        "something long": "CUSTOM",
    }


def test_secrets_among_arguments_are_known():
    argv = ["java", "-Dspring.datasource.password=pw-123", "--api-key", "k-456", "--token", "--verbose", "-Xmx512m"]
    assert dict(secrets_of_arguments(argv)) == {"pw-123": "spring.datasource.password", "k-456": "api-key"}


def test_addresses_of_socket_tables_are_read_in_both_families():
    assert peer("0100007F:1F90") == "127.0.0.1:8080"
    assert peer("00000000000000000000000001000000:0016") == "::1:22"


def test_sockets_are_counted_by_state_and_peer(context):
    head = "  sl  local_address rem_address   st\n"
    rows = (
        "0: 0100007F:1F90 0200000A:01BB 02 x\n"
        "1: 0100007F:1F91 0200000A:01BB 02 x\n"
        "2: 0100007F:1F92 00000000:0000 0A x\n"
    )
    write(context.root, "proc/net/tcp", head + rows)
    summary = tcp_summary(context)
    assert "SYN-SENT    2" in summary
    assert "LISTEN      1" in summary
    assert "10.0.0.2:443" in summary


def test_control_groups_are_found_in_both_versions_and_inside_a_container(context):
    write(context.root, "proc/7/cgroup", "0::/kubepods/pod1\n")
    write(context.root, "sys/fs/cgroup/memory.events", "oom_kill 1\n")
    assert files_of(context, "7") == ["/sys/fs/cgroup/memory.events"]
    write(context.root, "proc/7/cgroup", "4:memory:/docker/abc\n2:cpu,cpuacct:/\n0::/\n")
    write(context.root, "sys/fs/cgroup/memory/docker/abc/memory.failcnt", "0\n")
    assert files_of(context, "7") == ["/sys/fs/cgroup/memory/docker/abc/memory.failcnt"]


def test_a_handoff_folder_is_private_replaces_a_leftover_and_is_removed():
    process = facts_of(os.getpid())
    left = Path("/tmp/escalate-test-of-handoff")
    left.mkdir()
    (left / "old").touch()
    with handoff(process, "test-of-handoff") as place:
        assert list(place.ours.iterdir()) == []
        assert place.ours.stat().st_mode & 0o777 == 0o700
        (place.ours / "new").touch()
    assert not left.exists()


def test_a_handoff_does_not_follow_a_link_somebody_left(tmp_path):
    link = Path("/tmp/escalate-test-of-a-link")
    link.symlink_to(tmp_path)
    try:
        with pytest.raises(FileExistsError), handoff(facts_of(os.getpid()), "test-of-a-link"):
            pass
    finally:
        link.unlink()


def test_a_program_runs_without_our_environment_and_without_input(monkeypatch):
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-agentlib:evil")
    command = Command(["/bin/sh", "-c", "env; cat; echo said >&2; exit 3"], Watch())
    out = b"".join(command.stdout())
    assert b"JAVA_TOOL_OPTIONS" not in out
    assert command.returncode == 3
    assert command.complaint == "said"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_as_root_nothing_is_run_that_the_processs_owner_put_beside_it(tmp_path):
    program = tmp_path / "app" / "sleep"
    program.parent.mkdir()
    shutil.copy(str(shutil.which("sleep")), program)
    beside = program.parent / "escalate-test-tool"
    beside.write_text("#!/bin/sh\n")
    beside.chmod(0o755)
    with subprocess.Popen([program, "60"]) as process:
        try:
            assert find_tool(beside.name, process.pid) == str(beside)
            os.chown(beside, 65534, 65534)
            assert find_tool(beside.name, process.pid) is None
        finally:
            process.kill()


def test_facts_of_a_real_process(sleeper):
    facts = facts_of(sleeper.pid)
    assert facts.runtime == "python"
    assert facts.rss > 1_000_000
    assert dataclasses.asdict(facts)["parent"] == os.getpid()
