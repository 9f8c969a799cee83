"""JSON Web Tokens, signed or encrypted."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import EDGE
from escalate.redact.detectors.registry import Detector

_JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"

DETECTOR = Detector(
    id="jwt",
    kind="JWT",
    title="JSON Web Tokens",
    anchors=(r"eyJ[A-Za-z0-9_\-]{8}",),
    pattern=re.compile(EDGE + rb"(?P<secret>eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3})"),
    head=re.compile(rb"eyJ"),
    before=16,
    after=16 * 1024,
    learn=True,
    positives=((f"x-ms-token-aad-access-token: {_JWT}", _JWT), (f'"\\n{_JWT}"', _JWT), (f"t=%22{_JWT}%22", _JWT)),
    negatives=("eyJhbGciOiJIUzI1NiJ9 without a payload", "heyJude12345678.abcdefghijk"),
)
