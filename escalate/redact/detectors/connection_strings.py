"""Secret parts of connection strings: they need no look at the value, their name says it all."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import AMPERSAND, EQUALS, is_path, is_value
from escalate.redact.detectors.registry import Detector, Value

_KEY = b"0123456789abcdefghijABCDEFGHIJ0123456789+/=="
_PART = rb"(?:[A-Za-z0-9+/=_~.-]|\\{1,4}(?:/|u002[bBfF]|u003[dD])|%(?:25)?(?:2[bBfF]|3[dD]))"
_FREE = (
    rb"(?:&(?:amp;){0,3}quot;(?:(?!&(?:amp;){0,3}quot;)[^\r\n<>\"])+|"
    + AMPERSAND
    + rb"|\\(?![nrt\"'\s\\u])[^\s]|\\u(?!00(?:2[27]|3[cCeEbB]|0[0-9a-fA-F]))[0-9a-fA-F]{4}"
    rb"|\\\\(?![nrt\"'])|(?!%3[bB])[^;\"'<>&\s\\\x00-\x1f])"
)


def _is_phrase(match: Value) -> bool:
    return is_value(match["secret"]) and b"=" not in match["secret"]


def _is_password(match: Value) -> bool:
    secret = match["secret"]
    return len(secret) >= 3 and is_value(secret.rstrip(b",)}")) and not _is_folder(match)


def _is_folder(match: Value) -> bool:
    """Whether it is the working directory of a process: PWD alone, with an absolute path."""
    if not match["secret"].startswith(b"/") or match["name"] != b"PWD" or match[0][:1] in b";&,%":
        return False
    before = match.string[max(0, match.start() - 8) : match.start() + 1].rstrip()
    return (
        is_path(match["secret"]) and not before.endswith(b";") and match.string[match.end() : match.end() + 1] != b";"
    )


DETECTORS = (
    Detector(
        id="connection-string-key",
        kind="CONNKEY",
        title="AccountKey, SharedAccessKey, SharedSecretValue of storage, Cosmos DB, Service Bus and Event Hubs",
        anchors=(
            r"(?:AccountKey|SharedAccessKey|SharedSecretValue|SharedSecret|;Secret|AccessKey)\s{0,4}(?:=|\\{1,4}u003d|%3d|%253d)",
        ),
        caseless=True,
        pattern=re.compile(
            rb"(?i:AccountKey|SharedAccessKey|SharedSecretValue|SharedSecret|;Secret|AccessKey)[ ]{0,4}"
            + EQUALS
            + rb"[ ]{0,4}(?P<secret>"
            + _PART
            + rb"{8,4096})"
        ),
        learn=True,
        positives=(
            (
                "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey="
                + _KEY.decode()
                + ";EndpointSuffix=core.windows.net",
                _KEY.decode(),
            ),
            (
                "Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=" + _KEY.decode(),
                _KEY.decode(),
            ),
            (
                '{"c": "AccountEndpoint=https://x.documents.azure.com:443/;AccountKey=abcdefgh\\/12345\\u003d\\u003d;"}',
                "12345",
            ),
            ("conn%3DAccountKey%3Dabcd1234efgh%2B5678%3D%3D%3BEndpointSuffix", "5678"),
        ),
        negatives=(
            "Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey",
            "AccountKey= is missing",
        ),
    ),
    Detector(
        id="connection-string-password",
        kind="PASSWORD",
        title="Password and Pwd of database and cache connection strings",
        anchors=(
            r"[;,\"'\s&](?:password|pwd|user password|db password)\s{0,4}(?:=|\\u003d|%3d)[^\s;]",
            r"%3b(?:password|pwd)%3d",
        ),
        caseless=True,
        pattern=re.compile(
            rb"(?:[;,\"'\s&]|%3[bB])(?P<name>(?i:password|pwd|user password|db password))[ ]{0,4}"
            + EQUALS
            + rb"[ ]{0,4}(?P<secret>"
            + _FREE
            + rb"{3,2048})"
        ),
        accepts=_is_password,
        learn=True,
        positives=(
            (
                "Server=tcp:db.example.net,1433;Database=shop;User ID=sa;Password=Tr0ub4dor&3,x{y};Encrypt=true",
                "Tr0ub4dor&3,x{y}",
            ),
            ("cache.redis.cache.windows.net:6380,password=abc123DEF456ghi=,ssl=True", "abc123DEF456ghi="),
            ('<add name="Db" connectionString="Server=x;Pwd=aB3&amp;x9;Database=y"/>', "aB3&amp;x9"),
            ("Server=x; PWD=/s3cr3t/x; Database=y", "/s3cr3t/x"),
            ('<add connectionString="Server=x;Password=&quot;se;cret1&quot;;Database=y"/>', "se;cret1"),
        ),
        negatives=(
            "PWD=/home/site/wwwroot\nOLDPWD=/home",
            "HOME=/root\nPWD=/home/x\nOLDPWD=/",
            "env: PWD=/home/site/wwwroot TERM=xterm",
            '["PATH=/bin", "PWD=/app"]',
            "Login failed;Password= ;Reason",
            "connect (user=0x7ffe1234, password=0x55, n=3) at auth.c:1",
            "$1 = {user = 0x0, password = 0x55d0a1b2}",
        ),
    ),
    Detector(
        id="connection-string-phrase",
        kind="PASSWORD",
        title="Passwords with blanks, or in braces, in connection strings",
        anchors=(r"(?:password|pwd)\s{0,4}=\s{0,4}(?:[^;\"'<>=\s\\{]{1,64} [^;\"'<>=\s\\]|\{[^}\"'<>\s]{1,128}\})",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:password|pwd)[ ]{0,4}=[ ]{0,4}"
            rb"(?P<secret>\{[^}\"'<>\s]{1,128}\}|[^;\"'<>=\r\n\\{]{1,128}(?=;[ ]{0,4}[A-Za-z][A-Za-z ]{1,40}=))"
        ),
        accepts=_is_phrase,
        before=240,
        learn=True,
        positives=(
            ("Server=s;Password=my secret pass;Encrypt=true", "secret pass"),
            ("jdbc:sqlserver://h:1433;user=sa;password={se;cret99}", "se;cret99"),
        ),
        negatives=("password={password}", "Password={0};User={1}"),
    ),
)
