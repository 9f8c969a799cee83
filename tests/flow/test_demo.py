"""The demo is the first thing anyone sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flow.conftest import Escalate


@pytest.mark.system
def test_the_demo_runs_the_whole_flow_and_says_where_everything_is(tmp_path: Path, escalate: Escalate) -> None:
    done = escalate("demo", "--case", tmp_path / "demo", "--format", "json")
    assert done.code == 0, done.stderr
    assert done.json["filed"] is False
    assert done.json["cases"]
    for case in done.json["cases"]:
        assert Path(case["report"]).is_file()
        assert Path(case["ticket"]).is_file()
        for bundle in case["bundles"]:
            assert Path(bundle["path"]).stat().st_size == bundle["size"]
            assert b"Wint3r-is-c0ming-4you" not in Path(bundle["path"]).read_bytes()
