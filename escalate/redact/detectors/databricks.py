"""Tokens of Databricks."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import EDGE
from escalate.redact.detectors.registry import Detector

DETECTOR = Detector(
    id="databricks-token",
    kind="DATABRICKS",
    title="Databricks tokens",
    anchors=(r"dapi[0-9a-f]{32}", r"dkea[0-9a-f]{32}", r"dose[0-9a-f]{32}"),
    pattern=re.compile(EDGE + rb"(?P<secret>(?:dapi|dkea|dose)[0-9a-f]{32}(?:-[0-9]{1,2})?)"),
    learn=True,
    positives=(("dapi" + "0123456789abcdef" * 2 + "-2", "0123456789abcdef"),),
    negatives=("dapi is a word",),
)
