"""Walks the log folders of a site: breadth first, so deep and no deeper, never where memory and packets lie."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from escalate.azure.failure import AzureFailure
from escalate.azure.kudu import Kudu
from escalate.collect.vfs import Refused, VfsFile, read_folder
from escalate.collect.watch import Watch

LOGS = ("LogFiles",)
DEPTH = 4
"""Folders below LogFiles."""
FOLDERS, FILES = 400, 20_000
"""Bounds of one walk: an app that writes a folder a request would be walked for hours."""
KEPT_OUT = frozenset({"minidump", "networktrace"})
"""Dumps and packets: they have collectors, and consents, of their own."""


@dataclass
class Tree:
    """What was found."""

    files: list[VfsFile] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    """Entries that were not followed, and folders that could not be read."""
    failures: list[AzureFailure] = field(default_factory=list)


def walk(kudu: Kudu, watch: Watch, start: tuple[str, ...] = LOGS, depth: int = DEPTH) -> Tree:
    """Everything below a folder.

    Raises:
        AzureFailure: the folder itself cannot be listed.
    """
    tree = Tree()
    queue: deque[tuple[str, ...]] = deque([start])
    listed = 0
    while queue:
        parts = queue.popleft()
        where = "/".join(parts)
        if listed >= FOLDERS or len(tree.files) >= FILES:
            tree.refused.append(Refused(where, f"not listed: more than {FOLDERS} folders or {FILES} files"))
            continue
        try:
            folder = read_folder(kudu, parts)
        except AzureFailure as failure:
            if parts == start:
                raise
            tree.refused.append(Refused(where, f"could not be listed: {failure.reason}"))
            tree.failures.append(failure)
            continue
        listed += 1
        watch.alive()
        tree.files += folder.files
        tree.refused += folder.refused
        for child in folder.folders:
            if child[-1].casefold() in KEPT_OUT:
                tree.refused.append(
                    Refused("/".join(child), "memory or packets: asked for separately, with your consent")
                )
            elif len(child) - len(start) > depth:
                tree.refused.append(Refused("/".join(child), f"not listed: deeper than {depth} folders"))
            else:
                queue.append(child)
    return tree
