"""Logs that attack their reader, through the whole flow into a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.chromium import PROGRAM, browser
from tests.flow.conftest import run_command

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed"),
]

ATTACK = (
    "</pre></code><script>document.title='owned'</script><img src=//192.0.2.1/x onerror=document.title='owned'>"
    "<style>*{display:none}</style><base href=//192.0.2.1/><meta http-equiv=refresh content=0;url=//192.0.2.1/>"
    "\u202e\u2066\x1b[2J\x1b]8;;http://192.0.2.1\x07{{ 7*7 }}{% raw %}]]>-->&#x3c;"
)
INCIDENT = f"""
title = "{"<b>" * 3}workers"
symptom = "<script>document.title='owned'</script>"
[window]
start = 2026-04-04T05:55:00Z
end = 2026-04-04T06:02:00Z
[target]
os = "linux"
instances = ["10-30-0-103"]
"""


def test_a_log_with_scripts_and_a_line_of_ten_megabytes_is_only_text(tmp_path: Path):
    folder = tmp_path / "in" / "LogFiles"
    folder.mkdir(parents=True)
    lines = [
        f"2026-04-04T05:58:45.0{n}Z [2026-04-04 05:58:45 +0000] [1904] [CRITICAL] WORKER TIMEOUT (pid:1905) {ATTACK}"
        for n in range(5)
    ]
    lines += [
        f"2026-04-04T05:58:46.0Z [1904] [ERROR] Worker (pid:1905) was sent SIGKILL! Perhaps out of memory? {ATTACK}"
    ]
    lines += [f"2026-04-04T05:58:47.0Z [1904] [CRITICAL] WORKER TIMEOUT (pid:1905) {ATTACK} {'<p>' * 3_500_000}"]
    (folder / "2026_04_04_10-30-0-103_default_docker.log").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "incident.toml").write_text(INCIDENT, encoding="utf-8")
    run = run_command(
        tmp_path / "data", "build", folder.parent, "--incident", tmp_path / "incident.toml",
        "--case", tmp_path / "case", "--no-input",
    )  # fmt: skip
    assert run.code in (0, 5), run.stderr
    report = tmp_path / "case" / "draft" / "report.html"
    assert report.stat().st_size < 400_000
    with browser(tmp_path / "chromium") as tab:
        tab.size(390, 844, mobile=True)
        visit = tab.open(report)
        assert "WORKER TIMEOUT" in tab.evaluate("document.body.innerText")
        assert "<script>document.title" in tab.evaluate("document.body.innerText")
        assert tab.evaluate("document.title") != "owned"
        assert tab.evaluate("document.querySelectorAll('script, img, base, body style, main meta').length") == 0
        assert tab.evaluate("document.documentElement.scrollWidth") == 390
        assert (
            tab.evaluate("/[\\u0000-\\u0008\\u001b\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.innerText)")
            is False
        )
        assert visit.console == []
        assert visit.outside == []
