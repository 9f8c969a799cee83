"""Private keys in text armour: PKCS#1, PKCS#8, EC, OpenSSH, PGP, PuTTY; each line on its own, so lines stay lines."""

from __future__ import annotations

import re

from escalate.redact.detectors.registry import Detector

_BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"
_BEGIN, _END = "-----BEGIN RSA PRIVATE " + "KEY-----", "-----END RSA PRIVATE " + "KEY-----"
_SSH_BEGIN, _SSH_END = "-----BEGIN OPENSSH PRIVATE " + "KEY-----", "-----END OPENSSH PRIVATE " + "KEY-----"

DETECTORS = (
    Detector(
        id="private-key",
        kind="PRIVATEKEY",
        title="Private keys in PEM, OpenSSH and PGP armour",
        anchors=(
            r"-----BEGIN[ +][A-Z0-9 +]{0,40}PRIVATE[ +]KEY(?:[ +]BLOCK)?-----",
            r"-----BEGIN%20[A-Z0-9%]{0,60}PRIVATE%20KEY-----",
        ),
        pattern=re.compile(
            rb"-----BEGIN(?:[ +]|%20)[A-Z0-9 +%]{0,60}PRIVATE(?:[ +]|%20)KEY(?:(?:[ +]|%20)BLOCK)?-----"
            rb"(?P<secret>(?:(?!-----)[^\x00<])+)"
        ),
        after=24 * 1024,
        mask="lines",
        positives=(
            (f"{_BEGIN}\n{_BODY}\n{_BODY}x7Q=\n{_END}\nnext line", _BODY),
            (f"2026-04-04T05:52:06Z {_BEGIN}\n2026-04-04T05:52:06Z {_BODY}\n2026-04-04T05:52:07Z {_END}", _BODY),
            (
                f"GET /?key=-----BEGIN%20PRIVATE%20{'KEY'}-----%0A{_BODY}%0A{_BODY}%3D%0A-----END%20PRIVATE%20KEY-----",
                _BODY,
            ),
            ('{"key": "' + _SSH_BEGIN + "\\n" + _BODY + "\\n" + _SSH_END + '\\n"}', _BODY),
        ),
        negatives=("-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTAN\n-----END CERTIFICATE-----",),
    ),
    Detector(
        id="putty-key",
        kind="PRIVATEKEY",
        title="Private part of PuTTY key files",
        anchors=(r"Private-Lines: [0-9]{1,3}(?:\r?\n|\\{1,4}[rn])",),
        pattern=re.compile(rb"Private-Lines: [0-9]{1,3}(?P<secret>(?:[A-Za-z0-9+/=\r\n]|\\{1,4}[rn])+)"),
        after=24 * 1024,
        mask="lines",
        positives=((f"Private-Lines: 2\n{_BODY}\nbbbbCCCC1234==\n", "bbbbCCCC1234"),),
        negatives=("Public-Lines: 2\nAAAAB3NzaC1yc2E\n",),
    ),
)
