"""Client secrets of Entra applications."""

from __future__ import annotations

import re

from escalate.redact.detectors.registry import Detector

_SECRET = "abc8Q~" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3"[:31]

DETECTOR = Detector(
    id="entra-client-secret",
    kind="CLIENTSECRET",
    title="Client secrets of Entra applications (7Q~, 8Q~)",
    anchors=(r"[78]Q~[~.\w\-]{8}", r"[78]Q%7[eE][\w.\-]{8}"),
    pattern=re.compile(rb"(?P<secret>[~.\w-]{3}[78]Q(?:~|%7[eE])(?:[~.\w-]|%7[eE]){31,40})"),
    before=24,
    after=96,
    learn=True,
    positives=((f"client {_SECRET} end", _SECRET), (f'"{_SECRET}"', _SECRET)),
    negatives=("abc8Q~short", "7Q~"),
)
