"""Room on disks: what `df` printed inside the window."""

from __future__ import annotations

from escalate.model.exclusion import Measured
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import fails, holds, unknown

USED = r"(?P<used>\d{1,3})% +(?P<mount>/(?:home|tmp|appsvctmp)?)\s*$"
"""The end of a line of `df`: used part and mount point, of the disks that an app writes to."""

FULL = 95.0
ROOM = 90.0


def room(index: Index) -> Test:
    """The fullest of the disks that an app writes to; `df` from another time tells nothing of the window."""
    hits = index.watched(USED).hits
    timely = [hit for hit in hits if _timed(hit.place) and inside(index.window, hit.place)]
    if not timely:
        later = f" `df` of another time shows {_told(hits[0])}." if hits else ""
        return Test(unknown(f"Room on the disks was not looked at inside the window.{later}"))
    worst = max(timely, key=lambda hit: int(hit.groups["used"]))
    used = float(worst.groups["used"])
    numbers = (Measured(name=f"used of {worst.groups['mount']}", value=used, unit="%", limit=FULL),)
    mounts = {hit.groups["mount"] for hit in timely}
    if used >= FULL:
        return Test(holds(f"{_told(worst)}.", worst.place), numbers)
    if used < ROOM and {"/", "/home"} <= mounts:
        return Test(fails(f"{_told(worst)}, the fullest of {', '.join(sorted(mounts))}.", worst.place), numbers)
    return Test(unknown(f"{_told(worst)}; the other disks are not known."), numbers)


def _timed(place: Place) -> bool:
    return place.ts is not None


def _told(hit: Hit) -> str:
    return f"{hit.groups['mount']} is {hit.groups['used']} % full"
