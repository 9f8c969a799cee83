"""Brings log files of a site home: long ones from the end, growing ones as they were, locked ones by a command."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from escalate.azure.download import Expectation, download
from escalate.azure.failure import AzureFailure
from escalate.azure.kudu import Kudu
from escalate.collect.context import Context, now
from escalate.collect.names import Names
from escalate.collect.piece import CutShortError, Piece
from escalate.collect.vfs import Refused, VfsFile, file_call
from escalate.collect.vfs_choice import FILE_BYTES, MIB, Choice, infix_of, pid_in

TYPED_BYTES = 8 * MIB
"""A locked file up to this size is printed by a command: the output is held in memory at both ends."""
_LOCKED = frozenset({404, 500})
"""What VFS answers for a file that the app holds open for itself alone."""
_SAFE_IN_CMD = re.compile(r"[\w .()+,=@~#-]+")
_PAGES = (".htm", ".html")
_SLOW = 1
"""Retries: VFS answers 500 for what is locked, and will again."""


@dataclass
class Taken:
    """Files of one step: what became of each."""

    context: Context
    kudu: Kudu
    names: Names = field(default_factory=Names)
    rows: list[dict[str, object]] = field(default_factory=list)

    def piece(self, choice: Choice) -> Piece:
        """The file as evidence; its row in the listing tells afterwards whether it was read."""
        file, context = choice.file, self.context
        row = _row(file)
        self.rows.append(row)
        path = self.names.variant(PurePosixPath("kudu", context.site.survey.site, file.saved))
        self.names.add(path)
        cut = f"the first {choice.left_out} of {file.size} bytes are left out" if choice.left_out else None
        return Piece(
            path=path,
            content=self._content(choice, row),
            origin=f"GET /api/vfs/{file.shown}",
            instance=instance_in(context, file),
            pid=pid_in(file),
            captured_at=file.modified or now(),
            cut=cut,
        )

    def leave(self, choice: Choice) -> None:
        """A file that is not taken."""
        self.rows.append({**_row(choice.file), "why_not": choice.why_not})

    def refuse(self, refused: Refused) -> None:
        """An entry that is not followed."""
        self.rows.append({"path": refused.path, "taken": False, "why_not": refused.why})

    def listing(self, name: str) -> Piece:
        """Every file that was seen: its size, its time, whether it was taken, and why not."""
        return Piece(
            path=PurePosixPath("kudu", self.context.site.survey.site, name),
            content=[json.dumps(self.rows, ensure_ascii=False, indent=1).encode()],
            origin="GET /api/vfs/LogFiles/",
            captured_at=now(),
        )

    def _content(self, choice: Choice, row: dict[str, object]) -> Iterator[bytes]:
        row["why_not"] = "not read to its end"
        try:
            yield from _read(self.context, self.kudu, choice, row)
        except (AzureFailure, CutShortError) as failure:
            row["why_not"] = str(failure)
            raise
        row["taken"] = True
        del row["why_not"]


def _read(context: Context, kudu: Kudu, choice: Choice, row: dict[str, object]) -> Iterator[bytes]:
    file = choice.file
    expect = Expectation(
        not_html=not file.name.casefold().endswith(_PAGES),
        growing=True,
        last_bytes=FILE_BYTES if choice.left_out else None,
        whole_lines=True,
    )
    begun = False
    try:
        for chunk in download(kudu, replace(file_call(kudu, file.parts), retries=_SLOW), expect):
            begun = True
            yield chunk
    except AzureFailure as failure:
        if begun:
            raise CutShortError(failure.reason) from failure  # a log's beginning is evidence, a dump's is not
        if failure.status not in _LOCKED or context.site.survey.platform != "windows":
            raise
        text = _typed(kudu, file, failure)
        row["by"] = "type"
        context.footprint(f"{file.shown} could not be opened by VFS and was printed by a command (type)")
        yield text


def _typed(kudu: Kudu, file: VfsFile, failure: AzureFailure) -> bytes:
    """A file that VFS cannot open, printed by the command processor, which shares it with whoever writes.

    Raises:
        AzureFailure: it cannot be printed either, or is too long or too oddly named for it.
    """
    said = f"{failure.reason}; it may be locked"
    if file.size > TYPED_BYTES or not all(_SAFE_IN_CMD.fullmatch(part) for part in file.parts):
        raise AzureFailure(
            failure.why, f"{said}, and it is too long or too oddly named to be printed", status=failure.status
        )
    command = 'type "%HOME%\\' + "\\".join(file.parts) + '"'
    try:
        result = kudu.command(command)
    except AzureFailure as second:
        raise AzureFailure(failure.why, f"{said}; {command}: {second.reason}", status=failure.status) from second
    if result.exit_code != 0 or not result.output:
        why = result.error.strip().splitlines()
        raise AzureFailure(
            failure.why,
            f"{said}; {command} ended with {result.exit_code}" + (f": {why[0]}" if why else ""),
            status=failure.status,
        )
    return result.output.encode()


def _row(file: VfsFile) -> dict[str, object]:
    changed = file.modified.isoformat() if file.modified else None
    return {"path": file.shown, "size": file.size, "mtime": changed, "taken": False}


def instance_in(context: Context, file: VfsFile) -> str | None:
    """The worker that wrote a file, as its name says."""
    infix = infix_of(file)
    if not infix:
        return None
    worker = context.site.reach.roster.find(infix)
    return worker.label if worker else infix.partition("_")[0]
