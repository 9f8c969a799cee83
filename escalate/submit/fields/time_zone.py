"""Time zones: the API takes the names that Windows uses, people and machines know those of IANA."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from tzlocal import get_localzone_name
from tzlocal.windows_tz import tz_win, win_tz

from escalate.submit.fields.problem import Problem

_BY_CASEFOLD: Mapping[str, str] = MappingProxyType({name.casefold(): name for name in win_tz})
_OF_IANA: Mapping[str, str] = MappingProxyType({name.casefold(): zone for name, zone in tz_win.items()})
_OLD_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "gmt": "UTC",
        "z": "UTC",
        "cst6cdt": "Central Standard Time",
        "est5edt": "Eastern Standard Time",
        "mst7mdt": "Mountain Standard Time",
        "pst8pdt": "Pacific Standard Time",
        "europe/uzhgorod": "FLE Standard Time",
        "europe/zaporozhye": "FLE Standard Time",
        "us/east-indiana": "US Eastern Standard Time",
    }
)
"""Names of the IANA database that CLDR's table does not carry."""
_SHOWN = 3


def windows_zone(text: str) -> str | None:
    """The Windows name of a zone given by either name, in any case; None when nobody knows it.

    Source: CLDR windowsZones, as tzlocal ships it.
    """
    name = text.strip().casefold()
    return _BY_CASEFOLD.get(name) or _OF_IANA.get(name.replace(" ", "_")) or _OLD_NAMES.get(name)


def zone_of_this_machine() -> str | None:
    """The Windows name of the zone this machine is set to; None when it does not say."""
    try:
        name = get_localzone_name()
    except (OSError, LookupError, ValueError):  # files under /etc that contradict each other, or an odd TZ
        return None
    return windows_zone(name) if name else None


def problems(text: str) -> Iterator[Problem]:
    """What is wrong with a time zone."""
    if windows_zone(text) is not None:
        return
    names = (*win_tz, *tz_win)
    near = difflib.get_close_matches(text.strip(), names, n=_SHOWN, cutoff=0.7)
    yield Problem(
        "contact.time_zone",
        f"{text.strip()!r} is neither an IANA name nor one that Windows uses",
        f"did you mean {' or '.join(near)}?" if near else "write it like Europe/Berlin, or W. Europe Standard Time",
    )
