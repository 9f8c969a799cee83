"""What a reader may look for in a zip and will not find: one file each, a list, or counts, as there is room."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from escalate.bundle.contents import Contents
from escalate.bundle.documents import Gaps, LeftOut, Reference
from escalate.bundle.selection import Selection

REFERENCE_SHARE = 1_000_000
"""Bytes of a kit that references may take; beyond it they are folded into one list, then into counts."""
_COST_OF_A_FILE = 500
"""Bytes one `*.ref.json` costs, deflated, with its zip headers and its lines in manifest, SHA256SUMS and gaps."""
_STEPS_WHEN_COUNTED = 500


def gaps_of(contents: Contents, selection: Selection, terse: bool) -> Gaps:
    """gaps.json of one tier, as long as it may be; `terse`: as short as can be."""
    left_out = len(contents.withheld) + len(contents.unreadable) + len(selection.held_back)
    full = Gaps(
        case_id=contents.case.id,
        tier=selection.tier,
        steps=contents.gaps,
        withheld=contents.withheld,
        held_back=selection.held_back,
        unreadable=contents.unreadable,
        references="one file each",
        counts=_counts((*contents.withheld, *contents.unreadable, *selection.held_back)),
    )
    if terse:
        return _counted(full, 0)
    if selection.tier == "full" or left_out * _COST_OF_A_FILE + _deflated_size(full) <= REFERENCE_SHARE:
        return full
    listed = full.model_copy(update={"references": "in this list"})
    if _deflated_size(listed) <= REFERENCE_SHARE:
        return listed
    return _counted(full, _STEPS_WHEN_COUNTED)


def _counted(gaps: Gaps, steps: int) -> Gaps:
    return gaps.model_copy(
        update={
            "references": "counted only",
            "steps": gaps.steps[:steps],
            "steps_not_listed": max(0, len(gaps.steps) - steps),
            "withheld": (),
            "held_back": (),
            "unreadable": (),
        }
    )


def _deflated_size(gaps: Gaps) -> int:
    return len(zlib.compress(gaps.to_json()))


def _counts(references: Sequence[Reference]) -> tuple[LeftOut, ...]:
    """Artifacts and bytes by reason; reasons beyond the first twenty are taken together."""
    sums: dict[str, tuple[int, int]] = {}
    for reference in references:
        why = reference.why[:300]
        why = why if why in sums or len(sums) < 20 else "for other reasons"
        number, size = sums.get(why, (0, 0))
        sums[why] = (number + 1, size + reference.size)
    return tuple(LeftOut(why=why, artifacts=number, size=size) for why, (number, size) in sorted(sums.items()))
