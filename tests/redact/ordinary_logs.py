"""Ordinary logs of every kind that an app on App Service leaves, without a secret in them; made from a seed."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_FIELD = re.compile(r"<<(\w+)>>")
_CAPITALS = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class Line:
    """One line, and the identifiers in it that support looks for."""

    text: str
    identifiers: tuple[str, ...]


def _hex(length: int) -> Callable[[random.Random], str]:
    return lambda dice: "".join(dice.choices("0123456789abcdef", k=length))


def _guid(dice: random.Random) -> str:
    whole = _hex(32)(dice)
    return f"{whole[:8]}-{whole[8:12]}-4{whole[13:16]}-a{whole[17:20]}-{whole[20:]}"


def _time(dice: random.Random) -> datetime:
    return datetime(2026, 4, 4, tzinfo=UTC) + timedelta(
        seconds=dice.randrange(86_400), microseconds=dice.randrange(10**6)
    )


def _choice(*options: str) -> Callable[[random.Random], str]:
    return lambda dice: dice.choice(options)


def _code(prefix: str, digits: int) -> Callable[[random.Random], str]:
    return lambda dice: prefix + "".join(dice.choices(_CAPITALS, k=digits))


def _worker(dice: random.Random) -> str:
    shapes = (
        _code("RD", 12),
        lambda inner: "RD" + _hex(12)(inner).upper(),
        _code("lw0sdlwk000", 3),
        _code("lw1sdlwk000", 3),
        _code("lw0mdlwk000", 3),
        _code("lw1mdlwk0000", 2),
        _code("dw0sdwk000", 3),
        _code("dw1mdwk000", 3),
        _code("dw1ldwk000", 3),
        _code("pd0sdwk000", 3),
        _code("pd1sdwk000", 3),
        _code("ln0xsdlwk000", 3),
        _code("ln1mdlwk000", 3),
        _code("xn0ldwk000", 3),
        _code("wn0sdwk000", 3),
        _code("WEBWK000", 3),
        lambda inner: f"10-30-{inner.randrange(16)}-{inner.randrange(1, 255)}",
    )
    return dice.choice(shapes)(dice)


_SITES = ("web-shop", "func-import", "contoso-api", "app-invoice-prod", "shop-staging", "middleware01")
_MODULES = (
    "ntdll.dll", "clr.dll", "coreclr.dll", "iisutil.dll", "w3wp.exe", "KERNELBASE.dll", "libc.so.6", "libjvm.so",
    "libcoreclr.so", "libpthread-2.31.so", "aspnetcorev2_inprocess.dll", "mscorlib.ni.dll", "libssl.so.1.1",
)  # fmt: skip
_EXCEPTIONS = (
    "System.NullReferenceException", "System.Threading.Tasks.TaskCanceledException", "java.lang.OutOfMemoryError",
    "System.Data.SqlClient.SqlException", "Microsoft.Data.SqlClient.SqlException", "java.net.SocketTimeoutException",
    "org.springframework.security.authentication.BadCredentialsException", "django.db.utils.OperationalError",
    "System.IdentityModel.Tokens.Jwt.SecurityTokenExpiredException", "PDOException", "KeyError", "ECONNRESET",
    "Microsoft.IdentityModel.Tokens.SecurityTokenInvalidSignatureException", "Azure.RequestFailedException",
    "com.azure.identity.CredentialUnavailableException", "System.ComponentModel.Win32Exception",
)  # fmt: skip

FIELDS: dict[str, Callable[[random.Random], str]] = {
    "iso": lambda dice: _time(dice).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    "iso7": lambda dice: f"{_time(dice):%Y-%m-%dT%H:%M:%S.%f}{dice.randrange(10)}Z",
    "iso9": lambda dice: f"{_time(dice):%Y-%m-%dT%H:%M:%S.%f}{dice.randrange(1000):03}Z",
    "clf": lambda dice: f"{_time(dice):%d/%b/%Y:%H:%M:%S} +0000",
    "local": lambda dice: f"{_time(dice):%Y-%m-%d %H:%M:%S}",
    "comma": lambda dice: f"{_time(dice):%Y-%m-%d %H:%M:%S},{dice.randrange(1000):03}",
    "epoch": lambda dice: str(int(_time(dice).timestamp())),
    "epochms": lambda dice: str(int(_time(dice).timestamp() * 1000)),
    "ticks": lambda dice: f"6388{dice.randrange(10**14):014}",
    "guid": _guid,
    "GUID": lambda dice: "{" + _guid(dice).upper() + "}",
    "resource": lambda dice: (
        f"/subscriptions/{_guid(dice)}/resourceGroups/rg-{dice.choice(_SITES)}/providers/Microsoft.Web/sites/"
        f"{dice.choice(_SITES)}"
    ),
    "site": _choice(*_SITES),
    "worker": _worker,
    "instance": _hex(64),
    "container": _hex(12),
    "image": lambda dice: "sha256:" + _hex(64)(dice),
    "operation": _hex(32),
    "span": _hex(16),
    "hex8": _hex(8),
    "sha1": _hex(40),
    "traceparent": lambda dice: f"00-{_hex(32)(dice)}-{_hex(16)(dice)}-01",
    "requestid": lambda dice: f"0HN{''.join(dice.choices(_CAPITALS, k=10))}:0000000{dice.randrange(1, 10)}",
    "hierarchy": lambda dice: f"|{_hex(32)(dice)}.{_hex(16)(dice)}.",
    "eagleeye": lambda dice: (
        f"20260404T{dice.randrange(240000):06}Z-" + "".join(dice.choices(string.ascii_lowercase + string.digits, k=26))
    ),
    "stamp": lambda dice: f"waws-prod-{dice.choice(('am2', 'db3', 'bay', 'sn1'))}-{dice.randrange(1, 500):03}",
    "platform": _choice(
        "168.63.129.16", "169.254.129.1", "169.254.130.3", "127.0.0.1", "10.0.0.4", "172.16.5.1", "::1"
    ),
    "version": lambda dice: f"{dice.randrange(1, 20)}.{dice.randrange(20)}.{dice.randrange(10_000)}",
    "version4": lambda dice: f"10.0.{dice.randrange(14_000, 26_000)}.{dice.randrange(1, 5_000)}",
    "hresult": lambda dice: f"0x8007{dice.randrange(65_536):04x}",
    "hresultd": lambda dice: str(-2_147_024_896 + dice.randrange(65_536)),
    "ntstatus": lambda dice: f"0xC00000{dice.randrange(256):02X}",
    "errno": _choice(
        "ECONNREFUSED", "ETIMEDOUT", "EADDRINUSE", "ENOSPC", "EMFILE", "[Errno 111]", "errno 104", "ENOENT"
    ),
    "pointer": lambda dice: f"0x{dice.randrange(2**46, 2**47):x}",
    "address": lambda dice: f"0x{dice.randrange(2**46, 2**47):016x}",
    "pid": lambda dice: str(dice.randrange(2, 40_000)),
    "n": lambda dice: str(dice.randrange(1, 900)),
    "big": lambda dice: str(dice.randrange(10_000, 10**9)),
    "port": _choice("80", "443", "8080", "8181", "3000", "5000", "2222", "21453"),
    "status": _choice("200", "304", "404", "500", "502", "503"),
    "module": _choice(*_MODULES),
    "exception": _choice(*_EXCEPTIONS),
    "path": _choice(
        "/", "/api/orders", "/api/token/refresh", "/health", "/Account/Login", "/password/reset", "/signin-oidc"
    ),
    "agent": _choice("Mozilla/5.0", "AlwaysOn", "HealthCheck/1.0", "ELB-HealthChecker/2.0", "curl/8.5.0", "Ready/1.0"),
}  # fmt: skip
"""What varies; everything here must still be there after redaction."""


KINDS = tuple(sorted(place.stem for place in (Path(__file__).parent / "ordinary").glob("*.txt")))
"""Each has a file of its own with its lines, in which `<<field>>` is filled in."""


def generate(kind: str, count: int) -> list[Line]:
    """So many lines of a kind, always the same."""
    dice = random.Random(kind)
    templates = (Path(__file__).parent / "ordinary" / f"{kind}.txt").read_text("utf-8").splitlines()
    return [_filled(templates[number % len(templates)], dice) for number in range(count)]


def _filled(template: str, dice: random.Random) -> Line:
    identifiers: list[str] = []

    def fill(match: re.Match[str]) -> str:
        identifiers.append(FIELDS[match[1]](dice))
        return identifiers[-1]

    return Line(_FIELD.sub(fill, template), tuple(identifiers))
