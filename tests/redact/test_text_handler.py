"""Text in any encoding, also in two at once: it keeps its marks, its odd bytes and its lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.redact.handlers.text import HANDLER
from tests.redact.structured_texts import checked, damaged, redacted

SECRET = "Hunter22x"
LINE = f"at noon password={SECRET} was tried\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_every_encoding_is_kept(engine, encoding):
    text = ("caf\xe9 " + LINE + "old mac\rline\n") * 40
    out = redacted(HANDLER, engine, text.encode(encoding))[0].decode(encoding)
    assert SECRET not in out
    assert out.count("\n") == text.count("\n")
    assert out.count("\r") == text.count("\r")
    assert out.startswith("caf\xe9 at noon password=[R:")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("odd", [b"", b"\xff"])
def test_wide_text_inside_of_other_text_is_redacted(engine, encoding, odd):
    wide = (LINE + "jane.miller@contoso.com").encode(encoding)
    data = (
        b"a plain line of a log\n" * 300 + odd + wide + b"\nmore \xff\xfe bytes " + odd + wide + b"\n" + LINE.encode()
    )
    out = checked(HANDLER, engine, data, SECRET)
    for secret in (SECRET, "jane.miller"):
        assert secret.encode(encoding) not in out
    assert b"more \xff\xfe bytes" in out
    assert "@redacted.invalid".encode(encoding) in out


def test_other_text_inside_of_wide_text_is_redacted(engine):
    data = b"\xff\xfe" + ("wide " + LINE).encode("utf-16-le") * 20 + LINE.encode() + b"x"
    out = checked(HANDLER, engine, data, SECRET)
    assert SECRET.encode("utf-16-le") not in out


def test_half_a_pair_stays(engine):
    text = "\ufeffa \ud83d " + LINE + "\udc00 end"
    data = text.encode("utf-16-le", "surrogatepass")
    out = redacted(HANDLER, engine, data)[0].decode("utf-16-le", "surrogatepass")
    assert out.startswith("\ufeffa \ud83d at noon password=[R:")
    assert out.endswith("\udc00 end")


def test_invalid_bytes_stay(engine):
    data = b"\x80\xc3( \xff\r\n" + LINE.encode() + b"\xed\xa0\x80 \x00 end"
    out = checked(HANDLER, engine, data, SECRET)
    assert out.startswith(b"\x80\xc3( \xff\r\n")
    assert out.endswith(b"\xed\xa0\x80 \x00 end")


def test_a_very_long_line_is_one_line(engine):
    data = b"x y " * 2_500_000 + LINE.encode() + b"z " * 2_500_000
    out = redacted(HANDLER, engine, data)[0]
    assert SECRET.encode() not in out
    assert out.count(b"\n") == 1


@settings(max_examples=60)
@given(before=st.binary(max_size=40), after=st.binary(max_size=40), big=st.booleans(), times=st.integers(1, 30))
def test_no_planted_secret_survives(engine, before, after, big, times):
    encoding = "utf-16-be" if big else "utf-16-le"
    wide = f"the password={SECRET} here".encode(encoding)
    data = b"a plain line\n" * times + before + b"\n" + wide + b"\n" + after
    out = damaged(HANDLER, engine, data)
    assert SECRET.encode(encoding) not in out
    assert not out or out.count(b"\n") == data.count(b"\n")


WHOLE = b"a plain line\n" * 20 + LINE.encode("utf-16-le") + LINE.encode()


def test_cut_at_any_byte_nothing_leaks(engine):
    for cut in range(280, len(WHOLE)):
        out = damaged(HANDLER, engine, WHOLE[:cut])
        assert SECRET.encode() not in out
        assert SECRET.encode("utf-16-le") not in out
