"""Certificates: their ends, as ARM, Kudu and openssl print them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from escalate.formats.stamps import parse
from escalate.model.exclusion import Measured
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.place import Place
from escalate.triage.result import fails, holds, unknown

ENDS = (
    r'(?:"(?:expirationDate|notAfter)"\s*:\s*"(?P<when>\d{4}-\d\d-\d\dT[^"]+)"'
    r"|notAfter=(?P<text>\w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}) GMT)"
)
_OPENSSL = "%b %d %H:%M:%S %Y"


def ends(index: Index) -> Test:
    """The certificate that ends first, against the incident."""
    if index.window is None:
        return Test(unknown("The incident window is not known, so the end of a certificate cannot be set beside it."))
    found = [(when, hit.place) for hit in index.watched(ENDS).hits if (when := _when(hit.groups)) is not None]
    if not found:
        return Test(unknown("No end of a certificate is in the evidence."))
    when, place = min(found, key=_first)
    days = (when - index.window.end).total_seconds() / 86400
    numbers = (Measured(name="days from the incident to the first end of a certificate", value=round(days, 1)),)
    if when <= index.window.end:
        return Test(holds(f"A certificate ended at {when:%Y-%m-%d %H:%M:%S} UTC.", place), numbers)
    said = f"The first of {len(found)} listed certificate(s) ends at {when:%Y-%m-%d %H:%M} UTC, after the incident"
    return Test(fails(f"{said}; certificates of peers are not in the list.", place), numbers)


def _first(item: tuple[datetime, Place]) -> datetime:
    return item[0]


def _when(groups: Mapping[str, str]) -> datetime | None:
    if "when" in groups:
        stamp = parse(groups["when"], naive_is_utc=True)
        return stamp.ts if stamp else None
    try:
        return datetime.strptime(" ".join(groups.get("text", "").split()), _OPENSSL).replace(tzinfo=UTC)
    except ValueError:
        return None
