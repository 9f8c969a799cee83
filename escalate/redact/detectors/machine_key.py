"""The machineKey element of web.config: with it anybody can forge tickets of the app."""

from __future__ import annotations

import re

from escalate.redact.detectors.registry import Detector

DETECTOR = Detector(
    id="machine-key",
    kind="MACHINEKEY",
    title="validationKey and decryptionKey of web.config",
    anchors=(r"(?:validationKey|decryptionKey)\\?[\"']?\s{0,4}[=:]\s{0,4}\\?[\"'][0-9A-F]{16}",),
    caseless=True,
    pattern=re.compile(
        rb"(?i:validationKey|decryptionKey)\\?[\"']?\s{0,4}[=:]\s{0,4}\\?[\"'](?P<secret>[0-9A-Fa-f]{16,512})"
    ),
    learn=True,
    positives=(
        (
            '<machineKey validationKey="0011223344556677889900AABBCCDDEE" decryptionKey="FFEEDDCCBBAA99887766" />',
            "FFEEDDCCBBAA9988",
        ),
    ),
    negatives=('<machineKey validationKey="AutoGenerate,IsolateApps" />',),
)
