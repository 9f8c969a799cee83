"""The report in a real browser: nothing planted in it runs, it draws at phone and laptop width, and it prints."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from escalate.draft.facts import Facts
from escalate.draft.report import make_report
from tests.draft.test_report import hostile
from tests.fakes.triaged_case import CASES, Pieces, customer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


def browse(folder: Path, page: Path, *arguments: str) -> str:
    """One visit with a profile of its own; what it printed, console messages included."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [str(CHROMIUM), *FLAGS, f"--user-data-dir={folder / 'profile'}", *arguments, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
        env={**os.environ, "HOME": str(home)},
    )
    shutil.rmtree(folder / "profile", ignore_errors=True)
    return done.stdout + "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def page_of(pieces: Pieces, folder: Path) -> Path:
    html = make_report(Facts.load(pieces.write(folder / "case")))
    place = folder / "report.html"
    place.write_text(html, encoding="utf-8")
    return place


def dimensions(picture: Path) -> tuple[int, int]:
    head = picture.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])


def colours(picture: Path) -> int:
    """Distinct bytes in the pixels; a page that was not drawn has next to none."""
    data, at, pixels = picture.read_bytes(), 8, b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            pixels += data[at + 8 : at + 8 + length]
        at += 12 + length
    return len(set(zlib.decompress(pixels)))


def test_a_planted_script_does_not_run(tmp_path: Path):
    pieces = hostile(customer())
    dom = browse(tmp_path, page_of(pieces, tmp_path), "--dump-dom", "--enable-logging=stderr")
    assert "owned" in dom
    assert "<title>owned</title>" not in dom
    assert "<script" not in dom
    assert "CONSOLE" not in dom


def test_a_script_put_in_by_hand_is_stopped_by_the_policy(tmp_path: Path):
    page = page_of(customer(), tmp_path)
    html = page.read_text(encoding="utf-8")
    page.write_text(html.replace("</main>", "<script>document.title='owned'</script></main>"), encoding="utf-8")
    dom = browse(tmp_path, page, "--dump-dom", "--enable-logging=stderr")
    assert "<title>owned</title>" not in dom
    assert "Content Security Policy" in dom


@pytest.mark.parametrize("verdict", list(CASES))
def test_the_policy_lets_our_own_style_through_without_a_word_on_the_console(verdict: str, tmp_path: Path):
    page = page_of(CASES[verdict](), tmp_path)
    assert "CONSOLE" not in browse(tmp_path, page, "--dump-dom", "--enable-logging=stderr")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1366, 900)])
def test_it_draws_at_phone_and_laptop_size(width: int, height: int, tmp_path: Path):
    picture = tmp_path / "shot.png"
    browse(tmp_path, page_of(customer(), tmp_path), f"--window-size={width},{height}", f"--screenshot={picture}")
    assert dimensions(picture) == (width, height)
    assert colours(picture) > 100


def test_hostile_content_does_not_widen_the_phone_page(tmp_path: Path):
    """A copy without the policy, in a frame as wide as a phone, tells the page around it how wide it is."""
    pieces = hostile(customer())
    wide = pieces.triage.evidence[0].model_copy(update={"excerpt": "W" * 900, "path": "p" * 900})
    pieces = replace(pieces, triage=pieces.triage.model_copy(update={"evidence": (wide, *pieces.triage.evidence[1:])}))
    page = page_of(pieces, tmp_path)
    html = page.read_text(encoding="utf-8")
    policy = html[html.index("<meta http-equiv") : html.index('<meta name="viewport"')]
    probe = "<script>parent.postMessage('width ' + document.documentElement.scrollWidth, '*')</script></body>"
    page.write_text(html.replace(policy, "").replace("</body>", probe), encoding="utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(
        "<script>onmessage = told => { document.title = told.data }</script>"
        f'<iframe style="border: 0" width="390" height="844" src="{page.as_uri()}"></iframe>',
        encoding="utf-8",
    )
    assert "<title>width 390</title>" in browse(tmp_path, frame, "--dump-dom", "--virtual-time-budget=5000")


def test_it_prints(tmp_path: Path):
    pdf = tmp_path / "report.pdf"
    browse(tmp_path, page_of(customer(), tmp_path), "--no-pdf-header-footer", f"--print-to-pdf={pdf}")
    data = pdf.read_bytes()
    assert data.startswith(b"%PDF-")
    assert 2 <= data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") <= 12
