"""Cookies that stand for a session: by their names, and whole Cookie headers."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import QUOTE, is_random
from escalate.redact.detectors.registry import Detector, Value

_NAMES = (
    rb"(?:ARRAffinitySameSite|ARRAffinity|AppServiceAuthSession(?:[0-9]{1,2})?|\.AspNetCore\.[\w.-]{1,64}|\.AspNet\.[\w.-]{1,64}"
    rb"|\.ASPXAUTH|ASP\.NET_SessionId|JSESSIONID|PHPSESSID|connect\.sid|express\.sid|laravel_session|ci_session"
    rb"|__RequestVerificationToken[\w-]{0,32}|XSRF-TOKEN|csrftoken|session(?:[_-]?id)?|sid|FedAuth1?|ESTSAUTH\w{0,12}|rack\.session)"
)
_ANCHOR = (
    r"(?:ARRAffinity(?:SameSite)?(?:%3d|\\{0,4}[\"']\s{0,4}[:,])|(?:AppServiceAuthSession[0-9]{0,2}|\.AspNet(?:Core)?\.[\w.\-]{1,64}|\.ASPXAUTH"
    r"|ASP\.NET_SessionId|JSESSIONID|PHPSESSID|(?:connect|express)\.sid|laravel_session|ci_session"
    r"|__RequestVerificationToken[\w\-]{0,32}|XSRF-TOKEN|csrftoken|session(?:[_\-]?id)?|sid|FedAuth1?|ESTSAUTH\w{0,12}|rack\.session)"
    r"(?:(?:=|%3d)[\w%+/=~|:!*.\-]{4}"
    r"|\\{0,4}[\"']\s{0,4}(?:,|:\s{0,4}(?:\\{0,8}[\"'`][\w%+/=~|:!*.\-]|&|%2|\\{1,4}u))))"
)
_HASH = "5c1b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b"


def _is_session(match: Value) -> bool:
    secret = match["secret"]
    return is_random(secret) and not secret.startswith(b"S-1-")


DETECTORS = (
    Detector(
        id="session-cookie",
        kind="COOKIE",
        title="Session and affinity cookies by name",
        anchors=(r"ARRAffinity(?:SameSite)?=[\w%+/=~|:!*.\-]{4}", _ANCHOR),
        begins=(b"ARRAffinity", b""),
        caseless=True,
        pattern=re.compile(
            rb"(?<![A-Za-z0-9])(?i:"
            + _NAMES
            + rb")(?:=|%3[dD]|"
            + QUOTE
            + rb"\s{0,4}:\s{0,4}"
            + QUOTE
            + rb"|"
            + QUOTE
            + rb"\s{0,4},\s{0,40}"
            + QUOTE
            + rb"value"
            + QUOTE
            + rb"\s{0,4}:\s{0,4}"
            + QUOTE
            + rb")"
            rb"(?P<secret>[A-Za-z0-9%+/_=~|:!*.-]{8,4096})"
        ),
        head=re.compile(rb"[aA.jJpPcCeElL_xXsSfFrR](?<![A-Za-z0-9].)(?=[rRpPsSaAhHoOiIxX_eE])"),
        accepts=_is_session,
        positives=(
            (f"ARRAffinity={_HASH};+ARRAffinitySameSite={_HASH}", _HASH),
            ('{"name": "AppServiceAuthSession", "value": "q1w2e3r4t5y6u7i8"}', "q1w2e3r4t5y6u7i8"),
            ("set .AspNetCore.Session=CfDJ8N%2Fabcdefgh12345678; path=/", "CfDJ8N%2Fabcdefgh12345678"),
            ("JSESSIONID=0A1B2C3D4E5F60718293A4B5C6D7E8F9", "0A1B2C3D4E5F60718293A4B5C6D7E8F9"),
        ),
        negatives=(f"instance {_HASH}", "sid=S-1-5-21-1004336348-1177238915", "session=3 of 4", "ARRAffinity=none"),
    ),
    Detector(
        id="cookie-header",
        kind="COOKIE",
        title="Cookie headers, whole, and the first pair of Set-Cookie",
        anchors=(r"cookie\\{0,4}[\"']?\s{0,4}:\s{0,4}\\{0,4}[\"']?\[?\\{0,4}[\"']?[\w.\-]{1,64}=[^\s\"';,]{8}",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:(?<!set-)cookie)(?:"
            + QUOTE
            + rb")?[ \t]{0,4}:[ \t]{0,4}\[?(?:"
            + QUOTE
            + rb")?(?P<secret>[\w.-]{1,64}=[^\r\n\"'\\<>\x00]{8,4000})"
        ),
        before=160,
        positives=(
            ("Cookie: a=0123456789; b=zyxwvut987", "zyxwvut987"),
            ('{"Cookie": "id=0123456789abc; x=y"}', "0123456789abc"),
        ),
        negatives=("cookie: not set", "Cookie policy: strict=same-site"),
    ),
    Detector(
        id="set-cookie-header",
        kind="COOKIE",
        title="Values that Set-Cookie hands out",
        anchors=(r"set-cookie\\{0,4}[\"']?\s{0,4}:\s{0,4}\\{0,4}[\"']?\[?\\{0,4}[\"']?[\w.\-]{1,64}=[^\s\"';,]{8}",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:set-cookie)(?:"
            + QUOTE
            + rb")?[ \t]{0,4}:[ \t]{0,4}\[?(?:"
            + QUOTE
            + rb")?[\w.-]{1,64}=(?P<secret>[^\s\"'\\<>;,\x00]{8,4000})"
        ),
        before=160,
        positives=(("Set-Cookie: cart=0123456789abcdef; Path=/; HttpOnly", "0123456789abcdef"),),
        negatives=("Set-Cookie: a=b; Path=/",),
    ),
)
