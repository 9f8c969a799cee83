"""National ids, only for who asks: a word that says so, the shape, and check digits where the number has them."""

from __future__ import annotations

import re

from escalate.redact.detectors.registry import Detector, Value

_GAP = r"[^\r\n0-9]{0,24}?"
_SSN = r"(?:\bssn|social[ _-]?security)"
_GERMAN = r"(?:steuer-?id|steuer-?identifikationsnummer|\bidnr|tax[ _-]?id)"
_BRITISH = r"(?:\bnino|\bni[ _-]?(?:number|no)|national[ _-]?insurance)"
_NO_PREFIX = (b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ")


def _is_social_security(match: Value) -> bool:
    """No number begins with 000, 666 or 9, has a group 00 or ends with 0000 (Social Security Administration)."""
    digits = re.sub(rb"[^0-9]", b"", match["secret"])
    return digits[:3] not in (b"000", b"666") and digits[:1] != b"9" and digits[3:5] != b"00" and digits[5:] != b"0000"


def _is_german_tax_id(match: Value) -> bool:
    """Eleven digits, the last of which is a check digit after ISO 7064, mod 11,10."""
    digits = re.sub(rb"[^0-9]", b"", match["secret"])
    product = 10
    for byte in digits[:10]:
        total = (byte - 48 + product) % 10 or 10
        product = total * 2 % 11
    return digits[:1] != b"0" and (11 - product) % 10 == digits[10] - 48


def _is_national_insurance(match: Value) -> bool:
    """Some prefixes are never given out (HMRC, NIM39110); there is no check digit."""
    return match["secret"][:2].upper() not in _NO_PREFIX


DETECTORS = (
    Detector(
        id="us-social-security",
        kind="NATIONALID",
        title="US social security numbers (only with --national-ids)",
        anchors=(_SSN + _GAP + r"[0-9]{3}[ \-]?[0-9]{2}[ \-]?[0-9]{4}",),
        caseless=True,
        pattern=re.compile(
            rf"(?i:{_SSN}){_GAP}".encode() + rb"(?<![0-9])(?P<secret>[0-9]{3}([ -]?)[0-9]{2}\2[0-9]{4})(?![0-9-])"
        ),
        accepts=_is_social_security,
        on_request=True,
        positives=(
            ("SSN: 536-90-4399", "536-90-4399"),
            ('{"socialSecurityNumber": "536904399"}', "536904399"),
        ),
        negatives=("ssn=000-12-3456", "order 536-90-4399", "SSN: 666-90-4399"),
    ),
    Detector(
        id="german-tax-id",
        kind="NATIONALID",
        title="German tax ids (only with --national-ids)",
        anchors=(_GERMAN + _GAP + r"[1-9](?: ?[0-9]){10}",),
        caseless=True,
        pattern=re.compile(
            rf"(?i:{_GERMAN}){_GAP}".encode() + rb"(?<![0-9])(?P<secret>[1-9](?: ?[0-9]){10})(?! ?[0-9])"
        ),
        accepts=_is_german_tax_id,
        on_request=True,
        positives=(
            ("Steuer-ID: 86095742719", "86095742719"),
            ('{"taxId": "86 095 742 719"}', "86 095 742 719"),
        ),
        negatives=("Steuer-ID: 86095742718", "order 86095742719"),
    ),
    Detector(
        id="uk-national-insurance",
        kind="NATIONALID",
        title="UK national insurance numbers (only with --national-ids)",
        anchors=(_BRITISH + r"[^\r\n]{0,24}?[A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]",),
        caseless=True,
        pattern=re.compile(
            rf"(?i:{_BRITISH})".encode() + rb"[^\r\n]{0,24}?(?<![A-Za-z0-9])(?i:(?P<secret>[A-CEGHJ-PR-TW-Z]"
            rb"[A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]))(?![A-Za-z0-9])"
        ),
        accepts=_is_national_insurance,
        on_request=True,
        positives=(
            ("NI number AB 12 34 56 C", "AB 12 34 56 C"),
            ("nino=AB123456C&x=1", "AB123456C"),
        ),
        negatives=("nino=GB123456C", "part AB123456C"),
    ),
)
