"""Reports and transcripts: environment, arguments and local variables go by their names, whatever they look like."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.model.kind import Kind
from escalate.redact.handlers.registry import handler_of
from escalate.redact.handlers.report import HANDLER
from escalate.redact.handlers.report_plain import HANDLER as PLAIN
from tests.redact.structured_texts import checked, damaged, redacted

SECRET = "opensesame"


def test_they_take_reports_and_plain_text():
    for kind in (Kind.STACKS, Kind.THREAD_DUMP, Kind.HS_ERR, Kind.SHELL_TRANSCRIPT, Kind.CONFIG):
        assert handler_of(kind) is HANDLER
    assert handler_of(Kind.TEXT) is handler_of(Kind.PROC_OTHER) is PLAIN


@pytest.mark.parametrize(
    "line",
    [
        f"API_KEY=one two {SECRET}, four",
        f'declare -x DB_TOKEN="a b {SECRET}"',
        f"export X_SECRET='{SECRET}'",
        f'PS> $env:ADMIN_PWD = "abc {SECRET}"',
        f"jvm_args: -Xmx1g -Dsome.api.key={SECRET} -Dfile.encoding=UTF-8",
        f"java_command: app.jar --token={SECRET} --port=1",
        f'            password: "{SECRET}"',
        f"            token: b'{SECRET}'",
        f'#1 login (token=0x7ffe1234 "{SECRET}", n=3)',
        f"bash-5$ AUTH_TOKEN={SECRET} node app.js",
    ],
)
def test_a_value_is_told_by_its_name_alone(engine, line):
    out = checked(HANDLER, engine, f"Environment Variables:\nPATH=/usr/bin\n{line}\nLANG=C\n".encode(), SECRET)
    assert out.startswith(b"Environment Variables:\nPATH=/usr/bin\n")
    assert out.endswith(b"\nLANG=C\n")


def test_what_is_no_secret_stays_byte_by_byte(engine):
    text = b"key=1\nTOKEN_COUNT=5\r\nPATH=/usr/bin\n  at Shop.Token.Read()\nAPI_KEY=\nAUTH_KEY=true\n"
    assert redacted(HANDLER, engine, text)[0] == text


def test_settings_are_redacted_by_what_they_are_written_in(engine):
    assert SECRET.encode() not in checked(HANDLER, engine, f'{{"token": "{SECRET}"}}'.encode(), SECRET)
    assert SECRET.encode() not in checked(
        HANDLER, engine, f'<a><add key="ApiKey" value="{SECRET}"/></a>'.encode(), SECRET
    )


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc")
def test_environment_and_arguments_of_a_real_process(engine):
    show = "import sys; b = sys.stdout.buffer; [b.write(open(f'/proc/self/{n}', 'rb').read()) for n in sys.argv[-1:]]"
    environment = {**os.environ, "API_KEY": f"{SECRET}\nand {SECRET}", "LAST_TOKEN": SECRET}
    command = [sys.executable, "-c", show, "--token", SECRET]
    for name in ("environ", "cmdline"):
        data = subprocess.run([*command, name], env=environment, capture_output=True, check=True).stdout
        assert SECRET.encode() in data
        out = checked(PLAIN, engine, data, SECRET)
        assert out.count(b"\0") == data.count(b"\0")


def test_plain_text_is_left_to_the_rules_for_text(engine):
    out, ledger = redacted(PLAIN, engine, b"SESSION_KEY=on\npassword=Hunter22x\n")
    assert ledger.handler == "text"
    assert b"Hunter22x" not in out


@settings(max_examples=60)
@given(
    value=st.text(
        st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp"), blacklist_characters="\x85"),
        min_size=1,
        max_size=9,
    ),
    name=st.sampled_from(["API_KEY", "X_PASSWORD", "Shop__Token"]),
)
def test_no_planted_secret_survives(engine, value, name):
    value = f"zq{value}qz"
    out, _ = redacted(HANDLER, engine, f"A=1\n{name}={value}\nexport {name}={value}\nB=2\n".encode())
    assert value.encode() not in out
    assert out.count(b"\n") == 4
    assert redacted(HANDLER, engine, out)[0] == out
    out, _ = redacted(PLAIN, engine, f"A=1\0{name}={value}\0--token\0{value}\0B=2".encode())
    assert value.encode() not in out
    assert out.count(b"\0") == 4


@settings(max_examples=40)
@given(at=st.integers(0, 60), byte=st.integers(0, 255), cut=st.integers(0, 60))
def test_damage_is_redacted_or_refused_and_nothing_else(engine, at, byte, cut):
    for handler, text in (
        (HANDLER, b"A=1\nexport API_KEY='a b c'\n#1 f (token=0x1 \"abcdef\")\n" * 2),
        (PLAIN, b"A=1\0API_KEY=abc\0" * 4),
    ):
        damaged(handler, engine, text[:cut])
        damaged(handler, engine, text[:at] + bytes((byte,)) + text[at + 1 :])
