"""JSON: what stands under the name of a secret goes, and every other byte stays."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.model.kind import Kind
from escalate.redact.handlers.json_text import HANDLER
from escalate.redact.handlers.registry import handler_of
from tests.redact.structured_texts import checked, damaged, redacted

SECRET = "opensesame"  # a word, so that only its name tells


def test_it_takes_the_kinds_that_are_json():
    for kind in (Kind.JSON, Kind.NODE_REPORT, Kind.KUDU_PROCESS, Kind.DETECTOR, Kind.ACTIVITY_LOG):
        assert handler_of(kind) is HANDLER


@pytest.mark.parametrize(
    "document",
    [
        {"token": SECRET},
        {"apiKey": [SECRET, {"deep": [SECRET]}], "next": 1},
        {"Shop:Api:Key": SECRET, "Shop__Api__Key": SECRET},
        [{"name": "X_PASSWORD", "slotSetting": False, "more": {"value": 1, "x": ["}"]}, "value": SECRET}],
        [{"value": SECRET, "more": [{"a": '"}{'}], "name": "API_KEY"}],
        {"key": "CLIENT_SECRET", "value": SECRET},
        {"headers": [{"name": "Authorization", "value": SECRET}, {"name": "x-ms-client-principal", "value": SECRET}]},
        {"commandLine": ["node", "--token", SECRET, "--port", "80"]},
        {"inner": json.dumps({"token": SECRET, "list": [{"name": "A_SECRET", "value": SECRET}]})},
        {"inner": json.dumps({"inner": json.dumps({"secret": SECRET})})},
        {"environmentVariables": {"DB_PWD": SECRET, "PATH": "/bin"}},
        {"ConnectionStrings": {"Db": f"Server=x;Password={SECRET};Database=y"}},
        {"password": {"value": {"value": [[SECRET]]}}},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_secret_is_told_by_its_name_alone(engine, document, indent):
    out = checked(HANDLER, engine, json.dumps(document, indent=indent).encode(), SECRET)
    assert shape(json.loads(out)) == shape(document)


def shape(value):
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return None


@pytest.mark.parametrize(
    "text",
    [
        '{"password": true, "token": null, "secret": "", "apiKey": "@Microsoft.KeyVault(SecretUri=https://v/s)"}',
        '{"accessKey": "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/g"}',
        '{"operation_Id": "0123456789abcdef0123456789abcdef", "id": 12345678901234567890123, "a": 1, "a": 2}',
        '[{"name": "COLOR", "value": "blue"}, {"name": "PATH", "value": "/bin"}]',
        '["--password", "--verbose"]',
        '\ufeff{"a" : 1.50e+10,\r\n\t"b":"\\u00e9\\/" }\r\n',
        '{"a": "unclosed',
    ],
)
def test_what_is_no_secret_stays_byte_by_byte(engine, text):
    assert redacted(HANDLER, engine, text.encode())[0] == text.encode()


def test_a_number_becomes_a_string(engine):
    out = checked(HANDLER, engine, b'{"password": 12345678, "x": [{"apiKey": 87654321}]}', "12345678", "87654321")
    assert re.fullmatch(r"\[R:\w+:[0-9A-F]{6}\]", json.loads(out)["password"])


def test_other_bytes_stay_around_a_secret(engine):
    text = '\ufeff{ "token" :\t"opensesame" ,"a":1e400,"a":"\\u00e9", "big":123456789012345678901234567890}\r\n'
    out = checked(HANDLER, engine, text.encode(), SECRET)
    assert re.sub(rb"\[R:\w+:\w+\]", SECRET.encode(), out) == text.encode()


def test_lines_of_json_keep_to_themselves(engine):
    lines = [json.dumps({"n": n, "token": SECRET, "user": {"pwd": f"{SECRET}{n}"}}) for n in range(50)]
    out = checked(HANDLER, engine, "\n".join(lines).encode(), SECRET)
    assert [json.loads(line)["n"] for line in out.splitlines()] == list(range(50))


def test_deep_nesting_is_no_recursion(engine):
    text = '{"token":' + "[" * 50_000 + f'"{SECRET}"' + "]" * 50_000 + "}"
    assert SECRET.encode() not in redacted(HANDLER, engine, text.encode())[0]


def test_one_very_long_line_is_read_in_windows(engine):
    item = '{"a":"' + "x" * 5000 + '"},'
    text = '{"items":[' + item * 2600 + f'{{"token":"{SECRET}"}},' + item * 1200 + f'{{"pwd":"{SECRET}"}}]}}'
    out = redacted(HANDLER, engine, text.encode())[0]
    assert SECRET.encode() not in out
    assert len(json.loads(out)["items"]) == 3802


def test_utf_16_stays_utf_16(engine):
    text = json.dumps({"token": SECRET, "é": "ü"}, ensure_ascii=False)
    out = redacted(HANDLER, engine, text.encode("utf-16"))[0].decode("utf-16")
    assert SECRET not in out
    assert json.loads(out)["é"] == "ü"


NAMES = st.sampled_from(["token", "password", "apiKey", "client_secret", "X_PWD", "connection_token"])
VALUES = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=6).map(lambda text: f"zq{text}qz")
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(name=NAMES, value=VALUES, around=TREES, indent=st.sampled_from([None, 1]), ascii_=st.booleans())
def test_no_planted_secret_survives(engine, name, value, around, indent, ascii_):
    document = {"before": around, "x": [{name: value}, {"name": name, "o": around, "value": value}], "after": around}
    data = json.dumps(document, indent=indent, ensure_ascii=ascii_).encode()
    out, _ = redacted(HANDLER, engine, data)
    after = json.loads(out)
    assert json.dumps(value)[1:-1] not in json.dumps(after)
    assert shape(after["x"]) == shape(document["x"])
    assert out.count(b"\n") == data.count(b"\n")
    assert redacted(HANDLER, engine, out)[0] == out


WHOLE = json.dumps(
    {"a": [1, {"token": SECRET}], "s": [{"name": "X_PWD", "value": SECRET}], "i": json.dumps({"pwd": SECRET}), "z": 1}
).encode()


def test_cut_at_any_byte_nothing_leaks(engine):
    for cut in range(0, len(WHOLE), 3):
        assert SECRET.encode() not in damaged(HANDLER, engine, WHOLE[:cut])


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=3))
def test_damage_is_redacted_or_refused_and_nothing_else(engine, changes):
    data = bytearray(WHOLE)
    for at, byte in changes:
        data[at] = byte
    damaged(HANDLER, engine, bytes(data))
