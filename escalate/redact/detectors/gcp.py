"""Keys of Google Cloud."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import EDGE
from escalate.redact.detectors.registry import Detector

_KEY = "AIza" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY"

DETECTOR = Detector(
    id="gcp-key",
    kind="GCP",
    title="Google API keys and OAuth tokens",
    anchors=(r"AIza[A-Za-z0-9_\-]{35}", r"ya29\.[A-Za-z0-9_\-]{20}", r"GOCSPX-[A-Za-z0-9_\-]{28}"),
    pattern=re.compile(
        EDGE + rb"(?P<secret>AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,1024}|GOCSPX-[A-Za-z0-9_-]{28})"
    ),
    learn=True,
    positives=((f"?key={_KEY}&x", _KEY), ("ya29." + "a1B2" * 10, "a1B2" * 10)),
    negatives=("AIzaShort", "ya29.x"),
)
