from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from escalate.draft import environment
from escalate.draft.claims import plain
from escalate.draft.defect import DraftDefect
from escalate.draft.facts import Facts
from tests.fakes.triaged_case import triaged_case


@pytest.fixture(name="facts")
def _facts(tmp_path: Path) -> Facts:
    return Facts.load(triaged_case(tmp_path / "case"))


@pytest.mark.parametrize(
    "kind", [lambda facts: environment.html(facts, ()), environment.markdown, environment.plain_text]
)
def test_no_statement_is_printed_without_evidence(kind, facts: Facts):
    with pytest.raises(DraftDefect, match="without evidence"):
        kind(facts).from_string("{{ [] | cite }}").render()


def test_a_misspelt_name_is_an_error_and_not_a_blank(facts: Facts):
    with pytest.raises(UndefinedError):
        environment.markdown(facts).from_string("{{ nothing }}").render()


def test_none_is_never_printed(facts: Facts):
    with pytest.raises(DraftDefect):
        environment.plain_text(facts).from_string("{{ x }}").render(x=None)


def test_a_template_cannot_reach_the_program(facts: Facts):
    with pytest.raises(SecurityError):
        environment.markdown(facts).from_string("{{ facts.__class__.__mro__ }}").render(facts=facts)


def test_cites_link_only_to_lines_that_the_page_quotes(facts: Facts):
    linked = environment.html(facts, ["E1"]).from_string("{{ ['E1', 'E2'] | cite }}").render()
    assert plain(linked) == (
        '<a class="cite" href="#E1"><code>2026_04_04_10-30-0-103_default_docker.log:52</code></a>, '
        '<span class="cite"><code>LogFiles/2026_04_04_10-30-0-103_default_docker.log:64</code></span>'
    )


def test_a_line_of_a_file_beside_the_page_is_linked_by_number_and_by_its_words(facts: Facts):
    item = facts.cited(["E1"])[0]
    environment_of_zip = environment.html(facts, ["E1"], {item.artifact: "30-logs/w 1/x.log"})
    made = plain(environment_of_zip.from_string("{{ item | in_file }}").render(item=item))
    assert made.startswith('<a href="30-logs/w%201/x.log#line=51,52:~:text=%5B2026%2D04%2D04%2005%3A58%3A45')
    assert made.endswith("<code>LogFiles/2026_04_04_10-30-0-103_default_docker.log:52</code></a>")
    assert "<a" not in environment.html(facts, ["E1"]).from_string("{{ item | in_file }}").render(item=item)


def test_lines_of_one_file_are_cited_by_number_after_the_first(facts: Facts):
    made = environment.plain_text(facts).from_string("{{ ['E1', 'E2'] | cite }}").render()
    assert plain(made) == "LogFiles/2026_04_04_10-30-0-103_default_docker.log:52, :64"


def test_many_cites_are_counted(facts: Facts):
    made = environment.plain_text(facts).from_string("{{ ['E1', 'E2', 'E4', 'E5', 'E6'] | cite }}").render()
    assert made.endswith(" and 2 more")


def test_markdown_is_escaped_without_being_asked(facts: Facts):
    made = environment.markdown(facts).from_string("{{ x }}").render(x="![a](http://b) <img> `c` *d* a_b _e_")
    assert made == r"!\[a](http://b) \<img> \`c\` \*d\* a_b \_e\_"


@given(st.text(min_size=1, max_size=80))
def test_a_quotation_cannot_leave_its_code_span(tmp_path_factory: pytest.TempPathFactory, words: str):
    span = plain(environment._code_span(words))
    fence = span[: len(span) - len(span.lstrip("`"))]
    assert fence
    assert span.endswith(fence)
    assert "\n" not in span
    assert fence not in span[len(fence) : -len(fence)].strip("` ")


def test_a_place_is_file_and_line_or_pointer(facts: Facts):
    item = facts.triage.evidence[0]
    assert environment.place(item) == "LogFiles/2026_04_04_10-30-0-103_default_docker.log:52"
    assert environment.place(item.model_copy(update={"line": None, "pointer": "/rows/3"})).endswith(".log#/rows/3")
    assert environment.place(item.model_copy(update={"line": None})) == item.path


def test_marks_of_redaction_are_not_percent_encoded_into_links(facts: Facts):
    """`Password%3D%5BR...` reads like a secret to whoever searches the page for secrets."""
    item = facts.cited(["E1"])[0].model_copy(update={"excerpt": "Password=[R:KNOWN:39068F]; refused"})
    template = "{{ item | in_file }}"
    linked = environment.html(facts, ["E1"], {item.artifact: "30-logs/w/x.log"}).from_string(template).render(item=item)
    assert 'href="30-logs/w/x.log#line=51,52"' in linked
    masked = environment.html(facts, ["E1"], {item.artifact: "30-logs/Password=[R_KNOWN_39068F].log"})
    assert "<a" not in masked.from_string(template).render(item=item)
