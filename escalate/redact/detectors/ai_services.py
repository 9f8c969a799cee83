"""Keys of OpenAI and Anthropic."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import EDGE, is_random
from escalate.redact.detectors.registry import Detector

DETECTOR = Detector(
    id="ai-service-key",
    kind="AIKEY",
    title="OpenAI and Anthropic keys",
    anchors=(r"sk-(?:ant-|proj-|svcacct-|admin-)?[A-Za-z0-9_\-]{20}",),
    pattern=re.compile(EDGE + rb"(?P<secret>sk-[A-Za-z0-9_-]{20,255})"),
    accepts=lambda match: is_random(match["secret"], 24) and any(65 <= byte <= 90 for byte in match["secret"]),
    learn=True,
    positives=(
        ("sk-ant-api03-" + "aB3dE5fG7h" * 5, "aB3dE5fG7h"),
        ("OPENAI sk-proj-" + "aB3dE5fG7h" * 5, "aB3dE5fG7h"),
        ("sk-" + "aB3dE5fG7h" * 4, "aB3dE5fG7h"),
    ),
    negatives=("class sk-loading-spinner-container-small", "task-0123456789abcdef0123"),
)
