"""Which names of members, attributes, headers, columns and parameters stand for secrets or for people."""

from __future__ import annotations

import functools
import re

from escalate.redact.detectors.assignments import names_a_secret
from escalate.redact.engine import Engine
from escalate.redact.keep import is_platform_address
from escalate.redact.names import COMMON
from escalate.redact.tokens import MAIL_DOMAIN, PSEUDONYM, is_redacted, secret_token

WAKES = (
    rb"(?:pass|pwd|secret|token|credential|jwt|otp|bearer|key|auth|session|csrf|xsrf|sas|cookie|assertion|principal|cert)"
    rb"[\w-]{0,16}"
)
"""The end of a name that may say so, for hyperscan."""
NAMING = frozenset(("name", "key", "settingname", "variable", "variablename", "header", "headername", "parameter"))
"""Members that name what a member beside them holds."""
VALUED = frozenset(("value", "val", "settingvalue", "content", "connectionstring", "secretvalue", "data"))
_MORE = frozenset(("validationkey", "userpwd"))
_SYSTEM_SID = re.compile(r"(?i)S-1-5-(?:18|19|20|32-\d+|80-.*|82-.*)")
_PRINCIPAL = re.compile(r"x-ms-client-principal(?:-(?:id|name))?|x-ms-token-[\w-]+")
_HEADERS = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "authentication",
        "cookie",
        "cookie2",
        "set-cookie",
        "set-cookie2",
        "x-zumo-auth",
        "x-functions-key",
        "x-api-key",
        "x-auth-token",
        "x-identity-header",
        "x-csrf-token",
        "x-xsrf-token",
        "ocp-apim-subscription-key",
        "x-site-deployment-secret",
        "x-ms-site-restricted-token",
        "x-arr-ssl-client-cert",
        "x-arr-clientcert",
        "x-client-cert",
    )
)
PARAMETERS = frozenset(
    (
        "sig", "signature", "code", "token", "key", "state", "nonce", "id_token", "access_token", "refresh_token",
        "session_state",
        "client_secret", "client_assertion", "assertion", "password", "pwd", "passwd", "pass", "secret", "apikey",
        "api_key", "api-key", "subscription-key", "sas", "jwt", "auth", "authorization", "session", "sessionid", "sid",
        "ticket", "samlresponse", "samlrequest", "relaystate", "otp", "x-amz-signature", "x-amz-security-token",
        "login_hint",
        "x-goog-signature", "x-functions-key", "code_verifier", "reset_token", "invite", "magic",
    )
)  # fmt: skip
"""Parameters of a query that open something, or say who somebody is."""
_USERS = frozenset(
    (
        "username", "remoteusername", "authusername", "tokenusername", "csusername", "useraccountid", "userid",
        "userauthenticatedid",
        "userprincipalname", "upn", "loginname", "login", "cs-username", "remoteuser",
    )
)  # fmt: skip
_ADDRESSES = frozenset(
    (
        "clientip", "cip", "cipaddress", "c-ip", "remoteaddress", "remoteaddr", "clientipaddress", "calleripaddress",
        "xforwardedfor",
        "cs(x-forwarded-for)", "x-forwarded-for", "clientaddress", "serveripaddress", "originalclientip", "remoteip",
    )
)  # fmt: skip
_HARMLESS = re.compile(
    rb"(?is)\s*|true|false|null|none|undefined|nil|-|[0-9]{1,3}|[*x.]{3,}|(?:\xe2\x80\xa2)+|@microsoft\.keyvault\(.*"
    rb"|https://[\w.-]+\.vault\.azure\.net/\S*|/subscriptions/[0-9a-f-]{36}(?:/.*)?|\\?/subscriptions\\?/[0-9a-f-]{36}.*"
)
_SERVICE_ACCOUNT = re.compile(r"(?i)(?P<domain>(?:NT AUTHORITY|NT SERVICE|IIS APPPOOL|Window Manager)\\).*")
_LAST_NAME = re.compile(rb"[^?;#]*$")
_QUERY_PAIR = re.compile(rb"(?P<name>[^&?=\s;#\"'<>]{1,64})=(?P<value>[^&\s#\"'<>;]+)")
_NAMES = 16_384


@functools.lru_cache(maxsize=_NAMES)
def hides(name: str) -> bool:
    """Whether a member, attribute, setting or column of this name holds a secret."""
    return names_a_secret(re.sub(r"[._\s:]+", "_", name)) or hides_header(name) or name.casefold() in _MORE


@functools.lru_cache(maxsize=_NAMES)
def hides_header(name: str) -> bool:
    """Whether an HTTP header of this name holds a secret or a whole identity."""
    folded = name.casefold().strip(": ").removeprefix("http_").replace("_", "-")
    return folded in _HEADERS or _PRINCIPAL.fullmatch(folded) is not None


@functools.lru_cache(maxsize=_NAMES)
def holds(name: str) -> str:
    """`secret`, `user`, `address` or nothing: what a column or an event field of this name holds."""
    folded = re.sub(r"[_\s.-]", "", name.casefold())
    if hides(name):
        return "secret"
    if folded in _USERS or name.casefold() in _USERS:
        return "user"
    return "address" if folded in _ADDRESSES or name.casefold() in _ADDRESSES else ""


def is_harmless(value: bytes) -> bool:
    """Whether a value under the name of a secret is none: empty, a switch, a reference, or masked already."""
    return _HARMLESS.fullmatch(value) is not None or is_redacted(value)


def masked(engine: Engine, value: bytes, kind: str = "SECRET") -> bytes:
    """What stands in the place of a value whose name says that it is secret; the same value if it is harmless."""
    return value if is_harmless(value) else secret_token(engine.inputs.key, kind, value)


def pseudonymous(engine: Engine, holding: str, value: bytes) -> bytes:
    """What stands in the place of a value, by what its column holds; the value itself where it may stay."""
    if holding == "secret":
        return masked(engine, value)
    if holding == "user":
        return user(engine, value)
    return address(engine, value) if holding == "address" else value


def query(engine: Engine, value: bytes) -> bytes:
    """A query string or link whose parameters are masked where their names say so."""
    if b"=" not in value or not any(map(_may_hide, value.split(b"&"))):
        return value
    return _QUERY_PAIR.sub(lambda match: _pair(engine, match), value)


def _may_hide(pair: bytes) -> bool:
    """Whether it is worth a closer look: the name says something, or there is more than one `=`."""
    name, equals, value = pair.partition(b"=")
    return bool(equals) and (b"=" in value or _hides_parameter(name))


@functools.lru_cache(maxsize=_NAMES)
def _hides_parameter(name: bytes) -> bool:
    plain = _LAST_NAME.search(name)
    text = plain[0].decode("ascii", "replace").removeprefix("amp;") if plain else ""
    return text.casefold() in PARAMETERS or names_a_secret(text)


def _pair(engine: Engine, match: re.Match[bytes]) -> bytes:
    if not _hides_parameter(match["name"]):
        return match[0]
    return match["name"] + b"=" + masked(engine, match["value"])


def user(engine: Engine, value: bytes) -> bytes:
    """A pseudonym of somebody who logged in; accounts of the system, and what is a pseudonym, stay."""
    text = value.decode("utf-8", "replace")
    plain = text.strip()
    domain, _, account = plain.rpartition("\\")
    if is_harmless(value) or PSEUDONYM.fullmatch(account.strip()):
        return value
    if _SYSTEM_SID.fullmatch(plain) or _SERVICE_ACCOUNT.fullmatch(plain):
        return value
    if account.casefold() in COMMON or plain.endswith(MAIL_DOMAIN.decode()):
        return value
    if "@" in account[1:-1] and " " not in account:
        return engine.names.email(account).encode()
    return engine.names.pseudonym("user", account or domain).encode()


def address(engine: Engine, value: bytes) -> bytes:
    """Pseudonyms of the addresses of a list (`a, b:port`); addresses of the platform stay."""
    if not value or value == b"-":
        return value
    return re.sub(rb"[0-9a-fA-F:.\[\]]{3,64}", lambda match: _one_address(engine, match[0]), value)


def _one_address(engine: Engine, value: bytes) -> bytes:
    text = value.decode("ascii")
    for pattern in (r"(?P<ip>[0-9.]+)(?P<port>:[0-9]{1,5})", r"\[(?P<ip>[0-9a-fA-F:.]+)\](?P<port>(?::[0-9]{1,5})?)"):
        match = re.fullmatch(pattern, text)
        if match:
            return text.replace(match["ip"], _plain_address(engine, match["ip"]), 1).encode()
    return _plain_address(engine, text).encode()


def _plain_address(engine: Engine, text: str) -> str:
    return text if is_platform_address(text) else engine.names.address(text)
