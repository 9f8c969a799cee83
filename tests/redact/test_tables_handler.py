"""Results of queries: columns by their names, as JSON tables, as objects and as CSV."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.model.kind import Kind
from escalate.redact.handlers.registry import handler_of
from escalate.redact.handlers.table import HANDLER
from tests.redact.structured_texts import checked, damaged, redacted

NAMES = ("timestamp", "user_Id", "client_IP", "Cookie", "customDimensions", "url", "ApiKey")
ROWS = [
    ["2026", "jane77", "93.184.216.34", "a=orchid", {"x": [1, "],"]}, "https://a/?code=opensesame&b=1", "tulip"],
    ["2026", "bob88", "10.0.0.1", None, '{"token":"opensesame"}', None, 7654321],
    ["2026", None, "93.184.216.34", "q=daisies", '{"a":1}', "x", "true"],
]
SECRETS = ("jane77", "bob88", "93.184.216.34", "orchid", "opensesame", "tulip", "daisies", "7654321")


def table(names=NAMES, rows=ROWS, key="name"):
    return {"name": "PrimaryResult", "columns": [{key: name, "type": "string"} for name in names], "rows": rows}


def test_it_takes_tables_and_leaves_metrics_alone():
    assert handler_of(Kind.LOG_TABLE) is handler_of(Kind.CSV) is HANDLER
    assert handler_of(Kind.METRICS) is not HANDLER


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("key", ["name", "ColumnName"])
def test_cells_go_by_their_columns(engine, indent, key):
    document = {"tables": [table(key=key), table(("a", "b"), [[1, "keep"]]), table(("CsUsername",), [["zoe44"]])]}
    out = checked(HANDLER, engine, json.dumps(document, indent=indent).encode(), *SECRETS, "zoe44")
    first, second, _ = json.loads(out)["tables"]
    assert second["rows"] == [[1, "keep"]]
    assert [len(row) for row in first["rows"]] == [7, 7, 7]
    assert first["rows"][0][2] == first["rows"][2][2]
    assert first["rows"][1][2] == "10.0.0.1"
    assert first["rows"][0][4] == {"x": [1, "],"]}


def test_rows_that_are_objects_go_by_their_members(engine):
    rows = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
    out = checked(HANDLER, engine, json.dumps(rows).encode(), "jane77", "bob88", "93.184.216.34", "orchid", "tulip")
    assert [list(row) for row in json.loads(out)] == [list(NAMES)] * 3


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_keeps_its_cells(engine, separator):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerows([["time", "user_Id", "ApiKey", "note"], ["1", "jane77", 'open\n"sesame', "a, b; c\td"]])
    writer.writerows([["2", "", "", ""], ["ragged"], ["3", "bob;,88", "tulip", "z"]])
    data = b"\xef\xbb\xbf" + text.getvalue().encode()
    out = checked(HANDLER, engine, data, "jane77", "sesame", "bob", "tulip")
    rows = list(csv.reader(io.StringIO(out.decode()), delimiter=separator))
    assert [len(row) for row in rows] == [4, 4, 4, 1, 4]
    assert rows[1][3] == "a, b; c\td"


def test_large_tables_are_read_in_pieces(engine):
    document = {"tables": [table(rows=ROWS * 3000), table(("a",), [["x" * 70_000]] * 20), table()]}
    out, _ = redacted(HANDLER, engine, json.dumps(document).encode())
    assert not any(secret.encode() in out for secret in SECRETS)
    assert [len(one["rows"]) for one in json.loads(out)["tables"]] == [9000, 20, 3]
    lines = "t,user_Id\n" + "1,jane77\n" * 90_000
    out, _ = redacted(HANDLER, engine, lines.encode())
    assert b"jane" not in out
    assert out.count(b"\n") == 90_001


@settings(max_examples=60)
@given(
    value=st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=6),
    other=st.one_of(st.none(), st.integers(), st.text(max_size=5), st.lists(st.text(max_size=3), max_size=2)),
)
def test_no_planted_secret_survives(engine, value, other):
    value = f"zq{value}qz"
    document = {"tables": [table(("a", "ApiKey", "b"), [[other, value, other], [other, None, value[:1]]])]}
    out, _ = redacted(HANDLER, engine, json.dumps(document).encode())
    assert json.dumps(value)[1:-1].encode() not in out
    assert [len(row) for row in json.loads(out)["tables"][0]["rows"]] == [3, 3]
    assert redacted(HANDLER, engine, out)[0] == out


WHOLE = json.dumps({"tables": [table()]}).encode()
LINES = b"time,user_Id,ApiKey\n1,jane77,opensesame\n2,bob88,tulip\n"


def test_cut_at_any_byte_nothing_leaks(engine):
    for whole in (WHOLE, LINES):
        for cut in range(0, len(whole), 5):
            out = damaged(HANDLER, engine, whole[:cut])
            assert not any(secret.encode() in out for secret in ("opensesame", "tulip", "orchid", "jane77"))


@settings(max_examples=40)
@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_damage_is_redacted_or_refused_and_nothing_else(engine, at, byte):
    damaged(HANDLER, engine, WHOLE[:at] + bytes((byte,)) + WHOLE[at + 1 :])
    at %= len(LINES)
    damaged(HANDLER, engine, LINES[:at] + bytes((byte,)) + LINES[at + 1 :])
