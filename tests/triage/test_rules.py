"""Every rule proves itself: real lines that hit, real lines that must not."""

from __future__ import annotations

import re

import pytest

from escalate.errors import ConfigError
from escalate.model.rule import Answerable, Rule
from escalate.triage.claims import asserted
from escalate.triage.correlators import correlators
from escalate.triage.evaluate import OUTSIDE
from escalate.triage.ledger.cause import Asked
from escalate.triage.ledger.causes import CAUSES
from escalate.triage.matcher import Matcher
from escalate.triage.rulebook import calls_of, load_rules, rule_patterns, watch_patterns
from escalate.triage.template import FLAGS

RULES = load_rules()
TEXT = [rule for rule in RULES if rule.match]


@pytest.mark.parametrize("rule", TEXT, ids=lambda rule: rule.id)
def test_every_text_rule_hits_its_positive_and_misses_its_negative_lines(rule: Rule):
    assert rule.match
    regex = re.compile(rule.match.regex, FLAGS)
    assert rule.provenance.positive
    assert rule.provenance.negative
    assert [line for line in rule.provenance.positive if not regex.search(line)] == []
    assert [line for line in rule.provenance.negative if regex.search(line)] == []


def test_the_engine_finds_the_same_lines_as_the_plain_regex():
    matcher = Matcher((*rule_patterns(RULES), *watch_patterns(RULES)))
    lines = [line for rule in TEXT for line in (*rule.provenance.positive, *rule.provenance.negative)]
    lines += ["", "x" * 70_000, "ünïcödé \ud800 broken", "mid " + lines[0] + " end"]
    expected = {
        (index, pattern.key)
        for index, line in enumerate(lines)
        for pattern in matcher.patterns
        if pattern.regex.search(line)
    }
    assert {(index, pattern.key) for index, pattern, _ in matcher.matches(lines)} == expected
    assert expected


def test_rules_that_may_ask_microsoft_say_all_that_a_question_needs():
    for rule in RULES:
        if rule.answerable_by is Answerable.MICROSOFT:
            assert rule.microsoft.question, rule.id
        if rule.microsoft.question:
            part = rule.microsoft
            assert part.question.rstrip().endswith("?"), rule.id
            assert part.rule_out, rule.id
            assert part.host_only_artifact, rule.id
            assert part.what_the_answer_decides, rule.id
            assert part.why_only_microsoft, rule.id
            assert rule.missing, rule.id


def test_rules_the_customer_can_answer_assert_no_kernel_or_platform_fault():
    for rule in RULES:
        if rule.answerable_by is Answerable.CUSTOMER:
            assert asserted(rule.title) == (), rule.id


def test_ids_are_those_of_the_reference_or_our_own_and_enough_of_them():
    assert len(RULES) >= 18
    assert {"L38", "L51", "L05", "L20", "L54", "L16", "L23", "L04", "W08", "W09", "W13", "N01", "E01"} <= {
        r.id for r in RULES
    }
    assert all(re.fullmatch(r"[LWNTEV]\d\d", rule.id) for rule in RULES)


def test_every_correlator_is_used_by_a_rule_or_the_ledger():
    used = {call.correlator for rule in RULES for call in calls_of(rule)}
    used |= {measure.request.correlator for cause in CAUSES for measure in cause.measures if isinstance(measure, Asked)}
    used |= {OUTSIDE.correlator}
    assert set(correlators()) == used


GOOD = """
[[rule]]
id = "X01"
title = "t"
meaning = "m"
layer = "application"
role = "indicator"
answerable_by = "customer"
match = { regex = 'our own text (?P<n>\\d+)' }
provenance = { ev = "R", refs = ["here"], positive = ["our own text 5"], negative = ["x"] }
"""


def test_a_folder_of_own_rules_is_added(tmp_path):
    (tmp_path / "team.toml").write_text(GOOD)
    assert [rule.id for rule in load_rules((tmp_path,))][-1] == "X01"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("X01", "L38"), "L38"),
        (GOOD + GOOD, "already defined"),
        (GOOD.replace("our own text (?P", "our (own text (?P"), "no regex"),
        (GOOD.replace("our own text (?P<n>\\d+)", "x*"), "empty line"),
        (GOOD.replace('role = "indicator"', 'role = "proof"'), "X01: role"),
        (GOOD.replace('role = "indicator"', 'role = "indicator"\nrequires = [{ correlator = "nothing" }]'), "nothing"),
        (
            GOOD.replace(
                'role = "indicator"',
                'role = "indicator"\nrequires = [{ correlator = "preceded_by", args = { within = 3 } }]',
            ),
            "no argument within",
        ),
        (GOOD.replace("match =", "condition = { correlator = 'deadlock' }\nmatch ="), "either match or condition"),
        (GOOD.replace("own text 5", "other text"), "does not match its own sample 'our other text'"),
        (GOOD.replace('negative = ["x"]', 'negative = ["our own text 6"]'), "matches its own sample"),
        (GOOD.replace(', negative = ["x"]', ""), "one negative sample"),
        (GOOD.replace('role = "indicator"', 'role = "indicator"\ncause = "gremlins"'), "no cause is called 'gremlins'"),
        ("rule = 5", "[[rule]]"),
        ("[[rule]\n", "TOML"),
        ("rule = " + 5000 * "[", "nested too deeply"),
        (4 * 1024 * 1024 * "#" + "\n", "more than 4 MiB"),
    ],
)
def test_a_rule_file_that_cannot_work_is_refused_by_name(tmp_path, text, said):
    path = tmp_path / "team.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_rules((tmp_path,))
    assert "team.toml" in str(caught.value)
    assert said in str(caught.value)
    assert caught.value.hint


def test_a_place_that_is_not_there_or_holds_no_rules_is_refused(tmp_path):
    (tmp_path / "rules.yaml").write_text("- id: X01")
    for place in (tmp_path / "absent", tmp_path):
        with pytest.raises(ConfigError) as caught:
            load_rules((place,))
        assert str(place) in str(caught.value)
        assert "--rules" in (caught.value.hint or "")


def test_own_rules_take_part_and_change_the_inputs(triaged, tmp_path):
    from escalate.triage.stage import inputs

    own = tmp_path / "own"
    own.mkdir()
    (own / "team.toml").write_text(GOOD)
    got = triaged({"app.log": "one\nour own text 7\n"}, rules=(own,))
    assert got.finding("X01").evidence
    assert inputs(got.case) != inputs(got.case, (own,))
    assert got.case.journal.is_done("triage", inputs(got.case, (own,)))
