"""W3C logs: cells go by the names that `#Fields` gives their columns, and every row keeps its cells."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.model.kind import Kind
from escalate.redact.handlers.registry import handler_of
from escalate.redact.handlers.w3c_log import HANDLER
from tests.bench.corpus import iis_lines
from tests.redact.structured_texts import checked, damaged, redacted

HEAD = b"#Software: IIS\r\n"
HEAD += b"#Fields: date time cs-uri-query cs-username c-ip cs(Cookie) cs(Referer) sc-status X-Forwarded-For\r\n"


def row(query="-", user="-", client="10.0.0.4", cookie="-", referer="-", forwarded="-"):
    return f"2026-01-01 00:00:00 {query} {user} {client} {cookie} {referer} 200 {forwarded}\r\n".encode()


def test_it_takes_w3c_logs():
    assert handler_of(Kind.W3C_LOG) is HANDLER


def test_each_column_is_redacted_in_its_own_way(engine):
    data = HEAD + row(
        "code=opensesame&page=2&state=tulip",
        "CONTOSO\\jmiller7",
        "93.184.216.34",
        "a=orchid;+c=daisies",
        "https://x/?token=opensesame&a=1",
        "93.184.216.34:80,+10.0.0.1",
    )
    out = checked(HANDLER, engine, data, "opensesame", "tulip", "jmiller7", "93.184.216.34", "orchid", "daisies")
    cells = out.splitlines()[-1].split(b" ")
    assert b"&page=2&" in cells[2]
    assert cells[5].startswith(b"a=[R:COOKIE:")
    assert b";+c=[R:COOKIE:" in cells[5]
    assert cells[6].startswith(b"https://x/?token=[R:")
    assert cells[6].endswith(b"&a=1")
    assert cells[8] == cells[4] + b":80,+10.0.0.1"


def test_what_support_needs_stays(engine):
    data = HEAD + row("X-ARR-LOG-ID=0123456789abcdef0123456789abcdef", "-", "168.63.129.16", "-", "https://shop/cart")
    assert redacted(HANDLER, engine, data)[0] == data


def test_fields_may_change_in_mid_file(engine):
    data = HEAD + row(client="93.184.216.34") + b"#Fields: c-ip cs-username\n93.184.216.34 jmiller7\n"
    out = checked(HANDLER, engine, data, "93.184.216.34", "jmiller7")
    assert out.splitlines()[2].split(b" ")[4] == out.splitlines()[-1].split(b" ")[0]


def test_ragged_rows_and_rows_before_the_header_fall_to_the_rules_for_text(engine):
    data = b"93.184.216.34 early\n" + HEAD + b"ragged 93.184.216.34 password=Hunter22x\n\n" + row()
    checked(HANDLER, engine, data, "93.184.216.34", "Hunter22x")


def test_every_row_of_a_large_log_keeps_its_cells(engine):
    data = b"".join(itertools.islice(iis_lines(3), 3000))
    out = checked(HANDLER, engine, data)
    widths = [line.count(b" ") for line in data.split(b"\n")]
    assert [line.count(b" ") for line in out.split(b"\n")] == widths


def test_a_line_longer_than_a_block_is_passed_on(engine):
    data = HEAD + b"x" * 9_000_000 + b" password=Hunter22x\n" + row(user="jmiller7")
    out = redacted(HANDLER, engine, data)[0]
    assert b"Hunter22x" not in out
    assert b"jmiller7" not in out
    assert out.count(b"\n") == data.count(b"\n")


CELL = st.text(st.characters(min_codepoint=33, max_codepoint=126, blacklist_characters="&=;#"), min_size=1, max_size=8)


@settings(max_examples=60)
@given(value=CELL, cookie=CELL)
def test_no_planted_secret_survives(engine, value, cookie):
    value, cookie = f"zq{value}qz", f"qx{cookie}xq"
    data = HEAD + row(f"a=1&sig={value}&b=2", "-", "10.0.0.4", f"s={cookie}", f"https://h/p?code={value}")
    out, _ = redacted(HANDLER, engine, data)
    for secret in (value, cookie):
        assert not any(secret.encode() in cell for cell in out.splitlines()[-1].split(b" ")) or '"' in value + cookie
    assert out.splitlines()[-1].count(b" ") == data.splitlines()[-1].count(b" ")
    assert redacted(HANDLER, engine, out)[0] == out


WHOLE = HEAD + row("sig=opensesame", "jmiller7", "93.184.216.34", "a=orchid")


@settings(max_examples=60)
@given(cut=st.integers(0, len(WHOLE)), at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_damage_is_redacted_or_refused_and_nothing_else(engine, cut, at, byte):
    damaged(HANDLER, engine, WHOLE[:cut])
    damaged(HANDLER, engine, WHOLE[:at] + bytes((byte,)) + WHOLE[at + 1 :])
