from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from escalate.draft.facts import Facts
from escalate.draft.report import Beside, make_report
from escalate.model.base import EvidenceId
from escalate.model.redaction import KeptName, Ledger, Sealed, Unsearched, Withheld
from tests.draft.test_ticket import blaming
from tests.fakes.triaged_case import CASES, Pieces, customer, microsoft

VERDICTS = ["customer", "undetermined", "microsoft"]
HOSTILE = "</code><script>document.title='owned'</script><img src=http://evil.example/x onerror=alert(1)>\u202e\x1b[31m"
VOID = {"meta", "link", "br", "img", "line", "polygon", "path"}


class Page(HTMLParser):
    """Everything a browser would act on, and whether the elements nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.broken: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.broken.append(tag)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    def values(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


def report(pieces: Pieces, folder: Path) -> str:
    return make_report(Facts.load(pieces.write(folder / "case")))


def hostile(pieces: Pieces) -> Pieces:
    """HTML, script, direction marks and terminal codes in every text that comes from elsewhere."""
    excerpts = tuple(
        one.model_copy(update={"excerpt": HOSTILE, "path": f"logs/{HOSTILE}", "instance": HOSTILE})
        for one in pieces.triage.evidence
    )
    made = blaming(pieces, HOSTILE)
    steps = tuple(one.model_copy(update={"title": HOSTILE}) for one in pieces.collected.steps)
    target = pieces.case.incident.target.model_copy(
        update={"instances": (HOSTILE,), "region": HOSTILE, "resource_id": HOSTILE, "instance_ids": {HOSTILE: HOSTILE}}
    )
    incident = made.case.incident.model_copy(update={"target": target})
    return replace(
        made,
        case=made.case.model_copy(update={"incident": incident}),
        collected=made.collected.model_copy(update={"steps": steps}),
        triage=made.triage.model_copy(update={"evidence": excerpts}),
    )


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_page_is_whole_and_asks_nothing_from_outside(verdict: str, tmp_path: Path):
    html = report(CASES[verdict](), tmp_path)
    page = Page(html)
    assert page.broken == []
    assert page.open == []
    assert page.values("src") == []
    assert all(value.startswith("#") or value == "data:," for value in page.values("href"))
    assert not page.all("script")
    assert not page.values("style")
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert "@import" not in html
    assert {one[:9] for one in re.findall(r"url\(([^)]*)\)", html)} == {"#nothing-"}


def test_the_policy_allows_the_one_style_sheet_and_nothing_else(tmp_path: Path):
    html = report(customer(), tmp_path)
    (policy,) = [one["content"] for one in Page(html).all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    style = html[html.index("<style>") + 7 : html.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert html.index("Content-Security-Policy") < html.index("<style>")


@pytest.mark.parametrize("verdict", VERDICTS)
def test_ids_are_unique_and_every_link_has_its_target(verdict: str, tmp_path: Path):
    page = Page(report(CASES[verdict](), tmp_path))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {value[1:] for value in page.values("href") if value.startswith("#")} <= set(ids)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_screen_reader_finds_its_way(verdict: str, tmp_path: Path):
    page = Page(report(CASES[verdict](), tmp_path))
    assert page.all("html")[0]["lang"] == "en"
    assert [len(page.all(tag)) for tag in ("main", "header", "footer", "nav", "h1")] == [1, 1, 1, 1, 1]
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(headings))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(one.get("scope") for one in page.all("th"))
    drawings = [one for one in page.all("svg") if one.get("aria-hidden") != "true"]
    assert drawings
    assert all(one.get("role") == "img" and (one.get("aria-label") or one.get("aria-labelledby")) for one in drawings)


def test_verdict_and_questions_come_before_the_timeline(tmp_path: Path):
    html = report(microsoft(), tmp_path)
    order = [
        "<h1>",
        "Only Microsoft can answer this",
        'id="questions"',
        "How this was decided",
        'class="timeline wide"',
    ]
    places = [html.index(one) for one in order]
    assert places == sorted(places)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_hostile_content_stays_text(verdict: str, tmp_path: Path):
    html = report(hostile(CASES[verdict]()), tmp_path)
    page = Page(html)
    assert page.broken == []
    assert not page.all("script")
    assert not page.all("img")
    assert not page.values("onerror")
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "[U+202E][U+001B][31m" in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("verdict", ["customer", "undetermined"])
def test_whatever_triage_says_the_page_stands(verdict: str, tmp_path: Path):
    html = report(blaming(CASES[verdict](), "The kernel panicked"), tmp_path)
    assert "its wording is left out" in html


def test_thousands_of_findings_make_a_page_of_bounded_size(tmp_path: Path):
    pieces = customer()
    long = "<&'\">\u202e" * 120
    evidence = tuple(
        pieces.triage.evidence[0].model_copy(update={"id": EvidenceId(f"X{n}"), "excerpt": long[:1000]})
        for n in range(6000)
    )
    findings = tuple(
        pieces.triage.findings[1].model_copy(
            update={
                "title": long,
                "confidence_why": long,
                "evidence": tuple(one.id for one in evidence[3 * n : 3 * n + 3]),
                "demoted": n % 2 == 1,
                "demoted_because": long,
                "instances": (long,) * 50,
            }
        )
        for n in range(2000)
    )
    events = tuple(pieces.timeline.events[n % 10].model_copy(update={"title": long[:1000]}) for n in range(5000))
    ledger = pieces.ledger.model_copy(update={"exclusions": pieces.ledger.exclusions * 500})
    many = replace(
        pieces,
        triage=pieces.triage.model_copy(
            update={
                "findings": findings,
                "evidence": (*pieces.triage.evidence, *evidence),
                "remedies": (long,) * 500,
                "missing_evidence": pieces.triage.missing_evidence * 500,
            }
        ),
        ledger=ledger,
        timeline=pieces.timeline.model_copy(update={"events": events}),
        collected=pieces.collected.model_copy(update={"steps": pieces.collected.steps * 500}),
        redaction=pieces.redaction.model_copy(update={"items": pieces.redaction.items * 1000}),
    )
    html = report(many, tmp_path)
    assert len(html.encode()) < 800_000
    assert "975 findings more in" in html.replace("<code>", "")
    assert "more in <code>90-meta/gaps.json</code>" in html
    assert "more in <code>90-meta/manifest.json</code>" in html


def redacted(pieces: Pieces, **more: object) -> Pieces:
    """The same with another redaction document."""
    return replace(pieces, redaction=pieces.redaction.model_copy(update=more))


def with_counts(pieces: Pieces, counts: dict[str, int], path: str) -> Pieces:
    """One more sealed file, with these replacements."""
    first = next(one for one in pieces.redaction.items if isinstance(one, Sealed))
    item = first.model_copy(update={"path": path, "ledger": Ledger(handler="text", counts=counts)})
    return redacted(pieces, items=(*pieces.redaction.items, item))


def rows_of(html: str, caption: str) -> list[str]:
    """The rows of the table with that caption, as text."""
    table = html[html.index(f"<caption>{caption}") :].partition("</table>")[0]
    rows = table.partition("<tbody")[2].partition(">")[2].split("</tr>")[:-1]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)).strip() for row in rows]


def test_the_ledger_says_what_was_replaced_in_which_file(tmp_path: Path):
    html = report(with_counts(customer(), {"jwt": 3, "storage-key": 1200}, "logs/app.log"), tmp_path)
    rows = rows_of(html, "Replacements in each file")
    assert rows[0] == "logs/app.log text storage-key 1,200, jwt 3 1,203"
    assert [row for row in rows if "ipv4 2" in row]


def test_many_kinds_in_one_file_are_counted(tmp_path: Path):
    html = report(with_counts(customer(), {f"kind-{n}": n + 1 for n in range(20)}, "logs/app.log"), tmp_path)
    row = rows_of(html, "Replacements in each file")[0]
    assert "kind-19 20, kind-18 19" in row
    assert row.endswith("and 12 kinds more 210")


def test_what_is_held_back_says_why_and_how_to_get_it(tmp_path: Path):
    html = report(customer(), tmp_path)
    held = html[html.index("Held back, and how to get it") :]
    assert "dumps/1905.core" in held
    assert "Memory image: cannot be redacted." in held
    assert "ask in the ticket for a transfer link" in held.casefold()


def test_a_dump_of_a_hang_says_where_its_threads_stand(tmp_path: Path):
    assert "Where its threads stand: 2 threads at <code>libc.so.6+0x8e4a0</code>." in report(customer(), tmp_path)


def test_only_the_page_of_a_zip_warns_of_links_that_a_kit_cannot_follow(tmp_path: Path):
    made = Facts.load(customer().write(tmp_path / "case"))
    warning = "In the kit a link opens nothing"
    assert warning in make_report(made, Beside(is_in_zip=True))
    assert warning not in make_report(made)


def test_settings_that_were_not_looked_for_are_named_with_the_reason(tmp_path: Path):
    kept = (
        *customer().redaction.keep_list,
        KeptName(id="stop:word", title="Not searched for everywhere: Common words"),
    )
    settings = (Unsearched(name="DB_PASSWORD", reason="stop:word"), Unsearched(name="TITLE", reason="stop:new"))
    html = report(redacted(customer(), keep_list=kept, unsearched=settings), tmp_path)
    rows = rows_of(html, "Settings whose values")
    assert rows == ["DB_PASSWORD Common words", "TITLE stop:new"]
    assert "support must match it: worker names, resource ids." in html
    assert "Settings that were not looked for" not in report(customer(), tmp_path / "none")


def test_hostile_names_in_the_ledger_stay_text(tmp_path: Path):
    pieces = with_counts(customer(), {HOSTILE: 1}, f"logs/{HOSTILE}")
    kept = KeptName(id="stop:word", title=HOSTILE)
    settings = (Unsearched(name=HOSTILE, reason="stop:word"), Unsearched(name="x", reason=HOSTILE))
    withheld = [one for one in pieces.redaction.items if isinstance(one, Withheld)]
    hostile_ones = [one.model_copy(update={"path": HOSTILE, "reason": HOSTILE}) for one in withheld]
    html = report(
        redacted(
            pieces,
            items=(*pieces.redaction.items, *hostile_ones),
            keep_list=(kept,),
            unsearched=settings,
            totals={HOSTILE: 1},
        ),
        tmp_path,
    )
    page = Page(html)
    assert page.broken == []
    assert not page.all("script")
    assert not page.all("img")
    assert not page.values("onerror")
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert html.count("&lt;script&gt;") >= 6


def test_thousands_of_settings_make_a_page_of_bounded_size(tmp_path: Path):
    settings = tuple(Unsearched(name=f"SETTING_{n:04}_{'X' * 150}", reason="stop:word") for n in range(1000))
    pieces = with_counts(customer(), {f"{'k' * 80}-{n}": 1 for n in range(2000)}, "logs/app.log")
    html = report(redacted(pieces, items=pieces.redaction.items * 300, unsearched=settings), tmp_path)
    assert len(html.encode()) < 800_000
    assert "850 settings more in <code>90-meta/redaction-report.json</code>" in html


def test_samples_of_the_worker_become_charts(tmp_path: Path):
    html = report(customer(), tmp_path)
    assert "Memory available: 500 MB to 514 MB, 2026-04-04 05:58:00 to 05:59:43 UTC" in html
    assert "Memory pressure, share of time stalled: 0 % to 0.11 %" in html
    assert "Memory available" not in report(microsoft(), tmp_path / "other")


def test_lines_that_only_gates_and_exclusions_cite_are_quoted_once(tmp_path: Path):
    page = Page(report(customer(), tmp_path))
    quoted = [one["id"] for one in page.all("figure") if "quote" in (one.get("class") or "")]
    assert sorted(quoted) == ["E1", "E2", "E4"]
