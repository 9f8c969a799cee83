"""Crashes in native code: the same frame every time is a defect of its library, wherever it runs."""

from __future__ import annotations

from escalate.model.exclusion import Measured
from escalate.triage.correlators.repeat_same_frame import crash_sites
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.result import fails, holds, unknown


def frames(index: Index) -> Test:
    """Crashes by frame; a single one neither shows nor excludes a defect of the library it is in."""
    sites = crash_sites(index)
    if not sites:
        return Test(unknown("No crash with a frame (error file of a JVM, dump) was collected."))
    frame, places = max(sites.items(), key=lambda item: len(item[1]))
    crashes = sum(len(found) for found in sites.values())
    numbers = (Measured(name="crashes", value=crashes), Measured(name="different frames", value=len(sites)))
    if len(places) > 1:
        return Test(holds(f"{len(places)} of {crashes} crashes are at {frame}.", *places[:3]), numbers)
    firsts = [found[0] for found in sites.values()]
    if crashes == 1:
        return Test(
            holds(f"The one crash that was collected is at {frame}; whether it repeats is not known.", *firsts), numbers
        )
    return Test(fails(f"{crashes} crashes are at {len(sites)} different frames.", *firsts[:3]), numbers)
