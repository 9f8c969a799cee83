"""What `ticket status` and a suggested reply say, word for word."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from escalate.azure.support_values import Communication, SupportTicket
from escalate.cli.ticket_text import Seen, as_data, as_text
from escalate.model.base import ArtifactId, CaseId, EvidenceId
from escalate.model.finding import Evidence, Polarity
from escalate.model.follow_up import FollowUp, NoteRecord
from escalate.model.incident import Incident, TargetFacts, Window
from escalate.model.kind import Kind
from escalate.model.redaction import Ledger, Sealed, Withheld
from escalate.model.timeline import TimelineEvent
from escalate.submit.afterwards.answers import answers, is_open, reply_text
from escalate.submit.afterwards.holdings import Holdings, Member
from escalate.submit.afterwards.secure_upload import big_files
from escalate.submit.afterwards.status import open_asks, standing
from escalate.submit.asks import asks_in
from tests.fakes.golden import same_as_golden

FILED = datetime(2026, 4, 4, 6, 30, tzinfo=UTC)
NOW = FILED + timedelta(hours=9)
LOG = "LogFiles/2026_04_04_10-30-0-103_default_docker.log"
SITE = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/Microsoft.Web/sites/shop"
TICKET = SupportTicket(
    name="esc-20260404-055845-3f9a1c",
    support_ticket_id="2604040010005835",
    title="Workers killed while a dependency is slow",
    severity="moderate",
    status="open",
    created_at=FILED,
    service_name="Web App (Linux)",
    classification_name="Availability, Performance, and Application Issues / Web app slow",
    advanced_diagnostics="yes",
    engineer="kim.engineer@microsoft.example",
    sla_until=FILED + timedelta(hours=2),
)
ASKS = """<p>Hello,</p><p>Thank you for the logs. Please provide the following:</p>
<ul><li>Memory dump of the process</li><li>Container logs</li><li>HTTP logs between 05:50 and 06:10 UTC</li>
<li>HAR file</li></ul><p>Which instance was it, and in which time zone are the times?</p>
<p>Were there recent deployments? Could you elaborate on the sequence?</p>
<p>Big files go to https://support.microsoft.com/files?workspace=eyJ0eXAiOiJKV1QifQ.eyJhIjoxfQ.c2ln&amp;wid=1.</p>"""


def _sealed(number: int, path: str, kind: Kind, size: int) -> Sealed:
    return Sealed(
        artifact=ArtifactId(f"A{number}"),
        path=path,
        kind=kind,
        size=size,
        sha256=f"{number}" * 64,
        original_sha256=None,
        origin=path,
        ledger=Ledger(handler="text"),
    )


def _holdings() -> Holdings:
    core = Withheld(
        artifact=ArtifactId("A2"),
        path="dumps/core.1905",
        kind=Kind.ELF_CORE,
        size=1_073_741_824,
        sha256="2" * 64,
        origin="gcore",
        reason="memory of a process cannot be redacted",
        how_to_get="ask the customer to open it together with you",
    )
    cited = Evidence(
        id=EvidenceId("E1"), artifact=ArtifactId("A1"), path=LOG, line=52, polarity=Polarity.SUPPORTS, excerpt="GET"
    )
    change = TimelineEvent(
        ts_utc=FILED - timedelta(hours=1),
        precision="s",
        lane="shop",
        category="deployment",
        title="deployment 4f2a ended",
    )
    return Holdings(
        case_folder="/cases/x",
        target=SITE,
        incident=Incident(
            window=Window(start=FILED - timedelta(minutes=35), end=FILED - timedelta(minutes=28)),
            target=TargetFacts(os="linux", instances=("10-30-0-103",), instance_ids={"10-30-0-103": "2e96"}),
        ),
        items=(_sealed(1, LOG, Kind.CONTAINER_LOG, 9200), core),
        evidence=(cited,),
        members={ArtifactId("A1"): Member("esc-kit.zip", f"30-logs/10-30-0-103/{LOG}", "1" * 64)},
        changes=(change,),
        sent=frozenset({"esc-kit.zip"}),
    )


def _seen() -> Seen:
    letters = [
        Communication(
            "x", "Re", ASKS, "outbound", "web", "kim.engineer@microsoft.example", FILED + timedelta(hours=1.5)
        )
    ]
    holdings = _holdings()
    note = NoteRecord(number=1, name="note-1-1a2b3c4d", subject="More on this case", digest="0" * 64, intended_at=FILED)
    return Seen(
        case="/cases/x",
        standing=standing(TICKET, letters, NOW),
        asks=answers(open_asks(letters), holdings),
        big=big_files(holdings),
        links=("ec4311d639c5",),
        record=FollowUp(case_id=CaseId("esc"), ticket_name=TICKET.name, notes=(note,)),
    )


def test_the_standing_of_a_ticket_with_open_asks():
    assert same_as_golden("ticket-status_asks.txt", as_text(_seen(), NOW) + "\n")


def test_the_standing_of_a_closed_ticket():
    closed = SupportTicket(
        name="esc-1", support_ticket_id="1", title="T", status="closed", created_at=FILED, modified_at=NOW
    )
    empty = FollowUp(case_id=CaseId("esc"), ticket_name="esc-1")
    seen = Seen("/cases/x", standing(closed, (), NOW), (), (), (), empty)
    assert same_as_golden("ticket-status_closed.txt", as_text(seen, NOW) + "\n")


def test_the_same_as_json_holds_no_link_and_no_address_but_the_engineers():
    text = json.dumps(as_data(_seen()))
    assert "eyJ" not in text
    assert text.count("@") == 1
    data = json.loads(text)
    assert data["ticket"]["turn"] == "you"
    assert [answer["id"] for ask in data["open_asks"] for answer in ask["answers"]] == [
        "process-dump", "container-logs", "http-logs", "har", "instance", "time-zone", "changes",
    ]  # fmt: skip
    assert data["open_asks"][-1]["answers"] == []
    assert data["pending"] == ["message note-1-1a2b3c4d is not confirmed: give the same reply again"]


def test_a_suggested_reply_answers_what_is_known_and_leaves_the_rest_open():
    text = reply_text(_seen().asks)
    assert same_as_golden("ticket-reply_suggested.txt", text)
    assert is_open(text)


def test_a_reply_to_what_is_all_in_hand_is_not_open():
    asks = asks_in("Please share the container logs. Which instance was it?")
    assert not is_open(reply_text(answers(asks, _holdings())))


def test_a_log_that_is_in_no_bundle_yet_is_to_be_attached_first():
    holdings = _holdings()
    unsent = Holdings(holdings.case_folder, SITE, holdings.incident, holdings.items)
    ((answered,), *_) = [each.answers for each in answers(asks_in("Please share the container logs."), unsent)]
    assert answered.in_hand[0].member is None
    assert answered.commands == ()
    assert is_open(reply_text(answers(asks_in("Please share the container logs."), unsent)))


def test_on_this_machine_other_collectors_get_it():
    local = Holdings("/cases/x", "local:1905", Incident())
    (answered,) = answers(asks_in("Please share a thread dump."), local)[0].answers
    assert answered.commands[0] == "escalate build local:1905 --only java.threads"


def test_what_nothing_gets_is_said_to_be_so():
    windows = Holdings("/cases/x", SITE, Incident(target=TargetFacts(os="windows")))
    (answered,) = answers(asks_in("Please share the container logs."), windows)[0].answers
    assert answered.commands == ()
    assert answered.person == "Nothing in hand answers it, and no collector gets it here."


def test_nobody_promises_a_dump_of_the_kernel():
    text = reply_text(answers(asks_in("Please provide a kernel dump of the worker."), _holdings()))
    assert "we cannot take it" in text
    assert not is_open(text)
