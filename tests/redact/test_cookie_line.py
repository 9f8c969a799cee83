"""Lines of cookies: the instance id of App Service stays, in logs and tables alike, and no session ever does."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.bundle.second_engine import SecondEngine
from escalate.redact.handlers.cookie_line import cookie_line, is_cookie_column
from escalate.redact.handlers.table import HANDLER as TABLE
from escalate.redact.handlers.w3c_log import HANDLER as W3C
from tests.redact.structured_texts import checked, redacted

ID = "2e9614b903860387ad41d2d4735570ca0c8b29649a02cb187ad6afea560d5745"
BOTH = f"ARRAffinity={ID}; ARRAffinitySameSite={ID.upper()}"
SECOND = SecondEngine()


def as_table(line):
    return TABLE, json.dumps({"columns": [{"name": "A"}, {"name": "Cookie"}], "rows": [[1, line], [2, None]]}).encode()


def as_csv(line):
    text = io.StringIO()
    csv.writer(text).writerows([["A", "Cookie", "B"], ["1", line, "x"], ["2", "", "y"]])
    return TABLE, text.getvalue().encode()


def as_w3c(line):
    return W3C, f"#Fields: date cs(Cookie) sc-status\n2026-01-01 {line.replace('; ', ';+')} 200\n".encode()


FORMS = [as_table, as_csv, as_w3c]


@pytest.mark.parametrize("form", FORMS)
def test_instance_ids_stay_and_sessions_go(engine, form):
    handler, data = form(f"{BOTH}; cart=orchid; AppServiceAuthSession=q1w2e3r4t5y6u7i8")
    out = checked(handler, engine, data, "orchid", "q1w2e3r4t5y6u7i8").decode()
    assert f"ARRAffinity={ID};" in out
    assert f"ARRAffinitySameSite={ID.upper()};" in out
    assert "cart=[R:COOKIE:" in out


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "cookie", [f"ARRAffinity={ID}0", f"ARRAffinity=x{ID[1:]}", f"session={ID}", f"XARRAffinity={ID}", f"{ID}"]
)
def test_what_only_resembles_an_affinity_cookie_goes(engine, form, cookie):
    handler, data = form(f"a=; {cookie}")
    checked(handler, engine, data, ID[1:])


def test_a_value_without_a_name_goes_whole(engine):
    for line in (b"Y2hlZXNlIGFuZCB3aW5lIGFuZCBicmVhZA==", b"a b=tulip", b"tulip", b'tu"lip=x'):
        assert b"tu" not in (out := cookie_line(engine, line))
        assert b"Y2hl" not in out
        assert out.startswith(b"[R:COOKIE:")


def test_columns_of_cookies_are_known_by_their_names():
    assert all(map(is_cookie_column, ("Cookie", "CsCookie", "cs(Cookie)", "sc(Set-Cookie)", "set_cookie")))
    assert not any(map(is_cookie_column, ("CookieConsent", "", "CsHost")))


NAME = st.sampled_from(
    ("session", "AppServiceAuthSession", ".AspNetCore.Session", "sid", "a", "ARRAffinity", "ARRAffinitySameSite", "x.y")
)
VALUE = st.one_of(
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.text("ABCxyz019+/_%.-=", min_size=8, max_size=80),
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=";#"), min_size=1, max_size=40),
)


@settings(max_examples=150)
@given(pairs=st.lists(st.tuples(NAME, VALUE), min_size=1, max_size=4), form=st.sampled_from(FORMS))
def test_no_session_cookie_leaks_and_the_second_engine_agrees(engine, pairs, form):
    marked = [
        (name, value if name.startswith("ARR") and len(value) == 64 and value.isalnum() else f"zq{value}qz")
        for name, value in pairs
    ]
    handler, data = form("; ".join(f"{name}={value}" for name, value in [*marked, ("ARRAffinity", ID)]))
    out, _ = redacted(handler, engine, data)
    assert b"zq" not in out
    assert b"qz" not in out
    assert f"ARRAffinity={ID}".encode() in out
    assert redacted(handler, engine, out)[0] == out
    assert list(SECOND.find(out, 0, len(out))) == []


@pytest.mark.parametrize("form", FORMS)
def test_the_second_engine_refuses_a_session_beside_an_instance_id(form):
    _, data = form(f"{BOTH}; AppServiceAuthSession=q1w2e3r4t5y6u7i8o9p0")
    assert {hit.rule for hit in SECOND.find(data, 0, len(data))} == {"session cookie"}
    _, data = form(BOTH)
    assert list(SECOND.find(data, 0, len(data))) == []
