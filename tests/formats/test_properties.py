"""Whatever the bytes are: nothing raises, and lines are ascending and within the file."""

from __future__ import annotations

import json
import string

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from escalate.formats.lines import MAX_TEXT, decode, detect_encoding
from tests.formats.conftest import read_bytes

LIMITED = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SAMPLES = [
    b'{"tables":[{"name":"PrimaryResult","columns":[{"name":"TimeGenerated"},{"name":"A"}],\n"rows":[["x",1],\n["y",2]]}]}',
    b'{"name":"d","properties":{"metadata":{"id":"d"},"dataset":[{"table":{"columns":[{"columnName":"A"}],"rows":[["1"],\n["2"]]}}],\n"status":{"message":"m","statusId":0}}}',
    b'{"value":[{"name":{"value":"Cpu"},"unit":"Count",\n"timeseries":[{"metadatavalues":[],"data":[{"timeStamp":"2026-04-04T05:58:00Z","total":1}]}]}]}',
    b'[{"eventTimestamp":"2026-04-04T05:58:00Z",\n"operationName":"x"},\n{"eventTimestamp":"2026-04-04T05:58:00Z"}]',
    b'{"eventTimestamp":"2026-04-04T05:58:00Z","operationName":"x"}\n{"eventTimestamp":"q","operationName":"y"}\n',
    b'TimeGenerated [UTC],Message\n"4/4/2026, 5:46:15.548 AM","two\nlines"\nx,"y\n',
    b"#Software: IIS\n#Fields: date time sc-status\n2026-04-04 05:58:00 500\nbroken\n#Fields: date\n2026-04-04\n",
    (
        b"<Events><Event><System><Provider Name='p'/><EventID>1</EventID>\n</System><EventData><Data>a\n&lol;</Data>"
        b"</EventData></Event>\n<Event><System><EventID>2"
    ),
    b"<?xml version='1.0'?><failedRequest url='u' statusCode='500.19' timeTaken='150'>\n<Event/></failedRequest>",
    (
        b'Full thread dump X:\n\n"a" #1 prio=5 tid=0x1 nid=0x2 runnable\n   java.lang.Thread.State: BLOCKED\n'
        b'\tat x.Y.z(Y.java:1)\n\t- locked <0x1> (a X)\n\nFound one Java-level deadlock:\n====\n"a":\n\n'
    ),
    b"2026-04-04T05:52:06.1120031Z \x1b[31m[INFO]\x1b[0m x\n  at y\n",
    b"root@h:/# date -u\nFri Oct  8 09:30:02 UTC 2021\nroot@h:/# x\n",
    (
        b"# A fatal error has been detected by the Java Runtime Environment:\n#\n"
        b"#  SIGSEGV (0xb) at pc=0x0f, pid=1, tid=2\n"
    ),
    b" num     #instances         #bytes  class name\n   1:  2  3  [B\n",
    b"MemTotal:  1 kB\nMemFree: 2 kB\n",
    b"Name:\tx\nPid:\t1\nVmRSS:\t  12 kB\n",
    b"cpu  1 2 3 4 5\n\nintr 1 2\n",
    b'Process 1: x\n\nThread 1 (idle): "M"\n    f (a.py:1)\n',
    b'{"connections":1,"connectionLimit":2,\n"threads":3}',
    b'{"header":{"reportVersion":3,"nodejsVersion":"v20","dumpEventTimeStamp":"1767607200123"},\n"libuv":[{"type":"tcp"}]}',
    b"OS Thread Id: 0x1a (0)\n        Child SP IP Call Site\n00007FFCA1B2C500 00007F2AB0123456 Shop.Cart.Wait()\n",
    b"[  483.120402] INFO: task node:231 blocked for more than 120 seconds.\n[  483.2] x\n[  484.000001] y\n",
    b'[{"id":1,"href":"https://x/api/processes/1","total_cpu_time":"00:00:01.5"}]',
]


def check(data: bytes, name: str) -> None:
    _, records = read_bytes(data, name)
    encoding = detect_encoding(data)
    text = data.decode(encoding, errors="replace") if encoding != "utf-8" else data.decode("latin-1")
    count = text.count("\n") + (not text.endswith("\n"))
    numbers = [record.line for record in records]
    assert numbers == sorted(numbers)
    assert all(1 <= number <= count for number in numbers)
    assert all(len(record.text) <= MAX_TEXT for record in records)
    assert all(record.ts is None or record.ts.utcoffset() is not None for record in records)


names = st.sampled_from(
    ["x", "x.json", "x.csv", "x.xml", "x.log", "2026_04_04_RD1_default_docker.log", "procfs/20260404T055845Z/stat"]
)


@LIMITED
@given(data=st.binary(max_size=3000), name=names)
def test_arbitrary_bytes_never_raise(data, name):
    check(data, name)


@LIMITED
@given(
    text=st.text(alphabet='{}[]",:<>/&;#= \n\r\x00ae1-Z', max_size=600),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-16-le"]),
    name=names,
)
def test_arbitrary_markup_never_raises(text, encoding, name):
    check(text.encode(encoding), name)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sample=st.sampled_from(SAMPLES),
    cut=st.integers(0, 400),
    at=st.integers(0, 400),
    junk=st.binary(max_size=12),
    encoding=st.sampled_from(["utf-8", "utf-16"]),
    name=names,
)
@example(sample=SAMPLES[0], cut=0, at=0, junk=b"", encoding="utf-16", name="x")
def test_damaged_evidence_never_raises(sample, cut, at, junk, encoding, name):
    damaged = sample[:at] + junk + sample[at : max(len(sample) - cut, 0)]
    check(damaged.decode("latin-1").encode(encoding), name)


@LIMITED
@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "value",
                        "tables",
                        "rows",
                        "columns",
                        "properties",
                        "dataset",
                        "metadata",
                        "table",
                        "status",
                        "name",
                        "timeseries",
                        "data",
                        "TimeGenerated",
                        "operationName",
                        "eventTimestamp",
                        "availabilityState",
                        "eventType",
                        "impact",
                        "id",
                        "href",
                        "connections",
                        "threads",
                        "processes",
                        "unit",
                        "type",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=25,
    ),
    indent=st.sampled_from([None, 1]),
)
def test_json_of_any_shape_never_raises(document, indent):
    check(json.dumps(document, indent=indent).encode(), "x.json")


words = st.text(alphabet=string.ascii_letters + string.digits + "/.-_%?=&", min_size=1, max_size=12)


@LIMITED
@given(rows=st.lists(st.tuples(words, st.integers(100, 599), st.integers(0, 240_000)), min_size=1, max_size=8))
def test_w3c_rows_come_back_as_they_were_written(rows):
    fields = "#Fields: date time cs-uri-stem sc-status time-taken\n"
    body = [
        f"2026-04-04 05:58:{index:02} /{stem} {status} {taken}\n" for index, (stem, status, taken) in enumerate(rows)
    ]
    _, records = read_bytes((fields + fields.join(body)).encode(), "x.log")
    assert [(r.fields["cs-uri-stem"], r.fields["sc-status"], r.fields["time-taken"]) for r in records] == [
        (f"/{stem}", status, taken) for stem, status, taken in rows
    ]
    assert [record.line for record in records] == [2 * index + 2 for index in range(len(rows))]
    assert [record.ts.second for record in records] == list(range(len(rows)))


lines = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40)


@LIMITED
@given(rows=st.lists(st.tuples(st.booleans(), lines), min_size=1, max_size=12), end=st.sampled_from(["\n", "\r\n"]))
@example(rows=[(True, "<failedRequest url='u'>"), (False, "x")], end="\n")
def test_container_log_lines_come_back_with_the_time_of_the_line_before(rows, end):
    rows[0] = (True, rows[0][1])
    text = end.join(
        (f"2026-04-04T05:58:{index:02}.1234567Z {line}" if stamped else f"  at {line}")
        for index, (stamped, line) in enumerate(rows)
    )
    _, records = read_bytes(text.encode(), "2026_04_04_10-30-0-103_default_docker.log")
    assert [record.text for record in records] == [line if stamped else f"  at {line}" for stamped, line in rows]
    expected, last = [], 0
    for index, (stamped, _) in enumerate(rows):
        last = index if stamped else last
        expected.append(last)
    assert [record.ts.second for record in records] == expected
    assert {record.instance for record in records} == {"10-30-0-103"}


@LIMITED
@given(text=st.text(max_size=200), encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_decoding_gives_back_any_text_with_a_bom_or_in_utf8(text, encoding):
    if encoding == "utf-8" and detect_encoding(text.encode()) != "utf-8":
        return  # text that is mostly NULs looks like UTF-16
    if encoding != "utf-8" or not text.startswith("\ufeff"):
        assert decode(text.encode(encoding)) == text
