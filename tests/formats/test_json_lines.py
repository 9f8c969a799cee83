"""JSON values know their line and pointer; broken documents give what stands before the break, then lines."""

from __future__ import annotations

import json

import pytest

from escalate.formats.json_lines import BrokenJson, into, partial, walk
from escalate.formats.lines import Line
from escalate.formats.objects import Item, csv_rows, items

TEXT = """{
 "a/b": 1,
 "list": [
  {"x": [1,
   2]}, {"y": 2},
  3
 ],
 "end": null
}
"""


def test_entered_containers_give_members_with_line_and_pointer():
    found = [(value.pointer, value.line, value.value) for value in walk(TEXT, into("", "/list"))]
    assert found == [
        ("/a~1b", 2, 1),
        ("/list/0", 4, {"x": [1, 2]}),
        ("/list/1", 5, {"y": 2}),
        ("/list/2", 6, 3),
        ("/end", 8, None),
    ]


def test_a_break_is_told_after_the_values_before_it():
    values = walk(TEXT[: TEXT.index("2},")], into("", "/list"))
    assert [next(values).pointer, next(values).pointer] == ["/a~1b", "/list/0"]
    with pytest.raises(BrokenJson) as broken:
        next(values)
    assert broken.value.line == 5


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 50_000, "[1" + "0" * 5000 + "]", "{", '{"a"', '{"a":1,}', "[1 2]", "nul", "[1] x"]
)
def test_hostile_documents_are_broken_not_fatal(text):
    with pytest.raises(BrokenJson):
        list(walk(text, into("", "/*")))


@pytest.mark.parametrize("cut", range(1, len(TEXT)))
def test_the_beginning_of_a_document_can_be_decoded_wherever_it_is_cut(cut):
    value, fits = partial(TEXT[:cut])
    assert fits
    assert isinstance(value, dict)


def test_what_is_no_json_is_not_decoded():
    for text in ("", "hello", "[2026-04-04] x", '{"a":1} and more', "{not json}"):
        assert not partial(text)[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"value":[{"a":1},\n{"a":2}],"nextLink":null}', [(1, "/value/0", 1), (2, "/value/1", 2)]),
        ('[{"a":1},\n\n{"a":2}]', [(1, "/0", 1), (3, "/1", 2)]),
        ('{"a":1}\n\n{"a":2}\n', [(1, None, 1), (3, None, 2)]),
        ('\n{"a":1}', [(2, "", 1)]),
        ('{"Results":[{"a":1}]}', [(1, "/Results/0", 1)]),
        ('{"name":"x","value":"y","a":1}', [(1, "", 1)]),
        ('{"value":[],"a":0}', [(1, "", 0)]),
    ],
)
def test_items_come_out_of_every_envelope(text, expected):
    assert [(item.line, item.pointer, item.fields["a"]) for item in items(text)] == expected


def test_csv_rows_know_the_line_they_begin_on():
    lines = [Line(index + 1, text) for index, text in enumerate(['A,"B"', '1,"two', 'lines"', "", "3,4,5"])]
    assert [(item.line, dict(item.fields), item.extra) for item in csv_rows(lines) if isinstance(item, Item)] == [
        (2, {"A": "1", "B": "two\nlines"}, ""),
        (5, {"A": "3", "B": "4"}, "5"),
    ]


def test_an_unclosed_quote_costs_bounded_memory_and_loses_no_line():
    lines = [Line(1, "A,B"), Line(2, '1,"never closed'), *(Line(number, "x" * 1000) for number in range(3, 2000))]
    rows = list(csv_rows(iter(lines)))
    assert [row.number for row in rows] == list(range(2, 2000))


def test_a_large_document_is_read_without_building_it(tmp_path):
    row = json.dumps(["2026-04-04T05:58:45Z", "x" * 200])
    text = '{"rows": [\n' + ",\n".join([row] * 20_000) + "\n]}"
    assert [value.line for value in walk(text, into("", "/rows"))] == list(range(2, 20_002))
