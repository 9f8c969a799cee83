"""XML: attributes, elements and fields of traces by their names; tags stay, also where a document is cut off."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.model.kind import Kind
from escalate.redact.handlers.registry import handler_of
from escalate.redact.handlers.xml_text import HANDLER
from tests.redact.structured_texts import checked, damaged, redacted

SECRET = "opensesame"
TRACE = b"""<?xml version="1.0"?>
<failedRequest url="https://a.b/x?code=opensesame&amp;page=2"
 userName="CONTOSO\\jmiller7" tokenUserName="NT AUTHORITY\\IUSR">
<E><Data Name="Headers">Accept: */*&#xA;Cookie: a=opensesame; c=d&#xA;Host: x
X-ZUMO-AUTH: opensesame</Data></E>
<E><Data Name="Buffer">Dear Jane, your order of roses</Data></E>
<E><Data Name="HeaderName">Set-Cookie</Data>
<Data Name="HeaderValue">k=opensesame</Data></E>
<E><Data Name="RemoteAddress">93.184.216.34</Data><Data Name="RemoteUserName">jmiller7</Data></E>
</failedRequest>
"""


def test_it_takes_the_kinds_that_are_xml():
    for kind in (Kind.XML, Kind.EVENT_LOG, Kind.FAILED_REQUEST):
        assert handler_of(kind) is HANDLER


@pytest.mark.parametrize(
    "text",
    [
        f'<add key="ApiKey" value="{SECRET}" />',
        f"<add value='{SECRET}' other=\"a>b\" key='X_TOKEN'/>",
        f'<add name="Db" connectionString="Server=x;Password={SECRET};Database=y"/>',
        f'<machineKey validationKey="{SECRET}" decryptionKey="{SECRET}"/>',
        f'<Data Name="token">{SECRET}</Data>',
        f"<x:apiKey>{SECRET}</x:apiKey>",
        f"<token><![CDATA[{SECRET} > x]]></token>",
        f'<setting name="ApiKey" serializeAs="String"><value>\n{SECRET}\n</value></setting>',
        f'<publishProfile userName="$shop" userPWD="{SECRET}" />',
        f"<token>{SECRET}",
        f'<add key="ApiKey" value="{SECRET}',
        f"<password><b>{SECRET}</b><i>{SECRET}",
    ],
)
def test_a_secret_is_told_by_its_name_alone(engine, text):
    out = checked(HANDLER, engine, f'<?xml version="1.0"?>\n<r>{text}'.encode(), SECRET)
    assert re.findall(rb"</?[\w:]+", out) == re.findall(rb"</?[\w:]+", f"<r>{text}".encode())


def test_what_looks_like_a_tag_in_cdata_is_none(engine):
    checked(HANDLER, engine, f"<r><token><![CDATA[{SECRET}<b>]]></token><c/></r>".encode(), SECRET)


def test_a_trace_of_a_failed_request_keeps_what_it_is_for(engine):
    out = checked(HANDLER, engine, TRACE, SECRET, "roses", "jmiller7", "93.184.216.34")
    for kept in (b"page=2", b"Accept: */*", b"Host: x", b"NT AUTHORITY\\IUSR", b"Set-Cookie", b"Cookie: [R:"):
        assert kept in out
    assert out.count(b"<E>") == TRACE.count(b"<E>")
    pseudonyms = re.findall(rb"user-[0-9a-f]{6}", out)
    assert len(pseudonyms) == 2
    assert len(set(pseudonyms)) == 1


def test_what_is_no_secret_stays_byte_by_byte(engine):
    text = (
        b'\xef\xbb\xbf<?xml version="1.0"?>\r\n<!DOCTYPE a [<!ENTITY e "x">]><a b="1" key="COLOR" value="blue">&e;<b/>'
        b'<Security UserID="S-1-5-18"/><add key="ApiKey" value=""/><token>@Microsoft.KeyVault(SecretUri=x)</token></a>'
    )
    assert redacted(HANDLER, engine, text)[0] == text


def test_an_event_log_cut_in_the_middle_is_handled_as_it_stands(engine):
    event = '<Event><EventID>1000</EventID><Data Name="password">opensesame</Data></Event>'
    data = ("<Events>" + event * 300).encode()[:-70]
    out = checked(HANDLER, engine, data, SECRET)
    assert out.count(b"<Event>") == 300


@settings(max_examples=60)
@given(
    value=st.text(
        st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="<>&\"'"), min_size=1, max_size=8
    ),
    name=st.sampled_from(["ApiKey", "password", "X_TOKEN", "client-secret"]),
)
def test_no_planted_secret_survives(engine, value, name):
    value = f"zq{value}qz"
    text = f'<r a="1"><add key="{name}" value="{value}"/><{name}>{value}</{name}><Data Name="{name}">{value}</Data></r>'
    out, _ = redacted(HANDLER, engine, text.encode())
    assert value.encode() not in out
    assert redacted(HANDLER, engine, out)[0] == out


def test_cut_at_any_byte_nothing_leaks(engine):
    for cut in range(60, len(TRACE), 5):
        out = damaged(HANDLER, engine, TRACE[:cut])
        assert SECRET.encode() not in out
        assert b"roses" not in out


@settings(max_examples=40)
@given(at=st.integers(0, len(TRACE) - 1), byte=st.integers(0, 255))
def test_damage_is_redacted_or_refused_and_nothing_else(engine, at, byte):
    damaged(HANDLER, engine, TRACE[:at] + bytes((byte,)) + TRACE[at + 1 :])
