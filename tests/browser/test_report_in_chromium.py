"""The report in a real browser: nothing planted in it runs, nobody is asked, all can read it, and it prints."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from escalate.draft.facts import Facts
from escalate.draft.measured import Series
from escalate.draft.report import Beside, make_report
from tests.browser.chromium import PROGRAM, Browser, browser
from tests.draft.test_report import hostile
from tests.fakes.triaged_case import CASES, WORKER, Pieces, at, customer

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = """
axe.run(document, {resultTypes: ['violations']}).then(found => found.violations
  .map(one => one.id + ' (' + one.impact + '): ' + one.nodes[0].html.slice(0, 200)))
"""
PHONE, LAPTOP = (390, 844, True), (1366, 900, False)

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def page_of(pieces: Pieces, folder: Path, beside: Beside | None = None) -> Path:
    html = make_report(Facts.load(pieces.write(folder / "case")), beside or measured())
    place = folder / "report.html"
    place.write_text(html, encoding="utf-8")
    return place


def measured() -> Beside:
    """Numbers of a sick worker and of one that is well."""
    minutes = [at(5, 50) + timedelta(minutes=n) for n in range(20)]
    return Beside(
        tuple(
            Series("Http5xx", "Count", name, tuple((when, factor * n) for n, when in enumerate(minutes)))
            for name, factor in ((WORKER, 9.0), ("10-30-0-104", 0.1))
        )
    )


def colours(picture: Path) -> int:
    """Distinct bytes in the pixels; a page that was not drawn has next to none."""
    data, place, pixels = picture.read_bytes(), 8, b""
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        if data[place + 4 : place + 8] == b"IDAT":
            pixels += data[place + 8 : place + 8 + length]
        place += 12 + length
    return len(set(zlib.decompress(pixels)))


def test_a_planted_script_does_not_run(tab: Browser, tmp_path: Path):
    visit = tab.open(page_of(hostile(customer()), tmp_path))
    assert "owned" in tab.evaluate("document.body.innerText")
    assert tab.evaluate("document.title") != "owned"
    assert tab.evaluate("document.querySelectorAll('script, img, iframe, object').length") == 0
    assert visit.console == []
    assert visit.outside == []


def test_a_script_put_in_by_hand_is_stopped_by_the_policy(tab: Browser, tmp_path: Path):
    page = page_of(customer(), tmp_path)
    planted = (
        "<script>document.title='owned'</script><img src='http://192.0.2.1/x.png'>"
        "<iframe src='http://192.0.2.1/'></iframe><link rel='stylesheet' href='http://192.0.2.1/x.css'></main>"
    )
    page.write_text(page.read_text(encoding="utf-8").replace("</main>", planted), encoding="utf-8")
    visit = tab.open(page)
    assert tab.evaluate("document.title") != "owned"
    assert visit.outside == []
    assert len([words for words in visit.console if "Content Security Policy" in words]) == 4


@pytest.mark.parametrize("verdict", list(CASES))
def test_it_opens_without_a_word_on_the_console_and_asks_nobody(verdict: str, tab: Browser, tmp_path: Path):
    visit = tab.open(page_of(CASES[verdict](), tmp_path))
    assert visit.requests
    assert visit.outside == []
    assert visit.console == []


@pytest.mark.parametrize("verdict", list(CASES))
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_it_is_accessible_and_as_wide_as_the_screen(
    screen: tuple[int, int, bool], scheme: str, verdict: str, tab: Browser, tmp_path: Path
):
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in tests/browser")
    tab.size(*screen)
    tab.media(scheme=scheme)
    tab.open(page_of(CASES[verdict](), tmp_path))
    tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    tab.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
    assert tab.evaluate(RUN_AXE) == []
    assert tab.evaluate("document.documentElement.scrollWidth") == screen[0]


def test_axe_would_find_a_defect(tab: Browser, tmp_path: Path):
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in tests/browser")
    page = page_of(customer(), tmp_path)
    html = page.read_text(encoding="utf-8").replace('<html lang="en">', "<html>")
    page.write_text(re.sub(r'aria-labelledby="timeline-wide"', "", html), encoding="utf-8")
    tab.open(page)
    tab.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
    assert any(one.startswith("html-has-lang (serious)") for one in tab.evaluate(RUN_AXE))


@pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_one_drawing_of_each_kind_is_seen(screen: tuple[int, int, bool], tab: Browser, tmp_path: Path):
    tab.size(*screen)
    tab.media()
    tab.open(page_of(customer(), tmp_path))
    seen = (
        "[...document.querySelectorAll('.picture > svg')].filter(one => one.getBoundingClientRect().width > 0).length"
    )
    assert tab.evaluate(seen) == tab.evaluate("document.querySelectorAll('.picture').length")
    picture = tmp_path / "shot.png"
    tab.screenshot(picture)
    assert colours(picture) > 100


@pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_no_text_of_a_drawing_lies_on_another(screen: tuple[int, int, bool], tab: Browser, tmp_path: Path):
    tab.size(*screen)
    tab.media()
    tab.open(page_of(customer(), tmp_path))
    overlaps = """
    [...document.querySelectorAll('.picture > svg, svg.chart')].flatMap(drawing => {
      const boxes = [...drawing.querySelectorAll('text')].map(one => [one.textContent, one.getBoundingClientRect()])
      return boxes.flatMap(([a, p], n) => boxes.slice(n + 1).filter(([b, q]) => p.width && q.width &&
        p.left < q.right && q.left < p.right && p.top + 2 < q.bottom && q.top + 2 < p.bottom)
        .map(([b]) => a + ' | ' + b))
    })
    """
    assert tab.evaluate(overlaps) == []


def test_hostile_content_does_not_widen_the_phone_page(tab: Browser, tmp_path: Path):
    pieces = hostile(customer())
    wide = pieces.triage.evidence[0].model_copy(update={"excerpt": "W" * 900, "path": "p" * 900})
    pieces = replace(pieces, triage=pieces.triage.model_copy(update={"evidence": (wide, *pieces.triage.evidence[1:])}))
    tab.size(*PHONE)
    tab.open(page_of(pieces, tmp_path))
    tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert tab.evaluate("document.documentElement.scrollWidth") == 390


def test_a_link_leads_to_the_line_in_the_text_file_beside_the_page(tab: Browser, tmp_path: Path):
    pieces = customer()
    first = pieces.triage.evidence[0]
    log = tmp_path / "30-logs" / "w 1" / "x.txt"
    log.parent.mkdir(parents=True)
    lines = [f"line {n}" for n in range(1, 400)]
    lines[first.line - 1] = first.excerpt
    log.write_text("\n".join([*["before"] * 500, *lines]), encoding="utf-8")
    tab.size(*LAPTOP)
    tab.open(page_of(pieces, tmp_path, Beside(links={first.artifact: "30-logs/w 1/x.txt"})))
    tab.click(f"#{first.id} figcaption a")
    assert tab.evaluate("location.pathname.endsWith('/30-logs/w%201/x.txt')")
    tab.evaluate("new Promise(done => setTimeout(done, 200))")
    assert tab.evaluate("scrollY") > 1000


def test_it_prints_with_everything_unfolded(tab: Browser, tmp_path: Path):
    tab.media()
    tab.open(page_of(customer(), tmp_path))
    pdf = tmp_path / "report.pdf"
    tab.pdf(pdf)
    data = pdf.read_bytes()
    assert data.startswith(b"%PDF-")
    assert 2 <= len(re.findall(rb"/Type /Page\b", data)) <= 12
    tab.media(kind="print")
    assert tab.evaluate("document.querySelector('details table').getBoundingClientRect().height") > 20
