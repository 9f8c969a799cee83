"""Publishing profiles and credentials of App Service."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import SECRET, SEPARATOR, SEPARATOR_ANCHOR, is_value
from escalate.redact.detectors.registry import Detector

DETECTOR = Detector(
    id="publishing-password",
    kind="PASSWORD",
    title="Passwords of publishing profiles and deployment users",
    anchors=(r"(?:userPWD|publishingPassword|publishingPasswordHash(?:Salt)?)" + SEPARATOR_ANCHOR,),
    caseless=True,
    pattern=re.compile(rb"(?i:userPWD|publishingPassword(?:Hash(?:Salt)?)?)(?:" + SEPARATOR + rb")" + SECRET),
    accepts=lambda match: is_value(match["secret"]),
    learn=True,
    positives=(
        ('<publishProfile userName="$shop" userPWD="abcDEF123ghi" destinationAppUrl="http://shop">', "abcDEF123ghi"),
        ('{"publishingUserName": "$shop", "publishingPassword": "abc\\"D1"}', 'abc\\"D1'),
    ),
    negatives=('"publishingPassword": null', 'userPWD=""'),
)
