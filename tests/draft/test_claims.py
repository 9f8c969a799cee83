from __future__ import annotations

import pytest

from escalate.draft.claims import LEFT_OUT, Speaker, blames, lint, lint_html, plain, zone
from escalate.draft.defect import DraftDefect
from escalate.errors import EscalateError

CLAIMS = [
    "The kernel OOM killer ended the worker.",
    "The host kernel is broken.",
    "layer: host_kernel",
    "A driver leaks pool memory.",
    "The worker had a bugcheck.",
    "The VM panicked.",
    "The hypervisor stole the time.",
    "It is a platform fault.",
    "OOM-killed by the host.",
    "An Azure outage did it.",
]


@pytest.mark.parametrize("sentence", CLAIMS)
@pytest.mark.parametrize("verdict", ["customer", "undetermined"])
def test_a_claim_is_refused_as_a_defect(sentence: str, verdict):
    with pytest.raises(DraftDefect) as caught:
        lint(f"All is well. {sentence}", verdict, where="ticket.md")
    assert isinstance(caught.value, EscalateError)
    assert "ticket.md" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("sentence", CLAIMS)
def test_a_claim_may_stand_when_only_microsoft_can_answer(sentence: str):
    lint(sentence, "microsoft", where="ticket.md")


@pytest.mark.parametrize("sentence", CLAIMS)
def test_a_claim_may_stand_in_a_zone(sentence: str):
    lint(f"Quoted: {zone(sentence)}.", "customer", where="ticket.md")


def test_a_zone_within_a_zone_is_still_a_zone():
    lint(f"\ue000list: {zone('the kernel log')} and the kernel stack\ue001", "customer", where="ticket.md")


def test_a_claim_beside_a_zone_is_refused():
    with pytest.raises(DraftDefect):
        lint(f"{zone('some text')} shows a kernel panic.", "customer", where="ticket.md")


def test_a_question_claims_nothing():
    lint("Did the kernel log a hung task?", "undetermined", where="ticket.md")


@pytest.mark.parametrize(
    "words",
    [
        "The ODBC driver timed out.",
        "goroutine panic in main.go",
        "KERNELBASE.dll and kernel32.dll are loaded",
        "python-driver-free",
        "SIGKILL one second after WORKER TIMEOUT",
    ],
)
def test_words_of_the_same_sound_are_no_claim(words: str):
    assert blames(words) is (words == "python-driver-free")


def test_the_page_is_read_as_a_reader_does():
    lint_html("<style>.kernel{}</style><p>The <b>ker</b><i>nel32</i> file</p>", "customer", where="report.html")
    for page in (
        "<p>The <b>ker</b><i>nel</i> did it.</p>",
        '<svg aria-label="kernel panic"></svg>',
        "<svg><title>kernel panic</title></svg>",
        '<img alt="the driver broke">',
        '<meta name="description" content="platform fault">',
    ):
        with pytest.raises(DraftDefect):
            lint_html(page, "customer", where="report.html")


def test_a_question_mark_in_one_element_excuses_nothing_in_the_next():
    with pytest.raises(DraftDefect):
        lint_html("<p>The kernel did it</p><p>Really?</p>", "customer", where="report.html")


def test_a_denial_of_triage_is_said_and_is_a_zone():
    said = Speaker("customer").say("Nothing stalled, so it was not the OOM killer.")
    assert plain(said) == "Nothing stalled, so it was not the OOM killer."
    lint(said, "customer", where="ticket.md")


@pytest.mark.parametrize(
    "statement", ["The kernel killed it.", "No doubt the kernel killed it.", "Not only the kernel, also the driver."]
)
def test_an_assertion_of_triage_is_left_out_and_says_so(statement: str):
    assert Speaker("undetermined").say(statement) is LEFT_OUT
    assert plain(Speaker("microsoft").say(statement)) == statement


def test_one_assertion_among_denials_is_enough():
    assert Speaker("customer").say("It was not the kernel. The driver did it.") is LEFT_OUT


def test_a_layer_that_blames_is_not_settled_until_microsoft_answers():
    assert Speaker("undetermined").layer("host_kernel (CIFS client)") == "not settled"
    assert Speaker("microsoft").layer("host_kernel") == "host kernel"
    assert Speaker("customer").layer("sandbox_limit") == "sandbox limit"


def test_the_reporters_theory_is_dropped_and_the_symptom_kept():
    words = "Timer trigger no longer fires. func-timer was not changed. It must be the platform."
    assert Speaker("customer").reported(words) == ("Timer trigger no longer fires. func-timer was not changed.", True)
    assert Speaker("microsoft").reported(words) == (words, False)
    assert Speaker("customer").reported("Our Azure web app is slow.") == ("Our Azure web app is slow.", False)
    assert Speaker("customer").reported("") == ("", False)
    assert Speaker("customer").reported("We think Azure is to blame") == ("", True)
