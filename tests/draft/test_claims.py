from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_the_suspected_layer_may_stand_when_only_microsoft_can_answer():
    lint("layer: host kernel (CIFS client). Release of the kernel: 4.15.0-1113-azure.", "microsoft", where="ticket.md")


@pytest.mark.parametrize("sentence", [one for one in CLAIMS if not one.startswith("layer")])
def test_what_happened_in_the_host_is_not_said_even_then(sentence: str):
    with pytest.raises(DraftDefect):
        lint(f"All is known. {sentence}", "microsoft", where="ticket.md")
    lint(f"{zone(sentence)} is asked.", "microsoft", where="ticket.md")
    assert Speaker("microsoft").say(sentence) is LEFT_OUT


@pytest.mark.parametrize("verdict", ["customer", "undetermined", "microsoft"])
def test_a_file_of_a_host_bears_it_out(verdict):
    title = "The machine stopped with bugcheck 0x7e in cifs.sys"
    said = Speaker(verdict, frozenset({title})).say(f"{title}.")
    assert plain(said) == f"{title}."
    lint(f"Found: {said}", verdict, where="ticket.md")
    other = "The machine stopped with bugcheck 0x9f in disk.sys."
    assert Speaker(verdict, frozenset({title})).say(other) is LEFT_OUT


@pytest.mark.parametrize("verdict", ["customer", "undetermined", "microsoft"])
@pytest.mark.parametrize(
    "sentence",
    [
        "There is no OOM line in dmesg, so memory was not short.",
        "The absence of kernel log entries rules out the worker.",
        "Without a kernel message it means that nothing was killed.",
    ],
)
def test_nothing_follows_from_a_kernel_log_that_nobody_can_read(sentence: str, verdict):
    with pytest.raises(DraftDefect):
        lint(sentence, verdict, where="ticket.md")
    assert Speaker(verdict).say(sentence) is LEFT_OUT
    assert Speaker(verdict).reported(f"It is slow. {sentence}") == ("It is slow.", True)


def test_that_a_kernel_log_is_not_visible_may_be_said():
    words = "No kernel log is visible from a sandbox, so its silence shows nothing."
    said = Speaker("undetermined").say(words)
    assert plain(said) == words
    lint(said, "undetermined", where="ticket.md")


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


INVISIBLE = st.sampled_from(["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u202e", "\u0301", "\u0336"])
LOOKALIKES = {
    "e": "\u0435",
    "a": "\u0430",
    "o": "\u043e",
    "p": "\u0440",
    "c": "\u0441",
    "i": "\u0456",
    "k": "\u043a",
    "x": "\u0445",
}


@st.composite
def disguised(draw) -> str:
    """A claim as somebody writes it who wants it to pass: other scripts, wide letters, invisible characters, marks."""
    words = draw(
        st.sampled_from(["the kernel panicked", "a bugcheck stopped it", "an OOM killer did it", "the driver broke"])
    )
    letters = []
    for letter in words:
        if letter != " ":
            way = draw(st.integers(0, 5))
            letter = LOOKALIKES.get(letter.lower(), letter) if way == 0 else letter
            letter = letter.upper() if way == 1 else letter
            letter = chr(ord(letter) + 0xFEE0) if way == 2 and letter.isascii() else letter
        letters.append(letter)
        if letter != " " and draw(st.integers(0, 9)) == 0:
            letters.append(draw(INVISIBLE))
    return "".join(letters)


@given(disguised(), st.sampled_from(["customer", "undetermined"]))
def test_no_disguise_gets_a_claim_past_the_guard(claim: str, verdict):
    with pytest.raises(DraftDefect):
        lint(f"All is well. {claim}.", verdict, where="ticket.md")
    assert Speaker(verdict).say(claim) is LEFT_OUT
    kept, cut = Speaker(verdict).reported(claim)
    assert (kept, cut) == ("", True)


@given(
    st.lists(
        st.one_of(
            disguised(),
            st.sampled_from(
                ["\ue000", "\ue001", "no ", "?", ". ", "\n", "whether ", "not ", "quiet", "</p>", "\x1b[2K"]
            ),
            st.text(max_size=8),
        ),
        max_size=8,
    ).map("".join),
    st.sampled_from(["customer", "undetermined", "microsoft"]),
)
def test_whatever_triage_says_the_page_passes_the_guard(words: str, verdict):
    speaker = Speaker(verdict)
    said, (reported, _) = speaker.say(words), speaker.reported(words)
    lint(f"Said: {said}\nReported: {reported}\n", verdict, where="ticket.md")
    assert "\ue000" not in plain(said)
    assert "\x1b" not in said
