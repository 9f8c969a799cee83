"""What is looked for only to learn from it: names in paths and connection strings, settings in command lines."""

from __future__ import annotations

import re

from escalate.redact.detectors.registry import Detector

HOME = Detector(
    id="home",
    kind="USER",
    title="User names in home paths",
    anchors=(r"/home/[\w.\-]{2}", r"[\\/]Users[\\/]{1,4}[\w.\-]{2}", r"%5cusers%5c[\w.\-]{2}"),
    caseless=True,
    pattern=re.compile(
        rb"(?i:/home/|[\\/]Users[\\/]{1,4}|%5cusers%5c)(?P<secret>[A-Za-z_][\w.-]{1,31}[$]?)(?=[\\/\s\"':;,)<\]]|%5c|$)"
    ),
    after=64,
    positives=(),
    negatives=(),
)
SERVER = Detector(
    id="server",
    kind="HOST",
    title="Servers of connection strings",
    anchors=(
        r"(?:Server|Data Source|Addr|Address|AccountEndpoint|Endpoint)\s{0,4}=\s{0,4}[\w:/\\]",
        r"\.core\.windows\.net",
        r"[\w]:(?:6379|6380),",
    ),
    caseless=True,
    pattern=re.compile(
        rb"(?i:\b(?:Server|Data Source|Addr|Address|AccountEndpoint|Endpoint) {0,4}= {0,4}"
        rb"(?:tcp:|https:(?:\\?/){2}|sb:(?:\\?/){2})?"
        rb"(?P<secret>[A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){1,6}))(?=[,;:/\\\s\"'])"
    ),
    after=320,
    positives=(),
    negatives=(),
)
ACCOUNT = Detector(
    id="account",
    kind="HOST",
    title="Storage accounts of connection strings",
    anchors=(r"AccountName\s{0,4}=\s{0,4}[a-z0-9]{3}",),
    caseless=True,
    pattern=re.compile(rb"(?i:AccountName) {0,4}= {0,4}(?P<secret>[a-z0-9]{3,24})(?=;)"),
    after=64,
    positives=(),
    negatives=(),
)
OPTION = Detector(
    id="option",
    kind="SETTING",
    title="Settings among the words of a command: docker run -e, java -D, lists of NAME=value",
    anchors=(
        r"\s(?:-e|--env)[ =][\"']?[A-Za-z_]\w{0,60}=",
        r"\s-D[A-Za-z][\w.]{0,60}=",
        r"[\[,]\s?\"[A-Za-z_]\w{0,60}=",
    ),
    pattern=re.compile(
        rb"(?:(?<=\s)(?:-e|--env)[ =]|(?<=\s)-D|(?<=[\[,])\s{0,4})"
        rb"(?P<secret>\"[A-Za-z_][\w.]{0,127}=(?:\\.|[^\"\\\r\n])+\""
        rb"|'[A-Za-z_][\w.]{0,127}=[^'\r\n]+'|[A-Za-z_][\w.]{0,127}=(?:\"[^\"\r\n]*\"|'[^'\r\n]*'|[^\s\"']+))"
    ),
    before=160,
    after=8192,
    positives=(),
    negatives=(),
)
