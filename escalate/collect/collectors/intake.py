"""Evidence gathered elsewhere: a folder, a file, a zip or a tar, copied below `evidence/` under its own names."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from escalate.collect.collector import collector
from escalate.collect.context import Context
from escalate.collect.expand import TOP, Expander, Found
from escalate.collect.intake import FILES_AT_TOP, part_of, site_names, top_level
from escalate.collect.names import safe_part, shown, unreserved
from escalate.collect.outcomes import errno_words
from escalate.collect.piece import Piece, Unavailable
from escalate.collect.unpack import Limits, form_of
from escalate.model.outcome import Gap, Missing
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity
from escalate.model.target import PathTarget


@collector(
    CatalogueEntry(
        id="intake.path",
        title="Evidence gathered elsewhere",
        why="What somebody saved on the machine, in Kudu or in the portal is often all there is.",
        scope="intake",
        volatility=5,
        consent=Consent.ALWAYS,
        effects="reads the folder or archive; changes nothing in it",
        seconds=10,
        timeout_s=6 * 3600,
        stall_s=120,
        max_bytes=1 << 40,
        sensitivity=Sensitivity.TEXT,
        obtain="name the folder or archive again when it can be read",
        source="contract: Evidence gathered elsewhere",
    )
)
def intake(context: Context) -> Iterator[Piece | Gap]:
    """One top-level folder of the target, its loose files, or the one file that the target is."""
    if not isinstance(context.target, PathTarget):
        raise TypeError("this target is not a path")
    target = Path(context.target.path).resolve()
    expander = Expander(
        scratch=context.scratch,
        watch=context.watch,
        describe=_Describer(context),
        limits=Limits(total=context.max_bytes),
    )
    part = part_of(context.step)
    if target.is_dir():
        entries = top_level(target)
        if part != FILES_AT_TOP and part not in entries:
            raise Unavailable(Missing(reason=f"{part} is no longer in the folder", hint=context.obtain))
        found: Iterator[PurePosixPath]
        if part == FILES_AT_TOP:
            found = (PurePosixPath(raw) for raw in entries.values() if not _is_folder(target / raw))
        else:
            found = _walk(context, expander, target, PurePosixPath(entries[part]))
        tops = {raw: safe for safe, raw in entries.items()}
        yield from _take(context, expander, target, found, tops)
    else:
        yield from _single(expander, target)
    yield from expander.gaps()


class _Describer:
    """Says whose evidence a piece is, from its path and what the incident tells."""

    def __init__(self, context: Context) -> None:
        facts = context.incident.target
        self._sites = {name.casefold(): name for name in site_names(context.incident)}
        words = [(name, name) for name in facts.instances]
        words += [(long, short) for short, long in facts.instance_ids.items()]
        self._instances = [
            (re.compile(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", re.IGNORECASE), name)
            for word, name in words
            if word
        ]

    def __call__(self, piece: Piece) -> Piece:
        folders = [part.casefold() for part in piece.path.parts[:-1]]
        levels = folders[1:2] if folders[:1] == ["kudu"] else folders[:1]
        site = next((self._sites[level] for level in levels if level in self._sites), None)
        text = str(piece.path)
        instance = next((name for pattern, name in self._instances if pattern.search(text)), None)
        return replace(piece, site=site, instance=instance)


def _single(expander: Expander, target: Path) -> Iterator[Piece]:
    with target.open("rb") as handle:
        packed = form_of(handle.read(1024), PurePosixPath(target.name))
    name = unreserved(PurePosixPath(safe_part(target.name)))
    # A lone `app.log.gz` keeps its name as a folder; an archive of many is unpacked at the top.
    many = packed in ("zip", "tar") or re.search(r"\.(tgz|tbz2?|txz|tar\.\w+)$", target.name, re.IGNORECASE)
    path = TOP if packed and many else name
    yield from expander.take(Found(target, path, shown(target.name), _modified(target.stat())))


def _take(
    context: Context, expander: Expander, base: Path, entries: Iterator[PurePosixPath], tops: Mapping[str, str]
) -> Iterator[Piece | Gap]:
    for relative in entries:
        context.watch.alive()
        origin = shown(str(relative))
        try:
            found = (base / relative).lstat()
            if stat.S_ISLNK(found.st_mode):
                expander.refuse("symbolic links", f"{origin} -> {shown(str((base / relative).readlink()))}")
            elif not stat.S_ISREG(found.st_mode):
                expander.refuse("devices, pipes or sockets", origin)
            else:
                first, *rest = relative.parts
                # Two files may differ in case only, or only in what was made safe: both are evidence, both are kept.
                path = expander.names.variant(PurePosixPath(tops[first], *map(safe_part, rest)))
                yield from expander.take(Found(base / relative, path, origin, _modified(found)))
        except OSError as error:
            expander.refuse(f"files that cannot be read ({errno_words(error)})", origin)


def _walk(context: Context, expander: Expander, base: Path, start: PurePosixPath) -> Iterator[PurePosixPath]:
    """Everything below a folder that is no folder itself, in the order of names; links are not followed."""
    pending = [start]
    while pending:
        folder = pending.pop()
        context.watch.alive()
        try:
            if os.path.samestat((base / folder).lstat(), context.case_root.stat()):
                expander.refuse("this case's own folder", shown(str(folder)))
                continue
            with os.scandir(base / folder) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            expander.refuse(f"folders that cannot be read ({errno_words(error)})", shown(str(folder)))
            continue
        pending += [folder / entry.name for entry in reversed(ordered) if entry.is_dir(follow_symlinks=False)]
        for entry in ordered:
            if not entry.is_dir(follow_symlinks=False):
                yield folder / entry.name


def _is_folder(place: Path) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISDIR(place.lstat().st_mode)
    return False


def _modified(found: os.stat_result) -> datetime | None:
    try:
        return datetime.fromtimestamp(found.st_mtime, UTC)
    except (OverflowError, ValueError, OSError):
        return None
