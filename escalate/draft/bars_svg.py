"""Two bars for a comparison: the sick side against the healthy one, on one scale."""

from __future__ import annotations

from markupsafe import Markup

from escalate.draft import text
from escalate.draft.axis import coordinate
from escalate.draft.claims import zone
from escalate.model.differential import Comparison, Side

WIDTH = 320.0
BAR = 11.0
STEP = 17.0
LONGEST = 120.0
"""Of a bar; the value stands behind it."""
LEAST = 1.5
LETTER = 6.9


def bars(one: Comparison) -> Markup:
    """The picture; its name says the same in words."""
    top = max(abs(one.sick.value), abs(one.healthy.value)) or 1.0
    rows = Markup("").join(
        _row(side, kind, number * STEP, top, one.unit)
        for number, (side, kind) in enumerate(((one.sick, "sick"), (one.healthy, "well")))
    )
    name = ", ".join(f"{side.name} {text.figure(side.value, one.unit)}" for side in (one.sick, one.healthy))
    head = Markup(
        '<svg class="bars" viewBox="0 0 {} {}" role="img" aria-label="{}" xmlns="http://www.w3.org/2000/svg">{}</svg>'
    )
    return head.format(coordinate(WIDTH), coordinate(2 * STEP), zone(name, 200), rows)


def _row(side: Side, kind: str, y: float, top: float, unit: str) -> Markup:
    long = max(LEAST, abs(side.value) / top * LONGEST)
    room = int((WIDTH - long - 6) / LETTER)
    said = f"{text.figure(side.value, unit.partition(' of ')[0])}  {side.name}"
    words = zone(said if len(said) <= room else f"{said[: room - 1]}…", 80)
    row = Markup('<rect class="bar {}" x="0" y="{}" width="{}" height="{}"/><text class="what" x="{}" y="{}">{}</text>')
    return row.format(
        kind, coordinate(y + 3), coordinate(long), coordinate(BAR), coordinate(long + 6), coordinate(y + 12.5), words
    )
