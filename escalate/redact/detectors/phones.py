"""Phone numbers where a word says that they are one: personal data."""

from __future__ import annotations

import re

from escalate.redact.detectors.registry import Detector, Value

_WORD = r"(?:phone|telephone|mobile|tel|fax|msisdn)(?:[_ \-]?(?:number|no|nr))?"


def _is_number(match: Value) -> bool:
    digits: int = sum(48 <= byte <= 57 for byte in match["secret"])
    return 8 <= digits <= 15


DETECTOR = Detector(
    id="phone-number",
    kind="PHONE",
    title="Phone numbers behind a word that says so",
    anchors=(_WORD + r"[\"'\\]{0,3}\s{0,3}[:=]\s{0,3}[\"'\\]{0,3}[+(0-9]",),
    caseless=True,
    pattern=re.compile(
        rb"(?i:(?<![a-z])" + _WORD.encode() + rb")[\"'\\]{0,3}\s{0,3}[:=]\s{0,3}[\"'\\]{0,3}"
        rb"(?P<secret>\+?[0-9(][0-9() ./-]{6,20}[0-9])(?![0-9])"
    ),
    accepts=_is_number,
    after=64,
    positives=(
        ('{"phoneNumber": "+49 171 2345678"}', "171 2345678"),
        ("Tel: (0171) 234-5678", "234-5678"),
    ),
    negatives=("hotel: 12345678", "phone=off", "tel: 110"),
)
