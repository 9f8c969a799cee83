"""What the verifier's engine finds, and what it must leave alone."""

from __future__ import annotations

import base64
import json
import random
import string
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalate.bundle.second_engine import KNOWN_VALUE, SecondEngine
from escalate.bundle.verify_secrets import Leak, SecretScanner
from escalate.redact.forms import forms as redacted_forms

ENGINE = SecondEngine()
_NOISE = random.Random(7)


def _letters(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(_NOISE.choices(alphabet, k=length))


B64_86 = _letters(86, string.ascii_letters + string.digits + "+/")
JWT = f"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJodHRwczovL3ZhdWx0In0.{_letters(60)}"
PEM_BODY = "\n".join(_letters(64, string.ascii_letters + string.digits + "+/") for _ in range(4))

SECRETS = {
    "storage": f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={B64_86}==;EndpointSuffix=core.windows.net",
    "service bus": f"Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={B64_86[:43]}=",
    "sql": "Server=tcp:x.database.windows.net,1433;User ID=app;Password=Tr0ub4dor&3;Encrypt=True",
    "sql with a word": "Server=x;Uid=app;Pwd=horsebattery;Database=d",
    "bearer": f"Authorization: Bearer {_letters(40)}",
    "bearer in curl": f"curl -H 'Authorization: Bearer {_letters(40)}' https://x",
    "jwt": f"token was {JWT}",
    "jwt, colon": f'{{"id_token":"{JWT}"}}',
    "sas": f"https://x.blob.core.windows.net/c?sv=2023-01-03&se=2026-01-01&sig={quote(B64_86[:43] + '=', safe='')}",
    "sas after a blank": f"signature: sig={quote(B64_86[:43] + '=', safe='')}",
    "sas, escaped": f"\\u0026sig\\u003d{quote(B64_86[:43] + '=', safe='')}",
    "identifiable storage key": f"{B64_86[:76]}+AStA1b2cA==",
    "functions key": f"x {_letters(44)}AzFu{_letters(5)}A==",
    "cask key": f"key is {_letters(52)}JQQJ99A{'B'}{_letters(16)}a{_letters(7)}",
    "entra secret": f"abc8Q~{_letters(34)}",
    "redis": f"x.redis.cache.windows.net:6380,password={B64_86[:43]}=,ssl=True",
    "publishing profile": f'<publishProfile userName="$x" userPWD="{_letters(60)}" />',
    "pem": f"-----BEGIN PRIVATE KEY-----\n{PEM_BODY}\n-----END PRIVATE KEY-----",
    "pem in json": json.dumps(f"-----BEGIN RSA PRIVATE KEY-----\n{PEM_BODY}\n-----END RSA PRIVATE KEY-----"),
    "url": "connecting to postgres://app:s3cr3tpw@db.internal:5432/shop",
    "url with a word": "amqp://svc:rabbithole@mq",
    "keyword": "DB_PASSWORD=hunter2x",
    "keyword, colon": "password: hunter2!x",
    "keyword in json": '{"password":"opensesame"}',
    "keyword in json in json": '"{\\"password\\":\\"opensesame\\"}"',
    "yaml": "clientSecret: " + _letters(32),
    "client secret as a guid": "client_secret=0b5c6a1e-3f0e-4c8a-9f3a-2f6f8f1c2d3e",
    "api key": f"X-Api-Key: {_letters(32)}",
    "subscription key": f"Ocp-Apim-Subscription-Key: {_letters(40)}",
    "identity header": f"IDENTITY_HEADER={_letters(32)}",
    "app setting of the az client": json.dumps(
        [{"name": "DB_PASSWORD", "slotSetting": False, "value": "opensesame1"}], indent=2
    ),
    "web.config": '<add key="SmtpPassword" value="opensesame1" />',
    "xml element": "<Password>opensesame</Password>",
    "github": f"ghp_{_letters(36)}",
    "slack": f"xoxb-{_letters(24)}",
    "aws": "AKIAIOSFODNN7EXAMPLE2"[:20],
    "cookie": f"Cookie: ARRAffinity={'a1' * 32}; AppServiceAuthSession={_letters(60)}",
    "cookie in a W3C log": f"ARRAffinity={'a1' * 32};+AppServiceAuthSession={_letters(60)} - 200",
    "set-cookie": f"Set-Cookie: connect.sid=s%3A{_letters(32)}; Path=/; HttpOnly",
    "basic": "Authorization: Basic " + base64.b64encode(b"deploy:hunter2x").decode(),
    "shared key": f"Authorization: SharedKey acct:{B64_86[:43]}=",
    "function address": f"POST https://f.azurewebsites.net/api/go?code={_letters(54)}==",
    "command line": "az login --service-principal --password Zx81-spectrum",
}

ORDINARY = [
    b"    self, private_key: ed25519.Ed25519PrivateKey, f_priv: _FragList",
    b"2026-04-04T05:58:45.548020900Z [1905] [CRITICAL] WORKER TIMEOUT (pid:1905)",
    b"sshd(pam_unix)[19939]: authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=218.188.2.4",
    b"Failed password for invalid user admin from 10.0.0.5 port 4022 ssh2",
    b"password: ********",
    b"Password=***;User ID=[R:USER:AB12CD]",
    b"sig=[R:SAS:AB12CD]",
    b"new URL('https://abc:email-0f4749@redacted.invalid/x')",
    b'{"name": "TOKEN_LIFETIME", "value": "3600"}, {"name": "SECRET_ROTATION", "value": "weekly"}',
    b"private_key = ed25519.Ed25519PrivateKey.from_private_bytes(d); token = secrets.token_hex(_TOKEN_HEX_LENGTH)",
    b"[R:PASSWORD:3FA9C1] and [R:TOKEN:3FA9C1] and [R_CLIENT-SECRET_3FA9C1]",
    "a cut line: ?x=1&password=[R:PASSW\u2026".encode(),
    b"https://x.blob.core.windows.net/c?sv=2023-01-03&sig=[R:SAS:AB12CD]&se=2026-01-01T00%3A00%3A00Z",
    b"Authorization: Bearer [R:BEARER:0A1B2C] trace_4bf92f3577b34da6a3ce929d0e0e4736",
    b"AccountName=x;AccountKey=[R:AZURE-STORAGE-KEY:AB12CD];EndpointSuffix=core.windows.net",
    b"-----BEGIN PRIVATE KEY-----\n[R:PEM:AB12CD]\n-----END PRIVATE KEY-----",
    b"postgres://app:[R:URL-PASSWORD:AB12CD]@db.internal:5432/shop",
    b"AccountKey=[R:3fa9c1aabbcc]*********************",
    b"Cookie: ARRAffinity=" + b"a1" * 32 + b"; lang=en-us-and-more-words",
    b"Set-Cookie: ARRAffinity=" + b"0f" * 32 + b";Path=/;HttpOnly;Domain=x.azurewebsites.net",
    b"operation_Id 4bf92f3577b34da6a3ce929d0e0e4736",
    b"traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    b"x-ms-correlation-request-id: 0b5c6a1e-3f0e-4c8a-9f3a-2f6f8f1c2d3e",
    b"System.Web, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a",
    b"TokenAcquisition: token: 0b5c6a1e-3f0e-4c8a-9f3a-2f6f8f1c2d3e",
    b"SyntaxError: Unexpected token: punc (})",
    b"MATERIALIZED sha256-" + base64.b64encode(bytes(range(32))) + b" app.js",
    b'"integrity": "sha512-' + base64.b64encode(bytes(range(64))) + b'"',
    b"PWD=/home/site/wwwroot OLDPWD=/home",
    b'File "/app/db.py", line 12, in connect\n    password=os.environ["DB_PASSWORD"],',
    b"    secret = settings.client_secret,",
    b'{"name": "DB_PASSWORD", "slotSetting": false, "value": "[R:SETTING:AB12CD]"}',
    b'{"name": "DB_PASSWORD", "value": null}',
    b"ConnectionString=@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/db/0123456789abcdef0123456789abcdef)",
    b"Password: ${DB_PASSWORD} {{ password }} %PASSWORD% <password>",
    b"The password must contain at least 8 characters; secret rotation: completed in 12ms",
    b"SPN bearer authentication failed: Bearer error=invalid_token, error_description=expired",
    b"spark://CoarseGrainedScheduler@10.10.34.11:48069 akka.tcp://driver@10.0.0.1:41823",
    b"http://[::1]:8080/x https://a.example:443/@scope/package file:///home/x.js:10:5",
    b"Mounted secret: default-token-abc12 volumes at /var/run/secrets/kubernetes.io/serviceaccount",
    b"[INFO] basic authentication enabled; Basic realm=x; design=signature1; config=abcdefghijklmnopqrstuvwxyz1234",
    b"statuscode=200 errorcode=0x80070005 /api/x?code=404&state=ok",
    b"Primary key: id, foreign key: order_id; access key: none; api key: missing",
    b"RD00155D3A7F12 waws-prod-am2-123 169.254.130.3:8080 168.63.129.16",
    b"waiting on condition [0x00007f2c4bffe000] - parking to wait for <0x00000000e3a0b2c8>",
]


def _scan(data: bytes, engine: SecondEngine = ENGINE, chunk: int = 1 << 16) -> list[Leak]:
    scanner = SecretScanner(engine)
    for start in range(0, len(data), chunk):
        scanner.feed(data[start : start + chunk])
    return scanner.finish()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("family", SECRETS)
def test_each_family_is_found_on_its_line_in_each_encoding(family: str, encoding: str) -> None:
    text = f"an ordinary line\nanother one\n{SECRETS[family]}\nand one after\n"
    leaks = _scan(text.encode(encoding))
    assert leaks
    last = 3 + SECRETS[family].count("\n")
    assert all(3 <= leak.line <= last for leak in leaks)


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_lines_are_left_alone(line: bytes) -> None:
    assert _scan(b"before\n" + line + b"\nafter\n") == []
    assert _scan(line.decode().encode("utf-16-le")) == []


def test_ordinary_lines_stay_ordinary_side_by_side() -> None:
    assert _scan(b"\n".join(ORDINARY * 50)) == []


@given(st.integers(0, 200_000), st.sampled_from(sorted(SECRETS)), st.integers(1, 70_000))
def test_a_secret_is_found_wherever_the_chunks_are_cut(before: int, family: str, chunk: int) -> None:
    data = (b"0123456789 abcdef\n" * (before // 18 + 1))[:before] + b"\n" + SECRETS[family].encode() + b"\n"
    leaks = _scan(data, chunk=max(chunk, len(data) // 40))
    assert leaks
    assert leaks[0].line >= data[:before].count(b"\n") + 1


KNOWN = "p/w+\"ü&<'=\\ 12"


@pytest.mark.parametrize(
    "hidden",
    [
        KNOWN.encode(),
        KNOWN.encode("utf-16-le"),
        KNOWN.encode("utf-16-be"),
        quote(KNOWN, safe="").encode(),
        quote(KNOWN, safe="").lower().replace("%5c", "%5c").encode(),
        json.dumps(KNOWN).encode(),
        json.dumps(KNOWN, ensure_ascii=False).encode(),
        KNOWN.encode().hex().encode(),
        KNOWN.encode().hex().upper().encode(),
        KNOWN.replace("&", "&amp;").replace("<", "&lt;").encode(),
        *(base64.b64encode(b"x" * lead + KNOWN.encode() + b"tail") for lead in range(3)),
        *(base64.urlsafe_b64encode(b"x" * lead + KNOWN.encode()) for lead in range(3)),
        base64.b64encode(b"xy" + KNOWN.encode()).decode().encode("utf-16-le"),
        base64.b64encode(b"xy" + KNOWN.encode()).decode().encode("utf-16-be"),
        *(base64.b64encode(b"x" * lead + KNOWN.encode("utf-16-le")) for lead in range(3)),
        quote(base64.b64encode(KNOWN.encode()), safe="").encode(),
        quote(KNOWN, safe="").encode("utf-16-le"),
        KNOWN.encode().hex().encode("utf-16-be"),
        KNOWN.encode("utf-16-le").hex().encode(),
        json.dumps(json.dumps(KNOWN)).encode(),
        json.dumps(KNOWN).replace("&", "\\u0026").replace("<", "\\u003c").encode(),
        "".join(f"\\u{ord(letter):04X}" for letter in KNOWN).encode(),
        escape(KNOWN, {'"': "&quot;", "'": "&#39;"}).encode(),
        escape(KNOWN, {'"': "&#34;", "'": "&apos;"}).encode("utf-16-le"),
    ],
)
def test_a_known_value_is_found_in_every_encoding(hidden: bytes) -> None:
    engine = SecondEngine([KNOWN.encode()])
    assert [leak.rule for leak in _scan(b"line\nx " + hidden + b" y\n", engine)] == [KNOWN_VALUE]


@given(st.binary(min_size=8, max_size=60), st.binary(max_size=5), st.binary(max_size=5))
def test_any_known_bytes_are_found_plain_in_hex_and_in_base64(value: bytes, before: bytes, after: bytes) -> None:
    engine = SecondEngine([value])
    for hidden in (value, value.hex().encode(), base64.b64encode(before + value + after)):
        assert KNOWN_VALUE in {leak.rule for leak in _scan(b"some text, " + hidden + b", more", engine)}


def test_each_form_that_the_redactor_masks_is_one_that_the_verifier_finds() -> None:
    engine = SecondEngine([KNOWN.encode()])
    missed = [form for form in redacted_forms(KNOWN) if not _scan(b"line\nx " + form + b" y\n", engine)]
    assert missed == []


@given(st.text("abcXYZ019&<>'\"=+`/\\ü\u2028€%;:~!*()^", min_size=8, max_size=40))
@settings(max_examples=40, deadline=None)
def test_the_two_engines_agree_on_the_forms_of_any_value(value: str) -> None:
    engine = SecondEngine([value.encode()])
    missed = [form for form in redacted_forms(value) if not _scan(b"line\nx " + form + b" y\n", engine)]
    assert missed == []


def test_a_long_known_value_is_found_where_it_was_folded() -> None:
    value = _letters(4_000, string.ascii_letters + string.digits)
    folded = "\n".join(value[at : at + 1_000] for at in range(0, 4_000, 1_000))
    assert {leak.rule for leak in _scan(folded.encode(), SecondEngine([value.encode()]))} == {KNOWN_VALUE}


def test_known_values_too_short_to_mean_anything_are_not_searched() -> None:
    assert _scan(b"true and false\n" * 10, SecondEngine([b"true", b""])) == []


def test_the_lists_of_hits_stay_short_in_a_file_full_of_secrets() -> None:
    leaks = _scan(b"DB_PASSWORD=hunter2x\n" * 5_000)
    assert len(leaks) == 20
    assert [leak.line for leak in leaks] == list(range(1, 21))


def test_the_scanner_holds_little_of_a_line_without_end() -> None:
    scanner = SecretScanner(ENGINE)
    for _ in range(200):
        scanner.feed(b"a" * 65_536)
        assert len(scanner._buffer) < 200_000
    assert scanner.finish() == []
