"""Azure keys that carry a signature of the service that issued them (Microsoft Security Utilities, SEC101 series)."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import B64, PAD, is_random
from escalate.redact.detectors.registry import Detector

_PLUS = rb"(?:\+|\\{1,4}u002[bB]|%(?:25)?2[bB])"
_PLUS_ANCHOR = r"(?:\+|u002[bB]|%2[bB]|%252[bB])"
_WORD = "a1B2c3D4e5F6g7H8i9J0"


def _text(length: int) -> str:
    return (_WORD * 5)[:length]


_LONG = _text(76) + "+AStabcdeA=="
_SHORT = _text(33) + "AzCaBabcde="
_BUS = _text(33) + "+ASbBabcde="

DETECTORS = (
    Detector(
        id="azure-key-512",
        kind="AZUREKEY",
        title="Storage, Cosmos DB, Batch, ML and API Management keys (88 characters)",
        anchors=(_PLUS_ANCHOR + r"(?:ASt|ABa|AMC)[A-Za-z0-9+/\\%]", r"(?:ACDb|APIM)[A-Za-z0-9+/\\%]"),
        pattern=re.compile(
            rb"(?P<secret>"
            + B64
            + rb"{76}(?:"
            + _PLUS
            + rb"(?:ASt|ABa|AMC)|ACDb|APIM)"
            + B64
            + rb"{5}[AQgw]"
            + PAD
            + rb"{2})"
        ),
        before=800,
        after=64,
        learn=True,
        positives=(
            (f"key1 {_LONG} end", _LONG),
            ('{"k": "' + _LONG.replace("+", "\\u002B").replace("=", "\\u003D") + '"}', _text(40)),
            (f"GET /?key={_LONG.replace('+', '%2b').replace('=', '%3D')} HTTP/1.1", _text(40)),
        ),
        negatives=("the label +ASt stands for storage", "APIM gateway answered in 3 ms"),
    ),
    Detector(
        id="azure-key-256",
        kind="AZUREKEY",
        title="Redis, Service Bus, Event Hubs, Relay, IoT and Event Grid keys (44 characters)",
        anchors=(_PLUS_ANCHOR + r"(?:ASb|AEh|ARm)[A-P]", r"(?:AzCa|AIoT|AZEG)[A-P]"),
        pattern=re.compile(
            rb"(?P<secret>"
            + B64
            + rb"{33}(?:"
            + _PLUS
            + rb"(?:ASb|AEh|ARm)|AzCa|AIoT|AZEG)[A-P]"
            + B64
            + rb"{5}"
            + PAD
            + rb")"
        ),
        before=400,
        after=64,
        learn=True,
        positives=((_SHORT, _SHORT), (f'"{_BUS}"', _BUS)),
        negatives=("AzCaB is too short to be a key", "AIoTA"),
    ),
    Detector(
        id="azure-registry-key",
        kind="AZUREKEY",
        title="Container Registry keys (52 characters)",
        anchors=(_PLUS_ANCHOR + r"ACR[A-D]",),
        pattern=re.compile(rb"(?P<secret>" + B64 + rb"{42}" + _PLUS + rb"ACR[A-D]" + B64 + rb"{5})"),
        before=480,
        after=64,
        learn=True,
        positives=((_text(42) + "+ACRAabcde", _text(42)),),
        negatives=("sku+ACRA",),
    ),
    Detector(
        id="azure-search-key",
        kind="AZUREKEY",
        title="AI Search query and admin keys (52 characters)",
        anchors=(r"AzSe[A-D][A-Za-z0-9]",),
        pattern=re.compile(rb"(?P<secret>[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5})"),
        after=16,
        learn=True,
        positives=(("api-key: " + _text(42) + "AzSeAabcde", _text(42)),),
        negatives=("class AzSeAdapter was loaded",),
    ),
    Detector(
        id="azure-functions-key",
        kind="AZUREKEY",
        title="Functions host and function keys (56 characters)",
        anchors=(r"AzFu[A-Za-z0-9_\-]",),
        pattern=re.compile(rb"(?P<secret>[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]" + PAD + rb"{2})"),
        after=32,
        learn=True,
        positives=((f"POST /api/x?code={_text(44)}AzFuabcdeA== 200", _text(44)),),
        negatives=("AzFunctionStarted in 200 ms",),
    ),
    Detector(
        id="code-parameter",
        kind="AZUREKEY",
        title="Keys of Functions and codes of sign-ins in links (code=)",
        anchors=(r"(?:[?&;]|%3f|%26|u0026)code(?:=|%3d)[A-Za-z0-9_\-%/+.~]{24}",),
        caseless=True,
        pattern=re.compile(rb"(?i:[?&;]|%3f|%26|u0026)(?i:code)" + PAD + rb"(?P<secret>[A-Za-z0-9_%/+.~=-]{24,2048})"),
        accepts=lambda match: is_random(match["secret"], 24),
        positives=((f"GET /api/x?a=1&code={_text(50)}== HTTP/1.1", _text(50)),),
        negatives=("?code=404&x=1", "&code=invalid-request-uri-parameter"),
    ),
    Detector(
        id="azure-cask-key",
        kind="AZUREKEY",
        title="DevOps tokens, App Configuration, Maps, Communication, Cognitive and SQL keys (84 or 88 characters)",
        anchors=(r"JQQJ9[9DH]",),
        pattern=re.compile(
            rb"(?P<secret>[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{16}[A-Za-z][A-Za-z0-9]{7}"
            rb"(?:[A-Za-z0-9]{2}" + PAD + rb"{2})?)"
        ),
        after=64,
        learn=True,
        positives=((_text(52) + "JQQJ99" + "B" + "C" + "ACAAAAAAAAAAAAAZ"[:16] + "DOabcdef", _text(52)),),
        negatives=("JQQJ99 alone is nothing",),
    ),
)
