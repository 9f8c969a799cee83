"""HAR: cookies and bodies go, headers and parameters by name; times, sizes and types stay."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.model.kind import Kind
from escalate.redact.handlers.har import HANDLER
from escalate.redact.handlers.registry import handler_of
from tests.redact.structured_texts import checked, damaged, redacted


def pair(name, value):
    return {"name": name, "value": value}


def recorded(secret="opensesame", body="Dear Jane"):
    request = {
        "method": "POST",
        "url": f"https://a.b/x?code={secret}&page=2",
        "headers": [pair("Cookie", f"a={secret}"), pair("Accept", "*/*"), {"value": secret, "name": "authorization"}],
        "cookies": [pair("a", secret)],
        "queryString": [pair("code", secret), pair("page", "2")],
        "postData": {"mimeType": "text/plain", "params": [pair("field", body)], "text": body},
    }
    response = {
        "status": 200,
        "headers": [pair("Location", f"https://z/?sig={secret}&ok=1")],
        "cookies": [],
        "content": {"size": 9, "mimeType": "text/html", "text": body},
        "redirectURL": f"https://z/?token={secret}",
    }
    entry = {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "time": 12.5,
        "request": request,
        "response": response,
        "serverIPAddress": "93.184.216.34",
        "_securityDetails": {"protocol": "TLS 1.3"},
        "timings": {"wait": 3},
        "_webSocketMessages": [{"type": "send", "data": body}],
    }
    return {"log": {"version": "1.2", "entries": [entry]}}


def test_it_takes_recordings():
    assert handler_of(Kind.HAR) is HANDLER


def test_secrets_and_bodies_go_and_the_rest_stays(engine):
    out = checked(
        HANDLER, engine, json.dumps(recorded(), indent=1).encode(), "opensesame", "Dear Jane", "93.184.216.34"
    )
    entry = json.loads(out)["log"]["entries"][0]
    assert (entry["time"], entry["timings"]) == (12.5, {"wait": 3})
    assert entry["response"]["content"]["size"] == 9
    assert entry["response"]["content"]["mimeType"] == "text/html"
    assert entry["response"]["content"]["text"] == "[the body was removed by redaction]"
    assert entry["request"]["headers"][1]["value"] == "*/*"
    assert entry["request"]["queryString"][1]["value"] == "2"
    assert entry["request"]["url"].endswith("&page=2")
    assert entry["response"]["headers"][0]["value"].endswith("&ok=1")
    assert entry["_securityDetails"] == {"protocol": "TLS 1.3"}


def test_a_body_larger_than_the_window_goes(engine):
    body = 'rose "\\' * 2_000_000
    document = recorded()
    document["log"]["entries"][0]["response"]["content"]["text"] = body
    out = redacted(HANDLER, engine, json.dumps(document).encode())[0]
    assert b"rose" not in out
    assert json.loads(out)["log"]["entries"][0]["timings"] == {"wait": 3}


@settings(max_examples=40)
@given(
    secret=st.text(
        st.characters(min_codepoint=48, max_codepoint=122, blacklist_characters='\\<>;"'), min_size=1, max_size=8
    ),
    body=st.text(st.characters(blacklist_categories=("Cs",)), max_size=12),
)
def test_no_planted_secret_survives(engine, secret, body):
    secret, body = f"zq{secret}qz", f"wv{body}vw"
    out = redacted(HANDLER, engine, json.dumps(recorded(secret, body)).encode())[0]
    assert json.loads(out)
    assert secret.encode() not in out
    assert json.dumps(body)[1:-1].encode() not in out
    assert redacted(HANDLER, engine, out)[0] == out


WHOLE = json.dumps(recorded()).encode()


def test_cut_at_any_byte_nothing_leaks(engine):
    for cut in range(150, len(WHOLE), 7):
        out = damaged(HANDLER, engine, WHOLE[:cut])
        assert b"opensesame" not in out
        assert b"Jane" not in out


@settings(max_examples=40)
@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_damage_is_redacted_or_refused_and_nothing_else(engine, at, byte):
    damaged(HANDLER, engine, WHOLE[:at] + bytes((byte,)) + WHOLE[at + 1 :])
