"""Passwords in the authority part of URLs: `amqp://user:password@host`."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import is_value
from escalate.redact.detectors.registry import Detector

DETECTORS = (
    Detector(
        id="url-credentials",
        kind="PASSWORD",
        title="user:password@ in URLs",
        anchors=(r"(?::(?:\\?/){2}|%3a%2f%2f)[^\s\"'<>/:@]{0,128}(?::|%3a)[^\s\"'<>/@]{1,256}(?:@|%40|\\u0040)",),
        caseless=True,
        pattern=re.compile(
            rb"(?::(?:\\?/){2}|%3[aA]%2[fF]%2[fF])[^\s\"'<>/:@]{0,128}(?::|%3[aA])(?P<secret>[^\s\"'<>/@]{1,256}?)(?:@|%40|\\u0040)[\w\[$%{-]"
        ),
        accepts=lambda match: is_value(match["secret"]),
        before=560,
        after=16,
        learn=True,
        positives=(
            ("connecting to postgresql://shop:s3cr3t-pw@db.example.net:5432/shop", "s3cr3t-pw"),
            ('{"u":"amqps:\\/\\/guest:gu3st!x@mq.example.net"}', "gu3st!x"),
            ("redis://:p4ssw0rd-long@cache:6379/0", "p4ssw0rd-long"),
            ("url=https%3A%2F%2Fbob%3Ahunter22%40example.net%2F", "hunter22"),
        ),
        negatives=(
            "http://localhost:8000/users/@me",
            "GET https://example.net:443/a@b",
            "https://example.net/path:with:colons@2x.png",
            "git+ssh://git@github.com/a/b.git",
        ),
    ),
    Detector(
        id="oracle-credentials",
        kind="PASSWORD",
        title="user/password@ in addresses of Oracle databases",
        anchors=(r"oracle(?::|%3a)(?:thin|oci8?)(?::|%3a)[\w$#.\-]{1,64}(?:\\?/|%2f)[^\s\"'<>/@]{1,128}(?:@|%40)",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:oracle:(?:thin|oci8?):|oracle%3a(?:thin|oci8?)%3a)[\w$#.-]{1,64}(?:\\?/|%2[fF])"
            rb"(?P<secret>[^\s\"'<>/@]{1,128}?)(?:@|%40)"
        ),
        accepts=lambda match: is_value(match["secret"]),
        before=320,
        learn=True,
        positives=(("jdbc:oracle:thin:shop/opensesame@db:1521/x", "opensesame"),),
        negatives=("jdbc:oracle:thin:@//db:1521/x",),
    ),
)
