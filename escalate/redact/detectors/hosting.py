"""Tokens of hosting, monitoring and development services that give themselves away by a prefix."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import EDGE
from escalate.redact.detectors.registry import Detector

_HEX = "0123456789abcdef"
_MIXED = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9dE1fG3"


def _prefixed(
    name: tuple[str, str, str], anchor: str, pattern: bytes, positive: str, negatives: tuple[str, ...] = ()
) -> Detector:
    """`name`: id, word in the mark, title; the whole of what `pattern` matches goes."""
    return Detector(
        id=name[0],
        kind=name[1],
        title=name[2],
        anchors=(anchor,),
        pattern=re.compile(EDGE + rb"(?P<secret>" + pattern + rb")(?![A-Za-z0-9])"),
        learn=True,
        positives=((f"token {positive} used", positive),),
        negatives=(positive[:10], *negatives),
    )


DETECTORS = (
    _prefixed(
        ("hugging-face-token", "HUGGINGFACE", "Hugging Face tokens"),
        r"hf_[A-Za-z]{34}",
        rb"hf_[A-Za-z]{34,40}",
        "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH",
    ),
    _prefixed(
        ("digitalocean-token", "DIGITALOCEAN", "DigitalOcean tokens"),
        r"do[opr]_v1_[a-f0-9]{32}",
        rb"do[opr]_v1_[a-f0-9]{64}",
        "dop_v1_" + _HEX * 4,
    ),
    _prefixed(
        ("shopify-token", "SHOPIFY", "Shopify tokens"),
        r"shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}",
        rb"shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}",
        "shpat_" + _HEX * 2,
    ),
    _prefixed(
        ("vault-token", "VAULT", "HashiCorp Vault tokens"),
        r"hv[sbr]\.[A-Za-z0-9_\-]{24}",
        rb"hv[sbr]\.[A-Za-z0-9_-]{24,200}",
        "hvs." + _MIXED[:30],
        ("hvs.example",),
    ),
    _prefixed(
        ("terraform-token", "TERRAFORM", "Terraform Cloud tokens"),
        r"\.atlasv1\.[A-Za-z0-9_\-=]{60}",
        rb"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}",
        _MIXED[:14] + ".atlasv1." + (_MIXED * 2)[:64],
    ),
    _prefixed(
        ("grafana-token", "GRAFANA", "Grafana service account and cloud tokens"),
        r"gl(?:sa|c)_[A-Za-z0-9+/=_]{32}",
        rb"gl(?:sa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|c_[A-Za-z0-9+/]{32,400}={0,2})",
        "glsa_" + _MIXED[:32] + "_0a1b2c3d",
    ),
    _prefixed(
        ("new-relic-key", "NEWRELIC", "New Relic keys"),
        r"NRAK-[A-Z0-9]{27}",
        rb"NRAK-[A-Z0-9]{27}",
        "NRAK-" + "A1B2C3D4E5F6G7H8I9J0K1L2M3N",
    ),
    _prefixed(
        ("sentry-token", "SENTRY", "Sentry tokens"),
        r"sntry[su]_[A-Za-z0-9+/=_\-]{40}",
        rb"sntry[su]_[A-Za-z0-9+/=_-]{40,400}",
        "sntryu_" + (_HEX * 4)[:64],
    ),
    _prefixed(
        ("mailgun-key", "MAILGUN", "Mailgun keys"),
        r"key-[0-9a-f]{32}",
        rb"key-[0-9a-f]{32}",
        "key-" + _HEX * 2,
        ("key-value",),
    ),
    _prefixed(
        ("mailchimp-key", "MAILCHIMP", "Mailchimp keys"),
        r"[0-9a-f]{32}-us[0-9]{1,2}",
        rb"[0-9a-f]{32}-us[0-9]{1,2}",
        _HEX * 2 + "-us12",
        (_HEX * 2,),
    ),
    _prefixed(
        ("atlassian-token", "ATLASSIAN", "Atlassian tokens"),
        r"ATATT3[A-Za-z0-9_\-=]{60}",
        rb"ATATT3[A-Za-z0-9_=-]{60,250}",
        "ATATT3" + (_MIXED * 2)[:70],
    ),
    _prefixed(
        ("linear-key", "LINEAR", "Linear keys"),
        r"lin_(?:api|oauth)_[A-Za-z0-9]{32}",
        rb"lin_(?:api|oauth)_[A-Za-z0-9]{32,64}",
        "lin_api_" + _MIXED[:40],
    ),
    _prefixed(
        ("postman-key", "POSTMAN", "Postman keys"),
        r"PMAK-[0-9a-f]{24}-[0-9a-f]{30}",
        rb"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
        "PMAK-" + (_HEX * 2)[:24] + "-" + (_HEX * 3)[:34],
    ),
    _prefixed(
        ("doppler-token", "DOPPLER", "Doppler tokens"),
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._\-]{40}",
        rb"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}",
        "dp.pt." + _MIXED[:43],
    ),
    _prefixed(
        ("square-token", "SQUARE", "Square tokens"),
        r"sq0[a-z]{3}-[A-Za-z0-9_\-]{22}",
        rb"sq0[a-z]{3}-[A-Za-z0-9_-]{22,43}",
        "sq0csp-" + _MIXED[:43],
    ),
    _prefixed(
        ("telegram-token", "TELEGRAM", "Telegram bot tokens"),
        r"[0-9]{8,10}:AA[A-Za-z0-9_\-]{33}",
        rb"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
        "123456789:AA" + _MIXED[:33],
        ("12345678:AAbbcc",),
    ),
)
