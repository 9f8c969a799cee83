"""The share takes writes and has room, or shows other entries whole: the app's own use explains nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from escalate.model.kind import Kind
from escalate.triage.correlators import mount_write_fails
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, State, fails, holds, number, unknown

_DISK = re.compile(r"^//\S+\s+\S+\s+\S+\s+\S+\s+(?P<used>\d{1,3})% ")
_WHOLE = re.compile(r"^[-dl][rwxsStT-]{9}[.+]? +\d+ .* (?P<entry>\S+)$")


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    lines = index.facts.of(Kind.SHELL_TRANSCRIPT)
    refused = mount_write_fails.CORRELATOR.evaluate(hit, {}, index)
    if refused.state is State.HOLDS:
        return Result(State.FAILS, refused.sentence, refused.cites)
    full = _full(lines, number(args, "full_pct", 98))
    if full is not None:
        return fails("The share is full.", full)
    if refused.state is State.FAILS:
        return holds(f"{refused.sentence} Neither room nor credentials explain it.", *(c.place for c in refused.cites))
    whole = _seen_whole(hit, lines)
    if whole is not None:
        return holds("Another session sees the same entry whole.", whole)
    beside = _beside(hit, lines)
    if beside is not None:
        return holds("Other entries of the same listing are whole: neither room nor credentials explain it.", beside)
    return unknown("No transcript writes to the share, and none sees the same entry, or others beside it, whole.")


def _full(lines: Sequence[Place], least: float) -> Place | None:
    for place in lines:
        match = _DISK.match(place.excerpt)
        if match and int(match["used"]) >= least:
            return place
    return None


def _seen_whole(hit: Hit | None, lines: Sequence[Place]) -> Place | None:
    entry = hit.groups.get("entry") if hit else None
    for place in lines:
        match = _WHOLE.match(place.excerpt.rstrip())
        if hit and match and match["entry"] == entry and place.artifact.id != hit.place.artifact.id:
            return place
    return None


def _beside(hit: Hit | None, lines: Sequence[Place]) -> Place | None:
    """Another entry of the listing that the hit is in."""
    for place in lines:
        same = hit is not None and place.artifact.id == hit.place.artifact.id
        listed = hit is not None and str(place.fields.get("command") or "").startswith("ls")
        match = _WHOLE.match(place.excerpt.rstrip()) if same and listed else None
        if match and match["entry"] not in (".", ".."):
            return place
    return None


CORRELATOR = Correlator("share_in_order", frozenset({"full_pct"}), _evaluate)
