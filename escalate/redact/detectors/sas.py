"""Shared access signatures: `sig=` with any left edge, since logs cut URLs where they like."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import is_random
from escalate.redact.detectors.registry import Detector

_SIGNATURE = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9d"

DETECTORS = (
    Detector(
        id="sas-signature",
        kind="SAS",
        title="Signatures of shared access URLs and tokens (sig=)",
        anchors=(
            r"sig(?:=|%3d|%253d|\\{1,4}u003d)[A-Za-z0-9%+/_\-\\]{8}",
            r"sig\\?[\"']\s{0,4}:\s{0,4}\\?[\"'][A-Za-z0-9%+/_\-\\]{8}",
        ),
        caseless=True,
        pattern=re.compile(
            rb"[sS][iI][gG](?:=|%3[dD]|%253[dD]|\\{1,4}u003[dD]|\\?[\"']\s{0,4}:\s{0,4}\\?[\"'])"
            rb"(?P<secret>(?:[A-Za-z0-9+/_~.-]|\\/|\\u002[bBfF]|%(?:25)?(?:2[bBfF]|3[dD])|\\u003[dD]|=){16,2048})"
        ),
        accepts=lambda match: is_random(match["secret"], 16),
        learn=True,
        positives=(
            (f"https://a.blob.core.windows.net/c/f?sv=2022-11-02&se=2026-01-01&sig={_SIGNATURE}%3D&sp=r", _SIGNATURE),
            (f"token is sig={_SIGNATURE}= and more", _SIGNATURE),
            (f'{{"u": "https://a/?sv=1\\u0026sig={_SIGNATURE}\\u003D\\u0026sp=r"}}', _SIGNATURE),
            (f"<u>https://a/?sv=1&amp;sig={_SIGNATURE}%3d&amp;sp=r</u>", _SIGNATURE),
            (f"%3Fsv%3D1%26sig%3D{_SIGNATURE}%253D%26sp%3Dr", _SIGNATURE),
            (f"SharedAccessSignature sr=a&sig={_SIGNATURE}%3D&se=1&skn=Root", _SIGNATURE),
        ),
        negatives=("config=production orig=main", "sig=SIGTERM received, stopping", "sig=9"),
    ),
    Detector(
        id="url-signature",
        kind="SIGNEDURL",
        title="Signatures of links to other clouds (X-Amz-Signature, X-Goog-Signature, Signature)",
        anchors=(r"signature(?:=|%3d|%253d|\\{1,4}u003d)[A-Za-z0-9%+/_~\-\\]{20}",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:(?:(?<![A-Za-z0-9_])|(?<=u0026)|(?<=%26)|(?<=%3f))(?:x-[a-z]{3,4}-)?signature)"
            rb"(?:=|%3[dD]|%253[dD]|\\{1,4}u003[dD])"
            rb"(?P<secret>(?:[A-Za-z0-9+/_~-]|\\/|%(?:25)?(?:2[bBfF]|3[dD])|\\u003[dD]|=){20,2048})"
        ),
        accepts=lambda match: is_random(match["secret"], 20) and re.search(rb"[0-9]", match["secret"]) is not None,
        learn=True,
        positives=(
            ("https://b.s3.amazonaws.com/x?X-Amz-Expires=9&X-Amz-Signature=" + "0a1b" * 16, "0a1b" * 16),
            (f"https://d1.cloudfront.net/x?Expires=1&Signature={_SIGNATURE}__&Key-Pair-Id=K1", _SIGNATURE),
        ),
        negatives=("method signature=computeTotalPriceOfTheCart", "X-Amz-Signature=missing"),
    ),
)
