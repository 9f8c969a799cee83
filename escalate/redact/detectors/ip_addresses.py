"""Public IP addresses: pseudonymised, never masked, so that "the same client" and "the same network" survive."""

from __future__ import annotations

import re

from escalate.redact.detectors.registry import Detector, Value
from escalate.redact.keep import is_platform_address

_VERSION = re.compile(rb"(?i)(?:\b(?:v|ver)|version|release|build|[a-z0-9_+]/)[\"'\\\]\s:=(,>]{0,6}$")


def _is_client(match: Value) -> bool:
    if is_platform_address(match["secret"].decode("ascii")):
        return False
    before = match.string[max(0, match.start("secret") - 16) : match.start("secret")]
    if _VERSION.search(before) and not re.search(rb"//$", before):
        return False
    return not match["secret"].endswith(b".0.0")


DETECTORS = (
    Detector(
        id="ipv4-address",
        kind="IP",
        title="Public IPv4 addresses",
        anchors=(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",),
        pattern=re.compile(
            rb"(?:(?<![A-Za-z0-9_.-])|(?<=\\[nrt])|(?<=%[0-9A-F]{2})|(?<=\\u00[0-9A-Fa-f]{2}))"
            rb"(?!10\.|127\.|0\.|169\.254\.|192\.168\.|2[45][0-9]\.)"
            rb"(?P<secret>(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9]))"
            rb"(?![0-9A-Za-z_]|-[A-Za-z0-9]|\.[0-9])"
        ),
        accepts=_is_client,
        before=24,
        after=16,
        mask="address",
        positives=(
            ("203.0.113.9 - - GET /", "203.0.113.9"),
            ("http://20.50.2.1:8080/x", "20.50.2.1"),
            ("Server=203.0.113.78;Database=x", "203.0.113.78"),
            ('"\\n93.184.216.34"', "93.184.216.34"),
            ("from 24.30.1.2 to 25.1.2.3", "24.30.1.2"),
        ),
        negatives=(
            "168.63.129.16 and 169.254.129.1 and 127.0.0.1 and 10.30.0.103 and 172.16.5.4 and 192.168.1.1 and 0.0.0.0",
            "Chrome/118.0.0.0 Safari/537.36",
            "Version=4.8.1.2, Culture=neutral",
            '"version": "20.1.2.3"',
            "v20.50.2.1",
            "lib-1.2.3.4-rc1",
            "1.2.3.4.5",
            "240.12.3.4 is a pseudonym already",
        ),
    ),
    Detector(
        id="ipv6-address",
        kind="IP",
        title="Public IPv6 addresses",
        anchors=(
            r"[23][0-9a-f]{3}:(?:[0-9a-f]{1,4}:){0,6}:",
            r"[23][0-9a-f]{3}:(?:[0-9a-f]{1,4}:){6}[0-9a-f]",
            r"::ffff:[0-9a-f]{1,4}:[0-9a-f]",
        ),
        caseless=True,
        pattern=re.compile(
            rb"(?:(?<![A-Za-z0-9:.])|(?<=\\[nrt])|(?<=%5[bB]))(?P<secret>(?:[23][0-9A-Fa-f]{3}:|::[fF]{4}:)[0-9A-Fa-f:]{1,34}[0-9A-Fa-f:])(?![0-9A-Za-z:]|\.[0-9])"
        ),
        accepts=_is_client,
        before=48,
        after=48,
        mask="address",
        positives=(
            ("from [2a01:111:f100:2000::a83e:3375]:443", "2a01:111:f100:2000::a83e:3375"),
            ("2600:1f18::1 GET", "2600:1f18::1"),
        ),
        negatives=(
            "fe80::1 and ::1 and fd00::5",
            "08/Oct/2021:09:20:07 +0000",
            "2001:db8::5 is a pseudonym already",
            "ACE::DB::open",
            "2222:33",
        ),
    ),
)
