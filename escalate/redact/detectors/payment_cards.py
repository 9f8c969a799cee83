"""Payment card numbers: issuer prefix, Luhn, and either grouping or a word nearby that says so."""

from __future__ import annotations

import re

from escalate.redact.detectors.registry import Detector, Value

_ISSUER = re.compile(
    rb"(?:4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|3(?:0[0-5]|[68])|6(?:011|5|4[4-9])|35(?:2[89]|[3-8]))[0-9]+"
)
_CONTEXT = re.compile(rb"(?i)(?:card|credit|debit|visa|master|amex|maestro|payment|\bpan\b|\bcc(?:num|_|\b))")


def _is_card(match: Value) -> bool:
    digits = re.sub(rb"[ -]", b"", match["secret"])
    if not 13 <= len(digits) <= 19 or _ISSUER.fullmatch(digits) is None or len(set(digits)) < 2:
        return False
    total = 0
    for place, byte in enumerate(reversed(digits)):
        number = byte - 48
        number = number * 2 - (9 if number > 4 else 0) if place % 2 else number
        total += number
    if total % 10:
        return False
    grouped = re.search(rb"[ -]", match["secret"]) is not None
    return grouped or _CONTEXT.search(match.string[max(0, match.start() - 48) : match.start()]) is not None


DETECTOR = Detector(
    id="payment-card",
    kind="CARD",
    title="Payment card numbers",
    anchors=(
        r"(?:card|credit|debit|visa|master|amex|maestro|payment|pan|cc)[^\r\n]{0,40}?[3-6][0-9]{12}",
        r"[2-6][0-9]{3}[ \-][0-9]{4}[ \-][0-9]{4}[ \-][0-9]{1,4}",
        r"3[47][0-9]{2}[ \-][0-9]{6}[ \-][0-9]{5}",
    ),
    caseless=True,
    pattern=re.compile(
        rb"(?<![0-9A-Za-z.-])(?P<secret>[2-6][0-9]{12,18}"
        rb"|[2-6][0-9]{3}([ -])[0-9]{4}\2[0-9]{4}\2[0-9]{1,7}"
        rb"|3[47][0-9]{2}([ -])[0-9]{6}\3[0-9]{5})(?![0-9A-Za-z-]|\.[0-9])"
    ),
    accepts=_is_card,
    after=24,
    positives=(
        ("charged 4111 1111 1111 1111 today", "4111 1111 1111 1111"),
        ('{"card": 5555555555554444}', "5555555555554444"),
        ("amex 3782-822463-10005", "3782-822463-10005"),
    ),
    negatives=(
        "order 4111111111111111 shipped",
        "ticks 638765432109876543",
        "card 4111111111111112",
        "id 2026-0404-0558-4500",
    ),
)
