"""The demo is the first thing anyone sees."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from escalate.lab.processes import java_available
from escalate.lab.worlds import WORLDS
from tests.flow.conftest import Escalate


@pytest.mark.timeout(600)
@pytest.mark.system
def test_the_demo_runs_the_whole_flow_against_the_lab_and_says_where_everything_is(
    tmp_path: Path, escalate: Escalate
) -> None:
    done = escalate("demo", "--case", tmp_path / "demo", "--format", "json")

    assert done.code == 0, done.stderr
    assert done.json["filed"] is True
    [case] = done.json["cases"]
    kit = next(each for each in case["bundles"] if each["tier"] == "kit")
    assert [each["sha256"] for each in case["ticket_filed"]["attachments"]] == [kit["sha256"]]
    status = case["status"]
    assert (status["ticket"]["number"], status["ticket"]["status"]) == (
        case["ticket_filed"]["support_ticket_id"],
        "open",
    )
    assert "heap dump" in case["asked"][0]["text"]
    assert len(status["messages"]) == 1
    assert [each["name"] for each in status["files"]] == [Path(case["delta"]).name]
    assert Path(case["report"]).is_file()
    assert Path(case["ticket"]).is_file()
    secret = WORLDS[done.json["world"]].app.settings["PAYMENT_API_KEY"].encode()
    names: set[str] = set()
    for bundle in case["bundles"]:
        assert Path(bundle["path"]).stat().st_size == bundle["size"]
    for place in (*(each["path"] for each in case["bundles"]), case["delta"]):
        with zipfile.ZipFile(place) as zipped:
            names.update(zipped.namelist())
            assert not [name for name in zipped.namelist() if secret in zipped.read(name)]
    if java_available():
        assert [name for name in names if name.endswith(".hprof")], "the heap dump that support asked for"
        assert len([name for name in names if "thread-dump" in name]) >= 3
