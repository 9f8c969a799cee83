"""E-mail addresses: personal data, replaced by a readable pseudonym."""

from __future__ import annotations

import re

from escalate.redact.detectors.registry import Detector, Value
from escalate.redact.tokens import MAIL_DOMAIN

_NOT_A_DOMAIN = re.compile(
    rb"(?i)\.(?:png|jpe?g|gif|svg|ico|webp|css|js|mjs|cjs|ts|tsx|jsx|map|json|xml|ya?ml|html?|zip|t?gz|tgz|tar|jar|war|dll|exe|so|py|rb|php"
    rb"|java|kt|go|rs|cs|log|txt|md|lock|whl|service|socket|target|local|internal|invalid|txt|conf|cfg|ini|run|sh)$"
)
_NOT_A_PERSON = (b"git", b"noreply", b"no-reply", b"donotreply", b"postmaster", b"mailer-daemon")


def _is_address(match: Value) -> bool:
    local, _, domain = match["secret"].lower().replace(b"%40", b"@").partition(b"@")
    if domain == MAIL_DOMAIN or local in _NOT_A_PERSON:
        return False
    return _NOT_A_DOMAIN.search(domain) is None


DETECTOR = Detector(
    id="email",
    kind="EMAIL",
    title="E-mail addresses",
    anchors=(r"[A-Za-z0-9._%+\-](?:@|%40|\\u0040)[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62}\.){1,6}[A-Za-z]{2}",),
    caseless=True,
    pattern=re.compile(
        rb"(?:(?<![A-Za-z0-9._+-])(?!(?<=\\)(?:[nrtbf]|u[0-9A-Fa-f]{4}))(?!(?<=%)[0-9A-Fa-f]{2})"
        rb"|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"
        rb"(?P<secret>[A-Za-z0-9](?:[A-Za-z0-9._+-]|%2[bB]){0,63}(?:@|%40|\\u0040)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,6}[A-Za-z]{2,24})(?![A-Za-z0-9@])"
    ),
    accepts=_is_address,
    before=96,
    after=256,
    mask="email",
    positives=(
        ("caller jane.doe@contoso.com did it", "jane.doe"),
        ('{"upn": "j.doe+x@sub.contoso.co.uk"}', "j.doe+x"),
        ("?user=jane%40contoso.com&x", "jane%40contoso"),
    ),
    negatives=(
        "icon@2x.png",
        "lodash@4.17.21.tgz",
        "git@github.com:a/b.git",
        "email-3fa9c1@redacted.invalid",
        "com.example.Job@1f2e3d",
        "CoarseGrainedScheduler@10.10.34.11",
        "root@3f1c:/# date",
    ),
)
