"""Tokens of GitHub."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import EDGE
from escalate.redact.detectors.registry import Detector

_TOKEN = "ghp_" + "aB3dE5fG7h" * 4

DETECTOR = Detector(
    id="github-token",
    kind="GITHUB",
    title="GitHub tokens",
    anchors=(r"gh[pousr]_[A-Za-z0-9]{30}", r"github_pat_[A-Za-z0-9_]{20}"),
    pattern=re.compile(EDGE + rb"(?P<secret>gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{20,255})"),
    learn=True,
    positives=((f"git clone https://{_TOKEN}@github.com/a/b", _TOKEN), ("github_pat_" + "a1" * 20, "a1" * 20)),
    negatives=("ghp_short", "github_pat_"),
)
