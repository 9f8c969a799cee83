"""Web hooks of Teams, Office, Discord, Logic Apps and Power Automate: whoever has the link may post."""

from __future__ import annotations

import re

from escalate.redact.detectors.registry import Detector

_GUID = "0a1b2c3d-0000-4000-8000-aabbccddeeff"

DETECTORS = (
    Detector(
        id="office-webhook",
        kind="WEBHOOK",
        title="Incoming web hooks of Teams and Office",
        anchors=(r"/webhookb2/[0-9a-f\-]{36}@", r"outlook\.office(?:365)?\.com/webhook/"),
        caseless=True,
        pattern=re.compile(
            rb"(?i:/webhookb2/|outlook\.office(?:365)?\.com/webhook/)"
            rb"(?P<secret>[0-9A-Fa-f-]{36}@[0-9A-Fa-f-]{36}/\w{2,40}/\w{16,64}(?:/[\w-]{16,80})?)"
        ),
        learn=True,
        positives=(
            (f"https://contoso.webhook.office.com/webhookb2/{_GUID}@{_GUID}/IncomingWebhook/{'0a1b' * 8}", "0a1b" * 8),
        ),
        negatives=("https://contoso.webhook.office.com/",),
    ),
    Detector(
        id="discord-webhook",
        kind="WEBHOOK",
        title="Discord web hooks",
        anchors=(r"/api/webhooks/[0-9]{15,21}/[\w\-]{40}",),
        pattern=re.compile(rb"/api/webhooks/[0-9]{15,21}/(?P<secret>[\w-]{40,100})"),
        learn=True,
        positives=(("https://discord.com/api/webhooks/123456789012345678/" + "aB3-" * 17, "aB3-aB3-aB3"),),
        negatives=("GET /api/webhooks/17/status",),
    ),
)
