"""Keys of Stripe."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import EDGE
from escalate.redact.detectors.registry import Detector

DETECTOR = Detector(
    id="stripe-key",
    kind="STRIPE",
    title="Stripe secret and restricted keys, web hook secrets",
    anchors=(r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10}", r"whsec_[A-Za-z0-9]{16}"),
    pattern=re.compile(EDGE + rb"(?P<secret>(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9]{16,255})"),
    learn=True,
    positives=(("sk_" + "live_" + "aB3dE5fG7hI9jK1l", "aB3dE5fG7hI9jK1l"),),
    negatives=("pk_live_" + "aB3dE5fG7hI9jK1l", "task_live_update1234"),
)
