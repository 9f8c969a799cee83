"""The machineKey element of web.config: with it anybody can forge tickets of the app."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import QUOTE
from escalate.redact.detectors.registry import Detector

DETECTOR = Detector(
    id="machine-key",
    kind="MACHINEKEY",
    title="validationKey and decryptionKey of web.config",
    anchors=(r"(?:validationKey|decryptionKey)[^\r\n<>]{0,40}(?:[\"']|quot;|34;|22)[0-9A-F]{16}",),
    caseless=True,
    pattern=re.compile(
        rb"(?i:validationKey|decryptionKey)(?:"
        + QUOTE
        + rb")?\s{0,4}(?:[=:]|%3[aAdD])\s{0,4}(?:"
        + QUOTE
        + rb"|&amp;quot;)"
        rb"(?P<secret>[0-9A-Fa-f]{16,512})"
    ),
    learn=True,
    positives=(
        (
            '<machineKey validationKey="0011223344556677889900AABBCCDDEE" decryptionKey="FFEEDDCCBBAA99887766" />',
            "FFEEDDCCBBAA9988",
        ),
        ("&lt;machineKey validationKey=&quot;0011223344556677889900AABBCCDDEE&quot; /&gt;", "0011223344556677889900"),
    ),
    negatives=('<machineKey validationKey="AutoGenerate,IsolateApps" />',),
)
