"""What engineers ask for is recognised in many phrasings, and nothing is claimed of what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.collect.entries import entries
from escalate.model.kind import Kind
from escalate.submit.asks import asks_in, vocabulary


def ids(body: str) -> list[str]:
    """Ids of what is asked for; `?` for an ask that is not recognised."""
    return [name for ask in asks_in(body) for name in ([kind.id for kind in ask.kinds] or ["?"])]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Please provide a memory dump of the w3wp process.", ["process-dump"]),
        ("Could you collect a full user-mode dump from the affected worker?", ["process-dump"]),
        ("Can you take a procdump when CPU is above 80 %?", ["process-dump"]),
        ("We need a core dump of the Java process.", ["process-dump"]),
        ("Kindly share the .dmp file.", ["process-dump"]),
        ("Please capture a heap dump (hprof).", ["heap-dump"]),
        ("Would you be able to send a gcdump?", ["heap-dump"]),
        ("Could you share three thread dumps, ten seconds apart?", ["thread-dump"]),
        ("Please run jstack against the process and attach the output.", ["thread-dump"]),
        ("Do you have a kernel dump of the worker?", ["kernel-dump"]),
        ("Please provide HTTP logs between 05:50 and 06:10 UTC.", ["http-logs"]),
        ("Can you send us the IIS logs for that time?", ["http-logs"]),
        ("Please share the web server logs.", ["http-logs"]),
        ("Could you attach the access logs of the site?", ["http-logs"]),
        ("Which instance was affected?", ["instance"]),
        ("Please let me know the instance name.", ["instance"]),
        ("Could you confirm whether this happens on all instances or only on one?", ["instance"]),
        ("What is the time zone of the incident?", ["time-zone"]),
        ("Are these times in UTC or local?", ["time-zone"]),
        ("Please confirm the exact time when the issue occurred.", ["time-window"]),
        ("When did the problem start?", ["time-window"]),
        ("Could you give us the timestamp of the last occurrence?", ["time-window"]),
        ("Please capture a HAR file while reproducing the issue.", ["har"]),
        ("Could you take a Fiddler trace?", ["har"]),
        ("Please collect a network trace from the worker.", ["network-trace"]),
        ("Can you run tcpdump and share the pcap?", ["network-trace"]),
        ("Please confirm restart of the app is acceptable.", ["restart"]),
        ("May we restart your instance?", ["restart"]),
        ("Have you tried restarting the app? Could you restart it once?", ["restart", "restart"]),
        ("Kindly enable failed request tracing and share the logs.", ["failed-requests"]),
        ("Please share eventlog.xml.", ["event-log"]),
        ("Could you send the container logs from that morning?", ["container-logs"]),
        ("Please share the docker logs.", ["container-logs"]),
        ("Could you provide the application logs?", ["app-logs"]),
        ("Please share the CPU and memory metrics of the plan.", ["metrics"]),
        ("Please send the activity log of the resource.", ["activity-log"]),
        ("Were there any recent deployments?", ["changes"]),
        ("What changed before the incident?", ["changes"]),
        ("Which runtime version are you using?", ["runtime"]),
        ("What is the business impact?", ["impact"]),
        ("Please share the resource ID.", ["resource"]),
        ("What is the SKU of your App Service plan?", ["plan"]),
        ("Please provide a CPU profile.", ["profile"]),
        ("Is the issue still occurring?", ["still-occurring"]),
        ("How often does it happen?", ["still-occurring"]),
        ("Please provide steps to reproduce.", ["reproduction"]),
        ("Could you share a screenshot of the error?", ["screenshot"]),
        ("Please share the correlation ID of a failed call.", ["request-ids"]),
        ("Are you available for a Teams call tomorrow?", ["call"]),
        ("Can we close this case?", ["close"]),
        ("Could you run tcpping from the Kudu console to the database?", ["connectivity"]),
        ("Please upload the files to the workspace link below.", ["upload"]),
        ("I would request you to restart the application once.", ["restart"]),
        ("What is the value of WEBSITES_CONTAINER_START_TIME_LIMIT?", ["settings"]),
        ("Could you share the output of the network troubleshooter?", ["detectors"]),
        ("Would tomorrow at 10 work for you?", ["call"]),
        ("Please grant us permission to collect diagnostics.", ["diagnostic-consent"]),
    ],
)
def test_a_sentence_that_asks_is_recognised(said: str, wanted: list[str]):
    found = ids(said)
    assert "?" not in found
    assert [each for each in found if each in wanted] == wanted


@pytest.mark.parametrize(
    ("said", "never"),
    [
        ("Please capture a heap dump (hprof).", "process-dump"),
        ("Could you share three thread dumps?", "process-dump"),
        ("Can you run tcpdump and share the pcap?", "process-dump"),
        ("Do you have a kernel dump of the worker?", "process-dump"),
        ("What is the time zone of the incident?", "time-window"),
        ("When can we have a call?", "time-window"),
        ("Please collect a network trace.", "profile"),
        ("Please share the failed request logs.", "http-logs"),
        ("Which app settings do you use?", "resource"),
        ("Which instance was impacted?", "impact"),
    ],
)
def test_one_ask_is_not_taken_for_another(said: str, never: str):
    found = ids(said)
    assert found
    assert never not in found


@pytest.mark.parametrize(
    "said",
    [
        "Thank you for providing the memory dump.",
        "Thanks for the HTTP logs.",
        "We have analysed the memory dump of the process.",
        "The network trace shows resets.",
        "The instance was restarted by the platform at 05:58 UTC.",
        "Please let me know if you have any further questions.",
        "Please do not hesitate to contact me.",
        "Please feel free to reach out.",
        "Please note that the worker was replaced.",
        "There is no need to send a dump.",
        "We no longer need the network trace.",
        "Please find my findings below.",
        "Hope you are well!",
        "If you have any questions or concerns, please let me know.",
        "How am I doing?",
        "We would like to inform you that the platform was healthy.",
        "I will need some more time for the analysis.",
        "Thanks in advance for your patience, could you bear with us.",
        "> Could you please attach a memory dump?",
        "",
    ],
)
def test_what_asks_for_nothing_is_no_ask(said: str):
    assert asks_in(said) == ()


@pytest.mark.parametrize("said", ["Could you elaborate?", "Please do the needful.", "Would you agree?"])
def test_an_ask_that_nobody_can_name_is_kept_and_not_named(said: str):
    (ask,) = asks_in(said)
    assert ask.text == said
    assert ask.kinds == ()


def test_one_sentence_may_ask_for_several_things():
    said = "Could you please attach a memory dump of the process, and confirm instance and time in UTC?"
    (ask,) = asks_in(said)
    assert [kind.id for kind in ask.kinds] == ["process-dump", "time-window", "instance"]


def test_a_general_ask_gives_way_to_a_more_exact_one():
    assert ids("Please upload the files: the network trace.") == ["network-trace"]
    assert ids("Please upload the files to the workspace link.") == ["upload"]


def test_the_points_of_a_list_ask_when_the_line_before_it_does():
    said = """Hello,
Thank you for contacting Microsoft support. Please provide the following information:
 1. Memory dump of the process
 2. HAR file
 - Time zone of the timestamps

Our findings so far:
 - The memory dump of the host was not taken
Best regards"""
    assert ids(said) == ["process-dump", "har", "time-zone"]


def test_thanks_before_a_request_do_not_hide_it():
    assert ids("Thank you for the logs, could you also provide a heap dump?") == ["heap-dump"]


def test_html_is_read_as_text_and_what_it_hides_is_not():
    said = (
        "<html><head><style>p{}</style><script>Please send a memory dump?</script></head><body><p>Please provide:</p>"
        "<ul><li>Network&nbsp;trace</li><li>HAR <b>file</b></li></ul>"
        "<hr>From: Kim<br>Sent: Monday<br>Please send the event log</body>"
    )
    assert ids(said) == ["network-trace", "har"]


def test_a_span_of_time_is_not_taken_for_a_quoted_message():
    said = "Please send the event log.\nFrom: 05:50 UTC\nTo: 06:10 UTC\nWhich instance was it?"
    assert ids(said) == ["event-log", "instance"]


def test_quoted_messages_are_left_out():
    said = "Which instance was it?\n\n-----Original Message-----\nPlease send a memory dump."
    assert ids(said) == ["instance"]


@given(st.text(max_size=2000))
def test_any_text_is_read(said: str):
    for ask in asks_in(said):
        assert ask.text
        assert len(ask.text) <= 400


def test_a_hostile_letter_takes_no_time():
    assert isinstance(asks_in("<div " * 20_000 + "please " * 20_000 + "a" * 100_000), tuple)


def test_every_collector_and_kind_in_the_vocabulary_exists_and_fits():
    known = {entry.id: entry for entry in entries()}
    kinds = {kind.value for kind in Kind}
    for ask in vocabulary().kinds:
        assert ask.kinds | ask.among <= kinds, ask.id
        assert ask.collect or ask.by_hand or ask.fact or ask.person, ask.id
        for platform, getters in (ask.collect or {}).items():
            for getter in getters:
                entry = known[getter.collector]
                assert not entry.platforms or platform in entry.platforms, (ask.id, getter)
                assert entry.include == getter.include, (ask.id, getter)
    assert len({ask.id for ask in vocabulary().kinds}) == len(vocabulary().kinds)
