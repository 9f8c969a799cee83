"""Which member goes into which part of a split bundle."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from escalate.bundle.contents import Contents
from escalate.bundle.manifest import Body, finish
from escalate.bundle.members import Member
from escalate.bundle.selection import OVERHEAD, Deflated, Selection
from escalate.errors import ConfigError

MOST_PARTS = 99
"""The names of parts have two digits."""
_SLACK = 16_384


def in_groups(
    contents: Contents, selection: Selection, body: Body, size: int, advance: Callable[[int], None]
) -> list[list[Member]]:
    """Documents and references first, then evidence in the order of its names; each part is filled as far as it goes.

    `advance` is told of each byte that is looked at.

    Raises:
        ConfigError: parts of `size` bytes would be too many, or hold little but lists.
    """
    room = size - _of_lists(contents, selection, body)
    if room < size // 2:
        raise ConfigError(
            f"parts of {size:,} bytes would hold little but the manifest", hint="give --split a larger size"
        )
    measure = Deflated(advance)
    groups: list[list[Member]] = [[]]
    left = [room]
    for member in sorted(body.members, key=lambda member: (member.role == "evidence", member.name)):
        cost = OVERHEAD + 3 * len(member.name.encode())
        packed = measure.within(member, room - cost)
        needed = room + 1 if packed is None else packed + cost
        place = next((number for number, free in enumerate(left) if needed <= free), None)
        if place is None:
            groups.append([])
            left.append(room)
            place = len(groups) - 1
        groups[place].append(member)
        left[place] -= needed
    filled = [sorted(group, key=lambda member: member.name) for group in groups if group]
    if len(filled) > MOST_PARTS:
        raise ConfigError(f"{len(filled)} parts would be too many", hint="give --split a larger size")
    return filled


def _of_lists(contents: Contents, selection: Selection, body: Body) -> int:
    """Bytes of what stands in every part: pages, gaps, manifest and sums."""
    halves: list[Sequence[Member]] = [body.members, ()]  # two, so that the lists are those of a split bundle
    own = {member.name for member in body.members}
    measure = Deflated()
    lists = [member for member in finish(contents, selection, body, halves)[0] if member.name not in own]
    return _SLACK + sum((measure.within(member, member.size + 1024) or member.size) + OVERHEAD for member in lists)
