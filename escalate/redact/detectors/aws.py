"""Keys of Amazon Web Services."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import EDGE
from escalate.redact.detectors.registry import Detector

DETECTOR = Detector(
    id="aws-access-key",
    kind="AWS",
    title="AWS access key ids",
    anchors=(r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",),
    pattern=re.compile(EDGE + rb"(?P<secret>(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})(?![A-Za-z0-9])"),
    learn=True,
    positives=(("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),),
    negatives=("AKIASHORT", "XAKIAIOSFODNN7EXAMPLE"),
)
