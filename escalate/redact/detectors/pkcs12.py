"""PKCS#12 containers in base64: certificate uploads in scripts, templates and settings."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import B64
from escalate.redact.detectors.registry import Detector

_PFX = "MIIKYwIBAzCCCh8GCSqGSIb3DQEHAaCCChAEggoM" + "aB3dE5fG7hI9jK1l" * 4

DETECTOR = Detector(
    id="pkcs12",
    kind="PKCS12",
    title="PKCS#12 containers (.pfx) in base64",
    anchors=(r"MI[I-L][A-Za-z0-9+/\\%]{1,6}IBAzCC",),
    pattern=re.compile(rb"(?P<secret>MI[I-L][A-Za-z0-9+/\\%]{1,6}IBAzCC(?:" + B64 + rb"|[\r\n]){32,}={0,2})"),
    before=32,
    after=24 * 1024,
    learn=False,
    positives=((f'"data": "{_PFX}"', _PFX),),
    negatives=("MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQsw",),
)
