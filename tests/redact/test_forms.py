"""Every form of a known value is found wherever it stands."""

from __future__ import annotations

import base64
import html
import json
import random
import re
import textwrap
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from escalate.redact.engine import Engine
from escalate.redact.forms import forms
from escalate.redact.rules import EngineInputs, KnownRule
from escalate.redact.scan import Matcher, Pass
from escalate.redact.wrapped import WrappedRule

KEY = b"k" * 32
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=10, max_size=60)


def _escapes_only(text: str) -> bytes:
    if any(ord(char) >= 0x10000 for char in text):
        return json.dumps(text)[1:-1].encode()
    return "".join(f"\\u{ord(char):04x}" for char in text).encode()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode().rstrip("=")


def _safe_in_html(text: str, also: str = "") -> bytes:
    """What `encoding/json` of Go writes, and Gson with the two characters more."""
    out = ""
    for char in text:
        if char in '"\\':
            out += "\\" + char
        elif char in f"<>&\u2028\u2029{also}":
            out += f"\\u{ord(char):04x}"
        else:
            out += char
    return out.encode()


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda text: text.encode(),
    "UTF-16 little endian": lambda text: text.encode("utf-16-le"),
    "UTF-16 big endian": lambda text: text.encode("utf-16-be"),
    "URL": lambda text: quote(text, safe="").encode(),
    "URL, lower case": lambda text: re.sub("%..", lambda code: code[0].lower(), quote(text, safe="")).encode(),
    "form": lambda text: quote_plus(text).encode(),
    "encodeURIComponent": lambda text: quote(text, safe="!*'()").encode(),
    "URL twice": lambda text: quote(quote(text, safe=""), safe="").encode(),
    "JSON": lambda text: json.dumps(text)[1:-1].encode(),
    "JSON, UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1].encode(),
    "JSON, slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/").encode(),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1].encode(),
    "JSON of Go": _safe_in_html,
    "JSON of Gson": lambda text: _safe_in_html(text, "='"),
    "escapes only": _escapes_only,
    "HTML": lambda text: html.escape(text).encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "HEX": lambda text: text.encode().hex().upper().encode(),
    "base64": lambda text: _base64(text).encode(),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).rstrip(b"="),
    "base64 in UTF-16": lambda text: _base64(text).encode("utf-16-le"),
    "base64 in big endian UTF-16": lambda text: _base64(text).encode("utf-16-be"),
}


def redacted(value: str, data: bytes) -> bytes:
    """What becomes of data where nothing but the value is known."""
    return Pass(Matcher([KnownRule(value, KEY), WrappedRule(value, KEY)])).part(data, 0, len(data))


def core(name: str, form: bytes) -> bytes:
    """The last digit of base64 depends on what follows."""
    if not name.startswith("base64"):
        return form
    return form[:-2] if "in" in name.split() else form[:-1]


@pytest.mark.parametrize("name", ENCODINGS)
@settings(max_examples=6, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(value=VALUES, before=st.binary(max_size=30), after=st.binary(max_size=30))
def test_a_form_in_any_surroundings_goes(name: str, value: str, before: bytes, after: bytes):
    form = ENCODINGS[name](value)
    data = before + b" " + form + b" " + after
    assert core(name, form) not in redacted(value, data)


NARROW = [name for name in ENCODINGS if "UTF-16" not in name]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", NARROW)
@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(value=VALUES, before=st.binary(max_size=30), after=st.binary(max_size=30))
def test_a_form_that_a_program_holds_in_utf_16_goes_too(
    name: str, encoding: str, value: str, before: bytes, after: bytes
):
    form = ENCODINGS[name](value)
    data = before + b" " + form.decode().encode(encoding) + b" " + after
    assert core(name, form).decode().encode(encoding) not in redacted(value, data)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("p<w>&'=\"/1", rb"p\u003cw\u003e\u0026'=\"/1"),
        ("p<w>&'=\"/1", rb"p\u003cw\u003e\u0026\u0027\u003d\"/1"),
        ("Kj5&Grüße\u2028\\x", rb"Kj5\u0026Gr" + "üß".encode() + rb"e\u2028\\x"),
        ("Qm9vS2V5x7Zk2vT9bA==", rb"Qm9vS2V5x7Zk2vT9bA\u003d\u003d"),
    ],
    ids=["Go", "Gson", "Go, not only ASCII", "Gson, padding"],
)
def test_programs_that_keep_json_safe_in_html_are_understood(value: str, written: bytes):
    assert written in forms(value)
    assert b"u003" not in redacted(value, b'{"v":"' + written + b'"}')


@settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(value=VALUES, before=st.binary(max_size=5), after=st.binary(max_size=5), url=st.booleans())
def test_base64_of_a_text_around_the_value_goes_at_every_alignment(value: str, before: bytes, after: bytes, url: bool):
    coded = (base64.urlsafe_b64encode if url else base64.b64encode)(before + value.encode() + after)
    inner = [form for form in forms(value) if form in coded and len(form) >= len(value.encode()) * 4 // 3 - 3]
    assert inner
    made = redacted(value, coded)
    assert not [form for form in inner if form in made]


@pytest.mark.parametrize("width", [64, 76])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\\r\\n", "\n    "])
@settings(max_examples=3, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 80), st.integers(18, 200), st.integers())
def test_base64_that_is_broken_into_lines_goes_and_the_lines_stay(
    width: int, end: str, lead: int, size: int, seed: int
):
    value = "".join(
        random.Random(seed).choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", k=size)
    )
    coded = base64.b64encode(b"-" * lead + value.encode() + b"-" * 70).decode()
    text = end.join(textwrap.wrap(coded, width))
    result = redacted(value, text.encode()).decode()
    assert result.count("\n") == text.count("\n")
    for place in range(0, len(value) - 11, 3):
        left = (lead + place + 2) // 3 * 4
        assert coded[left : left + 12] not in result.replace(end, "")


@pytest.mark.parametrize("double", ['"', "&quot;", "&#34;", "&#x22;"])
@pytest.mark.parametrize("single", ["'", "&apos;", "&#39;", "&#x27;", "&#039;"])
def test_quotes_of_markup_are_understood_in_any_pairing(double: str, single: str):
    value = 'Kk7"vT9\'bA2"xQ'
    written = value.replace('"', double).replace("'", single).encode()
    assert b"bA2" not in redacted(value, b"<v>" + written + b"</v>")


def test_a_short_value_that_the_user_gave_is_found_in_its_own_length():
    engine = Engine(EngineInputs(key=KEY, known_values=("hug0",)))
    assert engine.redact_text("hug0 68756730") == "[R:KNOWN:8C7AB2] [R:KNOWN:8C7AB2]".replace(
        "8C7AB2", engine.redact_text("hug0")[9:15]
    )
