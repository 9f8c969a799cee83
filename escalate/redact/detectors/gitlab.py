"""Tokens of GitLab."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import EDGE
from escalate.redact.detectors.registry import Detector

DETECTOR = Detector(
    id="gitlab-token",
    kind="GITLAB",
    title="GitLab tokens",
    anchors=(r"gl(?:pat|dt|ptt|cbt|rt|soat|ft)-[A-Za-z0-9_\-]{20}",),
    pattern=re.compile(EDGE + rb"(?P<secret>gl(?:pat|dt|ptt|cbt|rt|soat|ft)-[A-Za-z0-9_-]{20,255})"),
    learn=True,
    positives=(("glpat-" + "aB3dE5fG7h" * 2, "aB3dE5fG7h" * 2),),
    negatives=("glpat-short",),
)
