"""Tokens of package and image registries: npm, PyPI, Docker Hub."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import EDGE
from escalate.redact.detectors.registry import Detector

DETECTORS = (
    Detector(
        id="registry-token",
        kind="REGISTRY",
        title="npm, PyPI and Docker Hub tokens",
        anchors=(r"npm_[A-Za-z0-9]{36}", r"pypi-AgEI[A-Za-z0-9_\-]{32}", r"dckr_(?:pat|oat)_[A-Za-z0-9_\-]{20}"),
        pattern=re.compile(
            EDGE + rb"(?P<secret>npm_[A-Za-z0-9]{36,64}|pypi-AgEI[A-Za-z0-9_-]{32,512}"
            rb"|dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,64})"
        ),
        learn=True,
        positives=(
            ("npm_" + "aB3dE5fG7h" * 4, "aB3dE5fG7h"),
            ("pypi-AgEI" + "c1" * 30, "c1" * 30),
            ("dckr_pat_" + "Ab1-" * 7, "Ab1-" * 7),
        ),
        negatives=("npm_config_cache=/root/.npm", "pypi-server started"),
    ),
    Detector(
        id="docker-auth",
        kind="REGISTRY",
        title="Credentials of a Docker config.json",
        anchors=(r"\"auth\\?\"\s{0,4}:\s{0,4}\\?\"[A-Za-z0-9+/]{8}",),
        pattern=re.compile(rb"\"auth\\?\"\s{0,4}:\s{0,4}\\?\"(?P<secret>[A-Za-z0-9+/]{8,1024}={0,2})\\?\""),
        learn=True,
        positives=(('{"auths": {"r.example": {"auth": "c2hvcDpzM2NyM3Q="}}}', "c2hvcDpzM2NyM3Q="),),
        negatives=('{"auth": "on"}',),
    ),
    Detector(
        id="npmrc-auth",
        kind="REGISTRY",
        title="Credentials of an .npmrc",
        anchors=(r":_(?:auth|password)\s{0,4}(?:=|%3d)\s{0,4}[\"']?[A-Za-z0-9+/]{8}",),
        caseless=True,
        pattern=re.compile(
            rb"(?i::_(?:auth|password))\s{0,4}(?:=|%3[dD])\s{0,4}[\"']?(?P<secret>(?:[A-Za-z0-9+/]|%2[bBfF]){8,1024}={0,2})"
        ),
        learn=True,
        positives=(("//registry.example.net/:_auth=c2hvcDpzM2NyM3Q=", "c2hvcDpzM2NyM3Q="),),
        negatives=("//registry.example.net/:_auth=${NPM_AUTH}",),
    ),
)
