"""Strings that a debugger prints behind the pointer to them: `password=0x55d0 "..."`."""

from __future__ import annotations

import re

from escalate.redact.detectors.assignments import names_a_secret
from escalate.redact.detectors.grammar import QUOTE, is_value
from escalate.redact.detectors.registry import Detector, Value

_WAKES = r"(?:pass|pwd|secret|token|key|credential|jwt|otp|bearer)\w{0,20}"
_POINTER = r"\s{0,2}=\s{0,2}0x[0-9a-f]{1,16}\s{1,2}(?:(?:<|&lt;)[^<>&\r\n]{0,80}(?:>|&gt;)\s{1,2})?"


def _is_secret(match: Value) -> bool:
    return names_a_secret(match["name"].decode("ascii", "replace")) and is_value(match["secret"])


DETECTOR = Detector(
    id="debugger-string",
    kind="SECRET",
    title="Strings behind a pointer whose name says that they are secret (gdb, lldb)",
    anchors=(_WAKES + _POINTER + r"(?:\\{0,8}[\"'`]|&quot;|&#34;|%22|\\{1,4}u0022)[^\r\n]",),
    caseless=True,
    pattern=re.compile(
        rb"(?<![A-Za-z0-9_])(?P<name>[A-Za-z_]\w{2,63})"
        + _POINTER.encode()
        + rb"(?P<quote>"
        + QUOTE
        + rb")(?P<secret>(?:(?!(?P=quote))(?:\\\\[^\r\n]|[^\r\n\x00<])){3,2048})(?=(?P=quote))"
    ),
    accepts=_is_secret,
    before=192,
    positives=(
        ('#1 connect (user=0x55d0 "shop", password=0x55d0a1 "opensesame", n=3) at a.c:1', "opensesame"),
        ('$1 = {api_key = 0x7ffe1234 <buffer+16> "k3yk3yk3yk3y", n = 3}', "k3yk3yk3yk3y"),
    ),
    negatives=(
        '#1 lookup (keyword=0x55d0 "select", key=0x55d0a1 "color", n=3) at a.c:1',
        'password=0x55d0 "", n=3',
    ),
)
