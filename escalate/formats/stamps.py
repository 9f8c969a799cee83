"""Times as logs write them, with how exact they are; a time without a zone is UTC only where the caller knows it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePosixPath
from typing import NamedTuple

from escalate.model.finding import Precision

_ISO = (
    r"(?P<y>\d{4})-(?P<mo>\d\d)-(?P<d>\d\d)[T ](?P<h>\d\d):(?P<mi>\d\d)"
    r"(?::(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?)?(?P<z> ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?"
)
_US = (
    r"(?P<mo>\d{1,2})(?P<slash>/)(?P<d>\d{1,2})/(?P<y>\d{4}),? (?P<h>\d{1,2}):(?P<mi>\d\d)"
    r"(?::(?P<s>\d\d)(?:\.(?P<f>\d{1,9}))?)?(?: ?(?P<ampm>[AaPp][Mm]))?(?P<z> ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?"
)
_APACHE = r"(?P<d>\d\d)/(?P<mon>[A-Z][a-z]{2})/(?P<y>\d{4}):(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)(?P<z> [+-]\d{4})?"
_C_DATE = (
    r"(?:[A-Z][a-z]{2} )(?P<mon>[A-Z][a-z]{2}) {1,2}(?P<d>\d{1,2}) (?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)"
    r"(?:\.(?P<f>\d{1,9}))?(?: (?P<ampm>[AaPp][Mm]))?(?P<z> (?:UTC|GMT|[+-]\d{4}))? (?P<y>\d{4})"
)
_JS_DATE = (
    r"[A-Z][a-z]{2} (?P<mon>[A-Z][a-z]{2}) (?P<d>\d\d) (?P<y>\d{4}) (?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)"
    r"(?P<z> GMT[+-]\d{4})"
)
_BASIC = r"(?P<y>\d{4})(?P<mo>\d\d)(?P<d>\d\d)T(?P<h>\d\d)(?P<mi>\d\d)(?P<s>\d\d)?(?:\.(?P<f>\d{1,9}))?(?P<z>Z)"

_ISO_RE = re.compile(_ISO)
_UTC_RE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?Z\b")
_NO_FRACTION = len("2026-04-04T05:46:15Z")
_MICROSECONDS = len("2026-04-04T05:46:15.123456Z")
"""Length of a match of `_UTC_RE` without a fraction, and with the most digits that are no nanoseconds."""

_WHOLE = tuple(re.compile(pattern) for pattern in (_ISO, _US, _APACHE, _JS_DATE, _C_DATE, _BASIC))
_IN_BRACKETS = (re.compile(r"\[" + _ISO + r"\]"), re.compile(r"\[" + _APACHE + r"\]"))
_IN_JSON = re.compile(r'"(?:@?timestamp|@?time|@t|ts|datetime)" ?: ?"' + _ISO + r'"', re.IGNORECASE)
_C_DATE_RE = re.compile(_C_DATE)
_BASIC_RE = re.compile(r"(?<!\d)" + _BASIC)
_DASHED_NAME = re.compile(r"(?<!\d)(?P<y>\d{4})-(?P<mo>\d\d)-(?P<d>\d\d)T(?P<h>\d\d)-(?P<mi>\d\d)-(?P<s>\d\d)(?!\d)")

_POWERSHELL = re.compile(r"/Date\((\d{12,13})\)/")
"""Milliseconds since 1970, as Windows PowerShell writes a date into JSON."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_JSON_REACH = 1000
"""Characters from the start of a line of JSON in which its time stands."""

_BRACKET_REACH = 160
"""Characters from the start of a line in which its own bracketed time stands (after addresses and user names)."""

_FIRST_YEAR = 1990
"""Earlier years are the zero values of .NET and Unix, not times."""


class Stamp(NamedTuple):
    """A moment in UTC and how exact it is."""

    ts: datetime
    precision: Precision


def parse(text: str, *, naive_is_utc: bool = False) -> Stamp | None:
    """The time that a value consists of: ISO 8601, `04/04/2026 05:46:15` (month first), Apache, JavaScript or C style.

    Also PowerShell's `/Date(1775281575000)/`. A value without a zone gives None unless `naive_is_utc`.
    """
    value = text.strip()
    found = at_start(value)
    if found and found[1] == len(value):
        return found[0]
    for pattern in _WHOLE:
        match = pattern.match(value)
        if match and (match.end() == len(value) or pattern.pattern == _JS_DATE):
            return _stamp(match, naive_is_utc=naive_is_utc)
    match = _POWERSHELL.fullmatch(value)
    return Stamp(_EPOCH + timedelta(milliseconds=int(match[1])), Precision.MILLISECOND) if match else None


def at_start(text: str) -> tuple[Stamp, int] | None:
    """The ISO time with a zone at the start of a line, and where it ends."""
    match = _UTC_RE.match(text)
    if match:  # nearly every line of a container log: worth a way without groups
        try:
            ts = datetime.fromisoformat(match[0])
        except ValueError:
            return None
        if ts.year < _FIRST_YEAR:
            return None
        end = match.end()
        if end > _MICROSECONDS:
            return Stamp(ts, Precision.NANOSECOND), end
        return Stamp(ts, Precision.SECOND if end == _NO_FRACTION else Precision.MILLISECOND), end
    match = _ISO_RE.match(text)
    stamp = _stamp(match, naive_is_utc=False) if match else None
    return (stamp, match.end()) if stamp and match else None


def of_line(text: str) -> Stamp | None:
    """The time of a log line: ISO at its start, in brackets near it, or in a JSON object; None without a zone."""
    found = at_start(text)
    if found:
        return found[0]
    if text.startswith("{"):
        member = _IN_JSON.search(text, 0, _JSON_REACH)
        return _stamp(member, naive_is_utc=False) if member else None
    if "[" not in text[:_BRACKET_REACH]:
        return None
    for pattern in _IN_BRACKETS:
        match = pattern.search(text, 0, _BRACKET_REACH)
        if match:
            return _stamp(match, naive_is_utc=False)
    return None


def of_date_command(text: str) -> Stamp | None:
    """The time that `date -u` printed (`Fri Oct  8 09:30:02 UTC 2021`) or `date -u -Is`; None for local times."""
    match = _C_DATE_RE.fullmatch(text.strip())
    return _stamp(match, naive_is_utc=False) if match else parse(text)


def of_path(path: PurePosixPath) -> Stamp | None:
    """The UTC stamp in a file's or folder's name, innermost first: `20260404T055845Z`, `20181018T0905Z`."""
    for part in reversed(path.parts):
        match = _BASIC_RE.search(part)
        if match is None:
            continue
        stamp = _stamp(match, naive_is_utc=True)
        if stamp:
            return stamp
    match = _DASHED_NAME.search(path.name)
    return _stamp(match, naive_is_utc=True) if match else None


def _stamp(match: re.Match[str], *, naive_is_utc: bool) -> Stamp | None:
    part = match.groupdict()
    zone = _zone(part.get("z"), naive_is_utc=naive_is_utc)
    if zone is None:
        return None
    month, day, hour = _month(part), int(part["d"]), int(part["h"])
    if month > 12 >= day and part.get("slash"):  # a country that writes the day first
        month, day = day, month
    if part.get("ampm"):
        hour = hour % 12 + (12 if part["ampm"].lower() == "pm" else 0)
    fraction = part.get("f")
    micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
    try:
        ts = datetime(int(part["y"]), month, day, hour, int(part["mi"]), int(part["s"] or 0), micro, tzinfo=zone)
        ts = ts.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if ts.year < _FIRST_YEAR:
        return None
    return Stamp(ts, _precision(part["s"], fraction))


def _precision(seconds: str | None, fraction: str | None) -> Precision:
    if seconds is None:
        return Precision.MINUTE
    if fraction is None:
        return Precision.SECOND
    return Precision.NANOSECOND if len(fraction) > 6 else Precision.MILLISECOND


def _month(part: dict[str, str | None]) -> int:
    name = part.get("mon")
    if name is not None:
        return _MONTHS.index(name) + 1 if name in _MONTHS else 99
    return int(part["mo"] or 0)


def _zone(text: str | None, *, naive_is_utc: bool) -> timezone | None:
    if text is None:
        return UTC if naive_is_utc else None
    digits = text.strip().removeprefix("GMT").replace(":", "")
    if digits in {"Z", "UTC", ""}:
        return UTC
    offset = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    if offset >= timedelta(hours=24):
        return None
    return timezone(-offset if digits[0] == "-" else offset)
