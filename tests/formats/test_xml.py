"""Event logs and failed request traces: cut off, malformed or hostile ones give what can be read, and no more."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime

from escalate.formats.event_log import read
from escalate.formats.xml_pull import tokens, unescape
from escalate.model.kind import Kind

EVENT = """<Event>
<System><Provider Name="HttpPlatformHandler"/><EventID>1000</EventID><Level>1</Level>
<TimeCreated SystemTime="2018-07-14T10:04:05Z"/><EventRecordID>35185953</EventRecordID><Channel>Application</Channel>
<Computer>RD0017FA007A37</Computer><Security/></System>
<EventData><Data>Process '5588' failed to start &amp; more &#60;x&#62;.</Data>
<Data Name="Port">21453</Data></EventData></Event>
"""
LOG = f'<?xml version="1.0"?>\n<Events>\n{EVENT}{EVENT}</Events>'


def test_an_event_log_gives_one_record_an_event_with_its_first_line(records_of):
    first, second = records_of(LOG, "eventlog.xml", Kind.EVENT_LOG)
    assert (first.line, second.line) == (3, 9)
    assert (first.pointer, second.pointer) == ("event[0]", "event[1]")
    assert first.text == "Process '5588' failed to start & more <x>.\nPort: 21453"
    assert first.ts == datetime(2018, 7, 14, 10, 4, 5, tzinfo=UTC)
    assert first.instance == "RD0017FA007A37"
    assert (first.fields["provider"], first.fields["event_id"], first.fields["record_id"]) == (
        "HttpPlatformHandler",
        1000,
        35185953,
    )


def test_events_on_one_long_line_are_told_apart(records_of):
    text = "<Events>" + EVENT.replace("\n", "") * 500 + "</Events>"
    records = records_of(text, "eventlog.xml", Kind.EVENT_LOG)
    assert [record.pointer for record in records] == [f"event[{index}]" for index in range(500)]
    assert {record.line for record in records} == {1}


def test_an_event_log_that_is_cut_off_keeps_its_last_event(records_of):
    records = records_of(LOG[: LOG.rindex("to start")], "eventlog.xml", Kind.EVENT_LOG)
    assert [record.text for record in records] == [
        "Process '5588' failed to start & more <x>.\nPort: 21453",
        "Process '5588' failed",
    ]


def test_a_broken_event_does_not_take_its_neighbours_along(records_of):
    broken = "<Event><System><EventID>7</EventID></System><EventData><Data>a < b & c</Data><Oops></Event>"
    records = records_of(LOG.replace("</Events>", broken + EVENT + "</Events>"), "eventlog.xml", Kind.EVENT_LOG)
    assert [record.fields["event_id"] for record in records] == [1000, 1000, 7, 1000]
    assert records[2].text == "a < b & c"


def test_declared_entities_are_never_expanded(records_of):
    bomb = '<!DOCTYPE x [<!ENTITY a "boom"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    event = "<Event><System><EventID>1</EventID></System><EventData><Data>&b;&f;</Data></EventData></Event>"
    text = f"{bomb}<Events>{event}</Events>"
    (record,) = records_of(text, "eventlog.xml", Kind.EVENT_LOG)
    assert record.text == "&b;&f;"


def test_character_references_that_name_no_character_are_replaced():
    assert unescape("&#x41;&#0;&#xD800;&#x110000;&lt;&nope;") == "A\ufffd\ufffd\ufffd<&nope;"


def test_markup_in_comments_and_sections_is_not_read_as_tags():
    found = [(t.kind, t.name or t.text) for t in tokens(io.BytesIO(b"<!-- <a> --><b><![CDATA[<c>&lt;]]></b><? <d> ?>"))]
    assert found == [("start", "b"), ("text", "<c>&lt;"), ("end", "b")]


def test_hostile_markup_takes_linear_time():
    for data in (
        b"<" * 300_000,
        b"<!--" + b"-" * 2_000_000,
        b"<a " + b"b='" * 500_000,
        b"<" + b"a" * 100_000 + b">",
        b"<a " + b"a" * 100_000 + b">",
        b"<![CDATA[" + b"]" * 2_000_000,
    ):
        began = time.monotonic()
        assert list(read(io.BytesIO(b"<Event>" + data), None)) == []
        assert time.monotonic() - began < 10


FREB = """<?xml version="1.0" encoding="UTF-8"?>
<failedRequest url="https://app:80/api/test?a=1&amp;b=2" siteId="1" appPoolId="app" processId="1234" verb="GET"
 failureReason="STATUS_CODE" statusCode="500.19" triggerStatusCode="500" timeTaken="150" xmlns:freb="x">
<Event><System><TimeCreated SystemTime="2026-04-04T05:58:45.123Z"/><Computer>RD1</Computer></System>
<EventData><Data Name="ModuleName">IIS Web Core</Data><Data Name="ErrorCode">2147942405</Data></EventData>
<RenderingInfo><Opcode>MODULE_SET_RESPONSE_ERROR_STATUS</Opcode></RenderingInfo></Event></failedRequest>"""


def test_a_failed_request_gives_its_attributes_and_the_module_at_fault(records_of):
    (record,) = records_of(FREB, "fr000001.xml", Kind.FAILED_REQUEST)
    assert (record.line, record.pid, record.instance) == (2, 1234, "RD1")
    expected = {"statusCode": 500, "subStatusCode": 19, "timeTaken": 150, "url": "https://app:80/api/test?a=1&b=2",
                "errorModule": "IIS Web Core", "verb": "GET"}  # fmt: skip
    assert expected.items() <= dict(record.fields).items()
    assert "ErrorCode=2147942405" in record.text
