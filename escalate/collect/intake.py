"""What the plan and the intake collector agree on: how a folder is cut into steps."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace
from pathlib import Path, PurePosixPath

from escalate.collect.names import Names, safe_part, unreserved
from escalate.collect.piece import Piece
from escalate.errors import TargetError
from escalate.formats.names import instance_of, worker_of
from escalate.model.dump import DumpCheck
from escalate.model.incident import Incident

FILES_AT_TOP = "."
COLLECTOR = "intake.path"

_SITE = re.compile(r"/sites/(?P<site>[^/]+)(?:/slots/(?P<slot>[^/]+))?", re.IGNORECASE)


def steps_of(target: Path) -> dict[str, str]:
    """Step id to title: one step for each top-level folder, one for the loose files; an archive or file is one step.

    Raises:
        TargetError: missing, unreadable, or without a single file.
    """
    try:
        kind = target.stat().st_mode
        if stat.S_ISREG(kind):
            if target.stat().st_size == 0:
                raise TargetError(f"{target} is empty", hint="name a folder or archive that holds evidence")
            return {COLLECTOR: f"Evidence in {safe_part(target.name)}"}
        if not stat.S_ISDIR(kind):
            raise TargetError(f"{target} is no file and no folder", hint="name a folder, zip or tar with evidence")
        entries = top_level(target.resolve())
        folders = {safe: raw for safe, raw in entries.items() if stat.S_ISDIR((target / raw).lstat().st_mode)}
    except OSError as error:
        raise TargetError(
            f"{target} cannot be read: {error.strerror}",
            hint="name a folder, zip or tar with evidence, or `local` for this machine",
        ) from error
    if not any(_holds_something(target / raw) for raw in entries.values()):
        raise TargetError(f"{target} holds no file", hint="name a folder that holds evidence")
    steps = {f"{COLLECTOR}/{safe}": f"Evidence in {safe}/" for safe in folders}
    if len(folders) < len(entries):
        steps[f"{COLLECTOR}/{FILES_AT_TOP}"] = "Evidence files at the top"
    return steps


def part_of(step: str) -> str:
    """The folder that a step takes; empty for a target that is one file."""
    return step.partition("/")[2]


def top_level(folder: Path) -> dict[str, str]:
    """Safe name to real name of what stands in a folder, sorted by real name.

    Raises:
        OSError: the folder cannot be read.
    """
    names = Names()
    found: dict[str, str] = {}
    for raw in sorted(entry.name for entry in folder.iterdir()):
        safe = names.variant(unreserved(PurePosixPath(safe_part(raw))))
        names.add(safe)
        found[str(safe)] = raw
    return found


def site_names(incident: Incident) -> tuple[str, ...]:
    """The names that a folder may be called after: the app itself, its slot, and its siblings."""
    match = _SITE.search(incident.target.resource_id or "")
    own = [match["site"]] if match else []
    if match and match["slot"]:
        own.append(f"{match['site']}-{match['slot']}")
    return (*own, *incident.target.sibling_apps)


def of_dump(piece: Piece, dump: DumpCheck) -> Piece:
    """Whose dump it is, where nothing else told: the pid that the dump has, and the worker that a folder is called."""
    pid = dump.pid if dump.pid and dump.state != "damaged" else None
    return replace(
        piece,
        pid=pid if piece.pid is None else piece.pid,
        instance=piece.instance or instance_of(piece.path) or worker_of(piece.path),
    )


def _holds_something(place: Path) -> bool:
    """Whether there is anything but folders; links are looked at, not followed."""
    if not stat.S_ISDIR(place.lstat().st_mode):
        return True
    return any(names for _, _, names in os.walk(place)) or any(
        Path(folder, name).is_symlink() for folder, names, _ in os.walk(place) for name in names
    )
