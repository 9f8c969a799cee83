"""Secrets that App Service itself puts into the environment of an app."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import SECRET, SEPARATOR, SEPARATOR_ANCHOR, is_value
from escalate.redact.detectors.registry import Detector

_NAMES = (
    rb"(?:MSI_SECRET|IDENTITY[_-]HEADER|WEBSITE_AUTH_ENCRYPTION_KEY|WEBSITE_AUTH_SIGNING_KEY|MACHINEKEY_[A-Za-z0-9]{1,40}"
    rb"|CONTAINER_ENCRYPTION_KEY|CONTAINER_START_CONTEXT|WEBSITE_CONTENTAZUREFILECONNECTIONSTRING|WEBSITE_AUTH_CLIENT_SECRET"
    rb"|DOCKER_REGISTRY_SERVER_PASSWORD|FUNCTIONS_ACCOUNT_KEY|AzureWebEncryptionKey|WEBSITE_PRIVATE_KEY)"
)
_ANCHOR = _NAMES.decode().replace("[_-]", r"[_\-]") + SEPARATOR_ANCHOR

DETECTORS = (
    Detector(
        id="platform-secret",
        kind="PLATFORM",
        title="MSI_SECRET, IDENTITY_HEADER, MACHINEKEY_*, WEBSITE_AUTH_*_KEY",
        anchors=(_ANCHOR,),
        caseless=True,
        pattern=re.compile(rb"(?i:" + _NAMES + rb")(?:" + SEPARATOR + rb")" + SECRET),
        accepts=lambda match: is_value(match["secret"]),
        learn=True,
        positives=(
            ("docker run -d -e MSI_SECRET=ABCDEF0123456789 -e PORT=80 image", "ABCDEF0123456789"),
            ("IDENTITY_HEADER=6c7b1b2a-0000-4000-8000-1234567890ab", "6c7b1b2a-0000-4000-8000-1234567890ab"),
            ("> X-IDENTITY-HEADER: 6c7b1b2a-0000-4000-8000-1234567890ab", "6c7b1b2a-0000-4000-8000-1234567890ab"),
            ('"MACHINEKEY_DecryptionKey": "00112233445566778899AABBCCDDEEFF"', "00112233445566778899AABBCCDDEEFF"),
        ),
        negatives=(
            "MSI_ENDPOINT=http://127.0.0.1:41741/MSI/token/",
            "IDENTITY_ENDPOINT=http://169.254.129.2:8081/msi/token",
        ),
    ),
    Detector(
        id="connection-string-setting",
        kind="CONNSTR",
        title="Connection strings in the environment (SQLAZURECONNSTR_*, CUSTOMCONNSTR_*, ...)",
        anchors=(r"CONNSTR_[A-Za-z0-9_.\-]{1,80}=\S",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:CONNSTR_)[\w.-]{1,80}=\\?[\"']?(?P<secret>(?:(?!\s+--?[A-Za-z])(?!\\n)[^\r\n\"'<\x00])+)"
        ),
        before=128,
        accepts=lambda match: is_value(match["secret"]),
        positives=(
            ("docker run -e SQLAZURECONNSTR_Db=Server=tcp:s;User ID=x;Password=a b c -e A=1 img", "a b c"),
            ("CUSTOMCONNSTR_Cache=host:6380,something", "host:6380,something"),
        ),
        negatives=("CONNSTR_ is a prefix",),
    ),
)
