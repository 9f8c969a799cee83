"""Tokens of Slack, SendGrid and Twilio."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import EDGE
from escalate.redact.detectors.registry import Detector

_HOOK = "hooks.slack.com/services/" + "T00000000/B00000000/" + "aB3dE5fG7hI9jK1lM3nO5pQ7"

DETECTORS = (
    Detector(
        id="slack-token",
        kind="SLACK",
        title="Slack tokens",
        anchors=(r"xox[abeoprs]-[A-Za-z0-9\-]{10}", r"xapp-[0-9]-[A-Za-z0-9\-]{10}"),
        pattern=re.compile(EDGE + rb"(?P<secret>xox[abeoprs]-[A-Za-z0-9-]{10,255}|xapp-[0-9]-[A-Za-z0-9-]{10,255})"),
        learn=True,
        positives=(("xoxb-" + "1234567890-abcdefABCDEF", "1234567890-abcdefABCDEF"),),
        negatives=("xoxb-",),
    ),
    Detector(
        id="slack-webhook",
        kind="SLACK",
        title="Slack web hooks",
        anchors=(r"hooks\.slack\.com\\?/services\\?/",),
        pattern=re.compile(rb"hooks\.slack\.com\\?/services\\?/(?P<secret>(?:[A-Za-z0-9/]|\\/){20,128})"),
        learn=True,
        positives=((f"https://{_HOOK}", "aB3dE5fG7hI9jK1lM3nO5pQ7"),),
        negatives=("https://hooks.slack.com/",),
    ),
    Detector(
        id="sendgrid-key",
        kind="SENDGRID",
        title="SendGrid keys",
        anchors=(r"SG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{30}",),
        pattern=re.compile(EDGE + rb"(?P<secret>SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,64})"),
        learn=True,
        positives=(
            (
                "SG." + "a1B2c3D4e5F6g7H8i9J0k1" + "." + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9d",
                "aB3dE5fG7hI9jK1l",
            ),
        ),
        negatives=("SG.name.value",),
    ),
    Detector(
        id="twilio-key",
        kind="TWILIO",
        title="Twilio API keys",
        anchors=(r"SK[0-9a-f]{32}",),
        pattern=re.compile(EDGE + rb"(?P<secret>SK[0-9a-f]{32})(?![0-9A-Za-z])"),
        learn=True,
        positives=(("SK" + "0123456789abcdef" * 2, "0123456789abcdef"),),
        negatives=("SK0123",),
    ),
)
