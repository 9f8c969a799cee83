"""Who signed in: claims of a token as listings and logs show them, and headers of App Service authentication."""

from __future__ import annotations

import re

from escalate.redact.detectors.grammar import EDGE, QUOTE, is_value
from escalate.redact.detectors.registry import Detector, Value
from escalate.redact.keep import is_kept
from escalate.redact.names import COMMON
from escalate.redact.tokens import PSEUDONYM

_USER = r"(?:preferred_username|unique_name|upn|userprincipalname|nickname|x[_\-]ms[_\-]client[_\-]principal[_\-]name)"
_PERSON = r"(?:given_?name|family_?name|middle_name|surname)"
_OPENED = r"(?:\\{0,8}[\"'`]|&quot;|&#3[49];|%2[27]|\\{1,4}u002[27])?(?:\s{0,4}[:=,]|\s{1,4}value\s{0,2}=)\s{0,4}[^\s]"
"""Behind the name of a claim: as much as tells that a value follows."""
_PAIR = r"(?:val|value|claimvalue)"
_LETTER = rb"(?:[A-Za-z\x80-\xff]|\\{1,4}u[0-9A-Fa-f]{4})"
_SEPARATOR = (
    rb"(?:(?:" + QUOTE + rb")?\s{0,4}[:=]\s{0,4}\[?|" + QUOTE + rb"\s{1,4}value\s{0,2}=\s{0,2}"
    rb"|(?:" + QUOTE + rb")?\s{0,4},\s{0,40}(?:" + QUOTE + rb")?(?i:" + _PAIR.encode() + rb")(?:" + QUOTE + rb")?"
    rb"\s{0,4}[:=]\s{0,4})"
)
_WORD = _LETTER + rb"(?:[\w.'\x80-\xff-]|\\{1,4}u[0-9A-Fa-f]{4}){0,60}"
_NAMED = (
    rb"(?P<quote>" + QUOTE + rb")?(?P<secret>(?(quote)"
    rb"(?:[^\r\n\"'<>\\&%\x00-\x1f]|'(?=\w)|\\{1,4}u00[89a-fA-F][0-9A-Fa-f]){2,80}(?=(?P=quote))"
    rb"|" + _WORD + rb"(?:,? " + _WORD + rb"){0,3}(?=[\s,;&|)\]}<\"']|\\{1,4}[nrt]|$)))"
)  # fmt: skip
_CLAIMS = (
    b"preferred_username",
    b"given_name",
    b"givenname",
    b"family_name",
    b"familyname",
    b"unique_name",
    b"name_typ",
    b"/claims",
)
"""One of these stands near a display name."""
_CONTEXT = 512
_FULL_NAME = re.compile(rb"[A-Z\x80-\xff\\][^\s,]*(?:,? [^\s,]+){1,3}")


def _is_name(match: Value) -> bool:
    """A name: no address, which the other rules know, no id, no account that everybody has."""
    secret = match["secret"]
    text = secret.decode("utf-8", "replace").strip()
    if b"@" in secret or not is_value(secret) or PSEUDONYM.search(text) or text.casefold() in COMMON:
        return False
    return re.search(_LETTER, secret) is not None and not is_kept(text) and b"[R:" not in secret


def _is_display_name(match: Value) -> bool:
    """`name` is the name of anything: it takes claims around it, and a value of two words."""
    if _FULL_NAME.fullmatch(match["secret"]) is None:
        return False
    around = match.string[max(0, match.start() - _CONTEXT) : match.end() + _CONTEXT].lower()
    return any(claim in around for claim in _CLAIMS) and _is_name(match)


DETECTORS = (
    Detector(
        id="claim-user",
        kind="USER",
        title="Account names from claims and headers of a sign-in",
        anchors=(_USER + _OPENED,),
        caseless=True,
        pattern=re.compile(EDGE + rb"(?i:" + _USER.encode() + rb")" + _SEPARATOR + _NAMED),
        accepts=_is_name,
        before=192,
        after=256,
        mask="user",
        learn=True,
        positives=(
            ('{"preferred_username": "jdoe77", "oid": "0"}', "jdoe77"),
            ('{"typ":"unique_name","val":"CONTOSO jdoe77"}', "jdoe77"),
            ("X-MS-CLIENT-PRINCIPAL-NAME: Jane Doering", "Jane Doering"),
            ("user signed in, upn=jdoe77, from portal", "jdoe77"),
        ),
        negatives=("the upn claim is missing", '{"upn": null}', "preferred_username=jane@", "nickname: admin"),
    ),
    Detector(
        id="claim-person",
        kind="PERSON",
        title="Names of people from claims",
        anchors=(_PERSON + _OPENED, r"/claims\\{0,4}/name" + _OPENED),
        caseless=True,
        pattern=re.compile(
            rb"(?:" + EDGE + rb"(?i:" + _PERSON.encode() + rb")|(?i:/claims\\{0,4}/name))" + _SEPARATOR + _NAMED
        ),
        accepts=_is_name,
        before=192,
        after=256,
        mask="person",
        learn=True,
        positives=(
            ('{"given_name": "Annegret", "family_name": "Doering"}', "Annegret"),
            ('{"typ":"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname","val":"Doering"}', "Doering"),
            ('"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name": "Annegret",', "Annegret"),
            ("claim family_name: Doering", "Doering"),
            ('<claim type="given_name" value="Annegret"/>', "Annegret"),
        ),
        negatives=(
            '"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name": "admin"',
            '{"given_name": null}',
            "no given_name, no surname",
        ),
    ),
    Detector(
        id="claim-display-name",
        kind="PERSON",
        title="Display names among claims",
        anchors=(
            r"\bname\\{0,4}[\"']\s{0,4}[:,][^\r\n]{0,24}[\"'](?:[A-Z\x80-\xff]|\\u)[^\s\"',]{0,40},? [^\s\"']",
            r"name\s{0,2}[:=]\s{0,2}[A-Z\x80-\xff][^\s\"',]{0,40},? [A-Z\x80-\xff]",
        ),
        pattern=re.compile(EDGE + rb"name" + _SEPARATOR + _NAMED),
        head=re.compile(rb"name"),
        accepts=_is_display_name,
        before=192,
        after=640,
        mask="person",
        learn=True,
        positives=(
            ('{"name": "Annegret Doering", "preferred_username": "x"}', "Annegret Doering"),
            ('{"auth_typ": "aad", "claims": [{"typ":"name","val":"Doering, Annegret"}], "name_typ": "x"}', "Annegret"),
            ("given_name: x\nname: Annegret Doering\n", "Annegret Doering"),
        ),
        negatives=(
            '{"name": "Table One", "columns": []}',
            "name: web shop",
            '{"preferred_username": null, "name": "appsettings"}',
        ),
    ),
    Detector(
        id="client-principal",
        kind="PRINCIPAL",
        title="X-MS-CLIENT-PRINCIPAL, whole, and the id of the person",
        anchors=(r"x[_\-]ms[_\-]client[_\-]principal(?:[_\-]id)?[\"'\\]{0,5}\s{0,4}[:=,][^\r\n]{8}",),
        caseless=True,
        pattern=re.compile(
            rb"(?i:x[_-]ms[_-]client[_-]principal(?:[_-]id)?)" + _SEPARATOR + rb"(?:" + QUOTE + rb")?"
            rb"(?P<secret>[A-Za-z0-9+/_-](?:[A-Za-z0-9+/_.=-]|\\/){7,16000})"
        ),
        accepts=lambda match: is_value(match["secret"]),
        after=20_000,
        positives=(
            ("X-MS-CLIENT-PRINCIPAL: eyJhdXRoX3R5cCI6ImFhZCIsImNsYWltcyI6W119", "eyJhdXRoX3R5cCI6ImFhZCIs"),
            ('{"x-ms-client-principal": ["eyJhdXRoX3R5cCI6ImFhZCJ9"]}', "eyJhdXRoX3R5cCI6ImFhZCJ9"),
            ("HTTP_X_MS_CLIENT_PRINCIPAL_ID=0a1b2c3d-0000-4000-8000-aabbccddeeff", "0a1b2c3d-0000"),
        ),
        negatives=("X-MS-CLIENT-PRINCIPAL-IDP: aad", "no X-MS-CLIENT-PRINCIPAL header"),
    ),
)
