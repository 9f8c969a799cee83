"""Credentials in Authorization headers, and bearer tokens wherever they stand."""

from __future__ import annotations

import base64
import binascii
import re

from escalate.redact.detectors.grammar import QUOTE, is_random, is_value
from escalate.redact.detectors.registry import Detector, Value

_SCHEMES = rb"(?i:Bearer|Basic|Digest|Negotiate|NTLM|SharedKeyLite|SharedKey|SharedAccessSignature|ApiKey|Token|Hawk)"


def _is_basic(match: Value) -> bool:
    try:
        return b":" in base64.b64decode(match["secret"] + b"==")
    except (binascii.Error, ValueError):
        return False


DETECTORS = (
    Detector(
        id="authorization-header",
        kind="AUTH",
        title="Authorization and Proxy-Authorization headers",
        anchors=(r"authorization\\{0,4}[\"']?\s{0,4}[:=,]\s{0,4}[\"'\\\[\s]{0,4}[A-Za-z0-9]",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:authorization)(?:"
            + QUOTE
            + rb")?[ \t]{0,4}[:=,][ \t]{0,4}\[?(?:"
            + QUOTE
            + rb")?(?:"
            + _SCHEMES
            + rb"(?:[ +:]|%20){1,4})?"
            rb"(?P<secret>[A-Za-z0-9+/=_~.:%-]{8,4096})"
        ),
        accepts=lambda match: is_value(match["secret"]) and is_random(match["secret"]),
        learn=True,
        positives=(
            ("Authorization: Bearer abcdef1234567890abcdef", "abcdef1234567890abcdef"),
            ('{"Authorization": ["Basic dXNlcjpwYXNzd29yZDE="]}', "dXNlcjpwYXNzd29yZDE="),
            ("proxy-authorization=Negotiate YIIF5wYGKwYBBQUCoIIF2zCCBdeg", "YIIF5wYGKwYBBQUCoIIF2zCCBdeg"),
            ("Authorization: 0123456789abcdef0123456789abcdef", "0123456789abcdef"),
            ("Authorization: SharedKey shop:abcDEF123456789012345678901234567890123456=", "abcDEF1234567890"),
        ),
        negatives=(
            "Authorization: failed",
            "authorization, authentication and accounting",
            "Microsoft.Authorization/roleAssignments/write",
        ),
    ),
    Detector(
        id="bearer-token",
        kind="AUTH",
        title="Bearer tokens outside of a header",
        anchors=(r"bearer(?:\s|%20|\+|:){1,3}[\"'\\]{0,3}[A-Za-z0-9_\-.~+/=]{16}",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:bearer)(?:[ \t:+]|%20){1,3}(?:" + QUOTE + rb")?(?P<secret>[A-Za-z0-9_.~+/=-]{16,4096})"
        ),
        accepts=lambda match: is_random(match["secret"], 16),
        learn=True,
        positives=(("sent Bearer tok_0123456789abcdefXYZ to api", "tok_0123456789abcdefXYZ"),),
        negatives=("bearer authentication-scheme-not-configured", "The bearer of bad news"),
    ),
    Detector(
        id="basic-credentials",
        kind="AUTH",
        title="Basic credentials outside of a header",
        anchors=(r"basic(?:\s|%20){1,2}[A-Za-z0-9+/]{8}",),
        caseless=True,
        pattern=re.compile(rb"(?i:basic)(?:[ \t]|%20){1,2}(?P<secret>[A-Za-z0-9+/]{8,1024}={0,2})"),
        accepts=_is_basic,
        learn=True,
        positives=(("using Basic dXNlcjpwYXNzd29yZDE= now", "dXNlcjpwYXNzd29yZDE="),),
        negatives=("Basic authentication is off", "Basic Information about it"),
    ),
    Detector(
        id="client-certificate-header",
        kind="CERT",
        title="Certificates of clients, as the front end hands them on",
        anchors=(
            r"client[_\-]?cert(?:ificate)?\\{0,4}[\"']?\s{0,4}[:=,]\s{0,4}[\"'\\\[\s]{0,4}MI[I-L][A-Za-z0-9+/\\%]{20}",
        ),
        caseless=True,
        pattern=re.compile(
            rb"(?i:client[_-]?cert(?:ificate)?)(?:" + QUOTE + rb")?\s{0,4}[:=,]\s{0,4}\[?(?:" + QUOTE + rb")?"
            rb"(?P<secret>MI[I-L](?:[A-Za-z0-9+/=]|\\/|%(?:25)?(?:2[bBfF]|3[dD])){20,16000})"
        ),
        after=20_000,
        positives=(("X-ARR-ClientCert: MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0B", "gAwIBAgIEAgAAuTANBgkqhkiG9w0B"),),
        negatives=('"clientCertMode": "Required"', "clientCertEnabled=false"),
    ),
)
