"""URLs and texts of others as they may be shown: without users, signatures, keys and tokens."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

REDACTED = "REDACTED"
UNREADABLE = "(unreadable URL)"

_PLAIN_QUERY = frozenset(
    {
        "api-version", "$filter", "$top", "$skiptoken", "metricnames", "timespan", "interval", "aggregation",
        "starttime", "endtime", "timegrain", "instance", "type", "latest", "dumptype", "format", "top",
        "durationinseconds", "filter", "profile", "iisprofiling", "durationseconds", "recurse", "path",
        "hostname", "resultcount", "$select", "orderby", "getstatus", "getstatusapiver", "maxframelength",
        "metricnamespace",
    }
)  # fmt: skip
"""Query values that are written down; every other value is left out, because some of them sign."""

_NAMES = (
    r"sig|signature|sas|pwd|pass(?:word|wd)?|secret|client_secret|token|access_token|refresh_token|assertion|api_?key"
)
_KEYS = r"(?:account|shared_?access|subscription|function|master|host)_?-?key"
_ASSIGNED = re.compile(
    rf"(?P<name>(?:{_NAMES}|{_KEYS}|sharedaccesssignature|code(?==))[\"']?\s*(?:=|:(?!/))\s*[\"']?)(?P<value>[^\s&;,\"'<>]+)",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(?P<name>bearer|basic|sharedkey)\s+[A-Za-z0-9._~+/=:-]{8,}", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>\\]+", re.IGNORECASE)
_URL_INSIDE = re.compile(r"://|\b[a-z]+:[^/\s]+@", re.IGNORECASE)


def safe_url(url: str) -> str:
    """The URL as it may be shown: no user, no fragment, and only query values that say what was asked for."""
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return UNREADABLE
    if not parts.netloc:
        return UNREADABLE
    host = parts.netloc.rpartition("@")[2]
    path = "/".join(REDACTED if _holds_secret(segment) else segment for segment in parts.path.split("/"))
    query = urlencode([_safe_pair(name, value) for name, value in pairs], safe="$'/:,*")
    return urlunsplit((parts.scheme, host, path, query, ""))


def safe_text(text: str) -> str:
    """A text of a server or a library, with its URLs made safe and its keys and tokens left out."""
    text = _URL.sub(lambda match: safe_url(match[0]), text)
    text = _SCHEME.sub(rf"\g<name> {REDACTED}", text)
    text = _JWT.sub(REDACTED, text)
    return _ASSIGNED.sub(lambda match: match["name"] + REDACTED, text)


def _safe_pair(name: str, value: str) -> tuple[str, str]:
    if name.lower() in _PLAIN_QUERY:
        return name, REDACTED if _holds_secret(value) else value
    if not value or _holds_secret(name):
        return REDACTED, ""  # a bare `?key`: the name is the secret
    return name, REDACTED


def _holds_secret(text: str) -> bool:
    """Whether something is assigned, or a URL is nested, in what should be a plain word."""
    for _ in range(3):
        text, before = unquote(text), text
        if text == before:
            break
    return bool(_ASSIGNED.search(text) or _URL_INSIDE.search(text) or _SCHEME.search(text) or _JWT.search(text))
