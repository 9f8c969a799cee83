"""The virtual file system of the SCM site, and folders as zips."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from tests.lab.kudu_sites import scm


def test_a_folder_is_listed_with_its_special_folders(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        (site.home / "LogFiles" / "eventlog.xml").write_text("<Events/>")
        (entry,) = site.get("/api/vfs/LogFiles/").json
        assert entry["name"] == "eventlog.xml"
        assert entry["size"] == 9
        assert entry["mime"] == "text/xml"
        assert entry["href"].endswith("/api/vfs/LogFiles/eventlog.xml")
        assert entry["path"] == "C:\\home\\LogFiles\\eventlog.xml"
        root = {each["name"]: each["mime"] for each in site.get("/api/vfs/").json}
        assert root == {
            "LogFiles": "inode/directory",
            "site": "inode/directory",
            "SystemDrive": "inode/shortcut",
            "LocalSiteRoot": "inode/shortcut",
        }


def test_slashes_are_put_right_both_ways(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        (site.home / "LogFiles" / "a.log").write_text("x")
        there = site.get("/api/vfs/LogFiles")
        assert (there.status_code, there.headers["Location"]) == (307, "http://localhost/api/vfs/LogFiles/")
        back = site.get("/api/vfs/LogFiles/a.log/")
        assert (back.status_code, back.headers["Location"]) == (307, "http://localhost/api/vfs/LogFiles/a.log")


def test_what_is_not_there_is_named_as_windows_names_it(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        answer = site.get("/api/vfs/LogFiles/none.log")
        assert (answer.status_code, answer.json) == (404, {"Message": "'C:\\home\\LogFiles\\none.log' not found."})


@pytest.mark.parametrize("path", ["../secret", "LogFiles/../../secret", "LogFiles/link/secret"])
def test_nothing_outside_of_home_can_be_read(path: str, tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        (tmp_path / "secret").write_text("x")
        (site.home / "LogFiles" / "link").symlink_to(tmp_path)
        assert site.get(f"/api/vfs/{path}").status_code == 404


def test_ranges_and_etags(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        log = site.home / "LogFiles" / "a.log"
        log.write_bytes(bytes(range(200)))
        whole = site.get("/api/vfs/LogFiles/a.log")
        assert whole.data == bytes(range(200))
        etag = whole.headers["ETag"]
        part = site.get("/api/vfs/LogFiles/a.log", headers={"Range": "bytes=50-99", "If-Range": etag})
        assert (part.status_code, part.data) == (206, bytes(range(50, 100)))
        assert part.headers["Content-Range"] == "bytes 50-99/200"
        tail = site.get("/api/vfs/LogFiles/a.log", headers={"Range": "bytes=-5"})
        assert tail.data == bytes(range(195, 200))
        beyond = site.get("/api/vfs/LogFiles/a.log", headers={"Range": "bytes=200-"})
        assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, "bytes */200")
        assert site.get("/api/vfs/LogFiles/a.log", headers={"If-None-Match": etag}).status_code == 304
        os.utime(log, (1, 1))
        changed = site.get("/api/vfs/LogFiles/a.log", headers={"Range": "bytes=50-99", "If-Range": etag})
        assert (changed.status_code, len(changed.data)) == (200, 200)


def test_files_are_changed_only_by_those_who_know_them(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        made = site.ask("PUT", "/api/vfs/data/new/a.txt", data=b"one")
        assert made.status_code == 201
        assert site.ask("PUT", "/api/vfs/data/new/a.txt", data=b"two").status_code == 412
        assert site.ask("PUT", "/api/vfs/data/new/a.txt", data=b"two", headers={"If-Match": '"x"'}).status_code == 412
        known = {"If-Match": made.headers["ETag"]}
        assert site.ask("PUT", "/api/vfs/data/new/a.txt", data=b"two", headers=known).status_code == 204
        assert (site.home / "data/new/a.txt").read_bytes() == b"two"
        assert site.ask("PUT", "/api/vfs/data/new/", data=b"").status_code == 409
        assert site.ask("PUT", "/api/vfs/data/other/", data=b"").status_code == 201
        assert site.ask("DELETE", "/api/vfs/data/new/a.txt").status_code == 412
        assert site.ask("DELETE", "/api/vfs/data/new/").status_code == 409
        assert site.ask("DELETE", "/api/vfs/data/new/a.txt", headers={"If-Match": "*"}).status_code == 200
        assert site.ask("DELETE", "/api/vfs/data/new/").status_code == 200
        assert site.ask("DELETE", "/api/vfs/data/new/").status_code == 404


def test_a_growing_log_has_grown_at_the_next_request(tmp_path: Path) -> None:
    with scm(tmp_path, "windows", "growing-log") as site:
        (site.home / "LogFiles" / "a.log").write_text("first\n")
        first = site.get("/api/vfs/LogFiles/a.log")
        assert first.data == b"first\n"
        second = site.get("/api/vfs/LogFiles/a.log", headers={"Range": "bytes=0-", "If-Range": first.headers["ETag"]})
        assert second.status_code == 200
        assert len(second.data) > 6


def test_a_locked_log_is_listed_but_cannot_be_read(tmp_path: Path) -> None:
    with scm(tmp_path, "windows", "locked-file") as site:
        for name, at in (("old.log", 1), ("new.log", 2)):
            (site.home / "LogFiles" / name).write_text(name)
            os.utime(site.home / "LogFiles" / name, (at, at))
        assert [each["name"] for each in site.get("/api/vfs/LogFiles/").json] == ["new.log", "old.log"]
        assert site.get("/api/vfs/LogFiles/new.log").status_code == 404
        assert site.get("/api/vfs/LogFiles/old.log").status_code == 200
        assert _names(site.get("/api/dump").data) == ["LogFiles/old.log"]
        assert site.command("type %HOME%\\LogFiles\\new.log")["Output"] == "new.log"


def test_a_dump_has_no_length_and_leaves_failed_requests_out(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        for name in ("LogFiles/a.log", "LogFiles/W3SVC1/fr000001.xml", "site/deployments/1/status.xml"):
            (site.home / name).parent.mkdir(parents=True, exist_ok=True)
            (site.home / name).write_text(name)
        answer = site.get("/api/dump")
        assert "Content-Length" not in answer.headers
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=dump-")
        assert _names(answer.data) == ["LogFiles/a.log", "deployments/1/status.xml"]
        assert _names(site.get("/api/zip/LogFiles/W3SVC1/").data) == ["fr000001.xml"]
        assert site.get("/api/zip/LogFiles/a.log").status_code == 404


def test_a_truncated_zip_is_none(tmp_path: Path) -> None:
    with scm(tmp_path, "windows", "truncated-zip") as site:
        (site.home / "LogFiles" / "a.log").write_text("x")
        body = site.get("/api/zip/LogFiles/").data
        assert body.startswith(b"PK")
        assert not zipfile.is_zipfile(io.BytesIO(body))


def test_the_logs_of_containers(tmp_path: Path) -> None:
    with scm(tmp_path, "linux") as site:
        for day in ("2026_11_01", "2026_11_22", "2026_11_23"):
            (site.home / "LogFiles" / f"{day}_RD1_default_docker.log").write_text(day)
        (site.home / "LogFiles" / "2026_11_01_RD2_docker.log").write_text("too old")
        (entry,) = site.get("/api/logs/docker").json
        assert entry["machineName"] == "RD1_default"
        assert entry["path"] == "/home/LogFiles/2026_11_23_RD1_default_docker.log"
        assert _names(site.get("/api/logs/docker/zip").data) == ["2026_11_23_RD1_default_docker.log"]


def test_recent_application_logs_have_a_bug(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        folder = site.home / "LogFiles" / "Application"
        folder.mkdir()
        (folder / "a1b2c3-2432-1.txt").write_text("2026-11-23T22:17:06  PID[2432] Warning slow\nnot a trace\n")
        (entry,) = site.get("/api/logs/recent?top=5").json
        assert entry == {"timestamp": "2026-11-23T22:17:06", "level": "Warning", "pid": 2432, "message": "slow"}
        assert site.get("/api/logs/recent?top=0").status_code == 500


def test_the_log_stream_switches_application_logging_on(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        (site.home / "LogFiles" / "a.log").write_text("line\n")
        assert b"line\r\n" in site.get("/api/logstream").data
        assert (site.home / "site/diagnostics/settings.json").exists()


def test_startup_logs_tell_how_starts_ended(tmp_path: Path) -> None:
    with scm(tmp_path, "linux") as site:
        machine = site.state.world.workers[0].machine
        log = site.home / "LogFiles" / f"2026_11_23_{machine}_docker.log"
        log.write_text(
            "2026-11-23T09:00:00.000Z ERROR - Container shop didn't respond to HTTP pings, failing site start\n"
        )
        (name,) = site.get("/api/startuplogs?type=failed").json["files"]
        assert site.get("/api/startuplogs?type=succeeded").json["files"] == []
        latest = site.get("/api/startuplogs?latest=true")
        assert latest.headers["X-StartupLog-Filename"] == name
        assert latest.headers["X-StartupLog-Outcome"] == "failed"
        first, second = site.get("/api/startuplogs/summary").json
        assert first["Startup"]["MostRecentFailure"] == "2026-11-23T09:00:00+00:00"
        assert (first["Startup"]["Failed"], second["Startup"]["Failed"]) == (1, 0)


def test_the_configuration_check_lies_on_one_worker(tmp_path: Path) -> None:
    with scm(tmp_path, "linux") as site:
        first, second = site.state.world.workers
        assert site.get("/api/troubleshoot/config", worker=first).json["instance"] == first.machine
        assert site.get("/api/troubleshoot/config", worker=second).status_code == 404


def _names(body: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return archive.namelist()
