"""Folders and files of an SCM site: names that are not followed, what is chosen, and the ways around VFS."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.wrappers import Response

from escalate.azure.failure import AzureFailure
from escalate.collect.vfs import VfsFile, parts_of, read_folder
from escalate.collect.vfs_choice import FILE_BYTES, GROUPS, PER_INSTANCE, choose, group_of
from escalate.collect.vfs_walk import walk
from escalate.collect.watch import Watch
from tests.fakes.kudu_site import fake_kudu, folder_answer
from tests.fakes.survey import NOON

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Nobody waits between tries."""
    monkeypatch.setattr("escalate.azure.policies.FIRST_WAIT_S", 0.01)


HOSTILE = (
    "..",
    ".",
    "",
    "../../site/wwwroot",
    "C:\\Windows\\win.ini",
    "a/b.log",
    "x\nHost: y",
    "C:evil",
    "NUL",
    "con.log",
)


def folder(**more):
    return {"mime": "inode/directory", **more}


def log_at(name, minutes=0, size=100):
    return VfsFile(("LogFiles", *name.split("/")), size, NOON - timedelta(minutes=minutes))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_recorded_and_not_followed(name):
    asked = []

    def answer(request):
        asked.append(request.path)
        return folder_answer({"name": name}, folder(name=name), {"name": "good.log"})

    with fake_kudu(answer) as fake:
        found = read_folder(fake.kudu, ("LogFiles",))
    assert [file.name for file in found.files] == ["good.log"]
    assert len(found.refused) == 2
    assert not found.folders
    assert asked == ["/api/vfs/LogFiles/"]


def test_links_of_a_listing_are_never_followed():
    asked = []

    def answer(request):
        asked.append(request.path)
        if request.path == "/api/vfs/LogFiles/":
            return folder_answer(folder(name="kudu"), {"name": "a b#1%.log"})
        return folder_answer({"name": "inner.log"})

    with fake_kudu(answer) as fake:
        tree = walk(fake.kudu, Watch())
    assert asked == ["/api/vfs/LogFiles/", "/api/vfs/LogFiles/kudu/"]
    assert {file.shown for file in tree.files} == {"LogFiles/a b#1%.log", "LogFiles/kudu/inner.log"}


def test_a_tree_without_end_is_walked_four_folders_deep():
    with fake_kudu(lambda request: folder_answer(folder(name="more"), {"name": "x.log"})) as fake:
        tree = walk(fake.kudu, Watch())
    assert max(len(file.parts) for file in tree.files) == 6
    assert "deeper" in tree.refused[-1].why


def test_folders_of_dumps_and_packets_are_left_alone():
    def answer(request):
        assert "minidump" not in request.path
        if request.path == "/api/vfs/LogFiles/":
            return folder_answer(folder(name="minidump"), folder(name="306123"))
        return folder_answer(folder(name="networktrace"))

    with fake_kudu(answer) as fake:
        tree = walk(fake.kudu, Watch())
    assert {each.path for each in tree.refused} == {"LogFiles/minidump", "LogFiles/306123/networktrace"}


def test_a_page_for_people_is_no_listing():
    with (
        fake_kudu(lambda request: Response("<html>Sign in</html>", content_type="text/html")) as fake,
        pytest.raises(AzureFailure, match="HTML"),
    ):
        read_folder(fake.kudu, ("LogFiles",))


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("D:\\home\\LogFiles\\networktrace\\a.pcap", ("LogFiles", "networktrace", "a.pcap")),
        ("/home/LogFiles/x.log", ("LogFiles", "x.log")),
        ("C:\\local\\Temp", ("LocalSiteRoot", "Temp")),
        ("C:\\Windows\\System32\\config", None),
        ("C:\\home\\..\\Windows", None),
        ("LogFiles/x", None),
        ("", None),
    ],
)
def test_a_path_of_the_site_is_mapped_only_where_vfs_shows_it(path, parts):
    assert parts_of(path) == parts


def test_files_find_their_collectors():
    names = {
        "eventlog.xml": "evt.log",
        "http/RawLogs/a.log": "http.w3c",
        "W3SVC12/fr000001.xml": "freb",
        "W3SVC12/freb.xsl": "vfs.logs",
        "DetailedErrors/ErrorPage000001.htm": "log.detailed_errors",
        "Application/306123-6744-638.txt": "log.app",
        "kudu/trace/2014-11-17T04-59-21_d10e51_366_GET_api_200.xml": "log.kudu_trace",
        "2026_04_04_RD00155DD0D38E_default_docker.log": "log.containers",
        "stdout_1.log": "vfs.logs",
        "siteExtLogs/a.log": "vfs.logs",
        "hs_err_pid12.log": "vfs.logs",
    }
    assert {name: group_of(log_at(name)).id for name in names} == names


def test_old_files_are_named_and_left_and_the_newest_come_first():
    files = [
        log_at("stdout_1.log", 200),
        log_at("stdout_2.log", 10),
        log_at("stdout_3.log", 1),
        log_at("heap.hprof", 1),
    ]
    chosen = {each.file.name: each.why_not for each in choose(GROUPS["vfs.logs"], files, NOON - timedelta(hours=1))}
    assert list(chosen) == ["stdout_3.log", "heap.hprof", "stdout_2.log", "stdout_1.log"]
    assert chosen["stdout_3.log"] is chosen["stdout_2.log"] is None
    assert "before the incident" in chosen["stdout_1.log"]
    assert "consent" in chosen["heap.hprof"]


def test_the_event_log_is_taken_whatever_its_age():
    (only,) = choose(GROUPS["evt.log"], [log_at("eventlog.xml", 10_000)], NOON)
    assert only.why_not is None


def test_each_instance_may_bring_so_many_files_and_all_so_many_bytes():
    names = [
        f"Application/{inst}-1-{number}.txt" for inst in ("306123", "5fdff9") for number in range(PER_INSTANCE + 5)
    ]
    chosen = list(choose(GROUPS["log.app"], [log_at(name) for name in names], NOON - timedelta(hours=1)))
    assert sum(each.why_not is None for each in chosen) == 2 * PER_INSTANCE
    big = [log_at(f"Application/306123-1-{number}.txt", number, FILE_BYTES * 2) for number in range(4)]
    kept = [each for each in choose(GROUPS["log.app"], big, NOON - timedelta(hours=1)) if each.why_not is None]
    assert [each.left_out for each in kept] == [FILE_BYTES] * 2


def test_all_collectors_together_stay_within_500_mb():
    assert sum(group.most_bytes for group in GROUPS.values()) <= 500 * 1024 * 1024


def zipped(members, whole=True):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return sink.getvalue() if whole else sink.getvalue()[:-60]


@pytest.mark.parametrize("whole", [True, False])
def test_kudus_zip_stands_in_for_a_listing_that_fails_when_it_is_whole(tmp_path, whole):
    def answer(request):
        if request.path == "/api/dump":
            data = zipped({"LogFiles/a.log": b"one\n", "../../evil.log": b"two\n"}, whole=whole)
            return Response(data, content_type="application/zip")
        return Response('{"Message":"An error has occurred."}', 500, content_type="application/json")

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("vfs.logs", tmp_path)
    if whole:
        assert files["kudu/shop/LogFiles/a.log"].file.read_bytes() == b"one\n"
        assert outcome.state == "partial"
        assert "could not be listed" in outcome.reason
        assert not any("evil" in path for path in files)
    else:
        assert outcome.state == "invalid"
        assert not files
    assert any("api/dump" in each for each in fake.footprints)


def test_a_locked_file_is_printed_by_a_command_and_that_is_said(tmp_path):
    def answer(request):
        if request.path == "/api/command":
            assert request.get_json()["command"] == 'type "%HOME%\\LogFiles\\eventlog.xml"'
            return Response('{"Output":"<Events/>","Error":"","ExitCode":0}', content_type="application/json")
        if request.path == "/api/vfs/LogFiles/":
            return folder_answer({"name": "eventlog.xml"})
        return Response('{"Message":"locked"}', 404, content_type="application/json")

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("evt.log", tmp_path)
    assert files["kudu/shop/LogFiles/eventlog.xml"].file.read_bytes() == b"<Events/>"
    assert outcome.state == "collected"
    assert any("type" in each for each in fake.footprints)


def test_an_odd_name_is_never_put_into_a_command(tmp_path):
    def answer(request):
        assert request.path != "/api/command"
        if request.path == "/api/vfs/LogFiles/":
            return folder_answer({"name": "eventlog&whoami%.xml"})
        return Response('{"Message":"locked"}', 404, content_type="application/json")

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("evt.log", tmp_path)
    assert not files
    assert outcome.state == "missing"
    assert "oddly named" in outcome.reason


def test_a_sign_in_page_instead_of_a_log_is_not_saved(tmp_path):
    def answer(request):
        if request.path == "/api/vfs/LogFiles/":
            return folder_answer({"name": "eventlog.xml"})
        return Response("<!DOCTYPE html><html>Sign in</html>", content_type="text/html")

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("evt.log", tmp_path)
    assert (files, outcome.state) == ({}, "invalid")


def test_a_long_log_is_taken_from_its_end_in_whole_lines(tmp_path, monkeypatch):
    monkeypatch.setattr("escalate.collect.vfs_choice.FILE_BYTES", 25)
    monkeypatch.setattr("escalate.collect.vfs_fetch.FILE_BYTES", 25)
    data = b"".join(b"line %d\n" % number for number in range(10))

    def answer(request):
        if request.path == "/api/vfs/LogFiles/":
            return folder_answer({"name": "eventlog.xml", "size": len(data)})
        response = Response(data, headers={"ETag": '"1"'})
        return response.make_conditional(request.environ, accept_ranges=True, complete_length=len(data))

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("evt.log", tmp_path)
    assert files["kudu/shop/LogFiles/eventlog.xml"].file.read_bytes() == b"line 7\nline 8\nline 9\n"
    assert outcome.state == "partial"
    assert "first 45 of 70 bytes" in outcome.reason


def test_container_logs_come_from_kudus_list_when_vfs_has_no_listing(tmp_path):
    name = "2026_04_04_RD0003FF000001_default_docker.log"

    def answer(request):
        if request.path == "/api/logs/docker":
            entries = f'[{{"path":"/home/LogFiles/{name}","size":4,"href":"https://elsewhere.invalid/x"}}]'
            return Response(entries, content_type="application/json")
        if request.path == f"/api/vfs/LogFiles/{name}":
            return Response(b"log\n")
        return Response('{"Message":"no"}', 500, content_type="application/json")

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("log.containers", tmp_path, platform="linux")
        assert fake.roster.find(name.split("_")[3]).infixes == ("RD0003FF000001_default",)
    assert files[f"kudu/shop/LogFiles/{name}"].piece.instance == "RD0003FF000001"
    assert outcome.state == "partial"


@pytest.mark.parametrize(("status", "state", "count"), [(200, "partial", 1), (204, "denied", 0), (403, "denied", 0)])
def test_container_logs_come_from_arm_when_kudu_is_closed(tmp_path, status, state, count):
    def answer(request):
        if request.path.endswith("/containerlogs/zip/download"):
            if status == 200:
                return Response(
                    zipped({"2026_04_04_RD0003FF000001_docker.log": b"x\n"}), content_type="application/zip"
                )
            return Response(status=status)
        return Response('{"error":{"code":"AuthorizationFailed","message":"no"}}', 403, content_type="application/json")

    with fake_kudu(answer) as fake:
        files, outcome = fake.run("log.containers", tmp_path, platform="linux")
    assert len(files) == count
    assert outcome.state == state
    assert set(files) <= {"kudu/shop/LogFiles/2026_04_04_RD0003FF000001_docker.log"}


def test_times_of_listings_are_read_in_utc():
    with fake_kudu(lambda request: folder_answer({"name": "a.log", "mtime": "2026-04-04T14:30:00.1+02:00"})) as fake:
        (file,) = read_folder(fake.kudu, ()).files
    assert file.modified == datetime(2026, 4, 4, 12, 30, 0, 100_000, UTC)
