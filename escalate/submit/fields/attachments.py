"""Attachments: sizes that hold for both readings of "5 MB"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from escalate.model.submission import FILE_BYTES
from escalate.submit.fields.names import file_problems
from escalate.submit.fields.problem import Problem


def problems(files: Sequence[tuple[str, int]]) -> Iterator[Problem]:
    """`files` are names with sizes in bytes."""
    seen: set[str] = set()
    for name, size in files:
        yield from file_problems(name)
        if size < 1:
            yield Problem("attachment", f"{name} is empty", "leave it out")
        elif size > FILE_BYTES:
            yield Problem(
                "attachment",
                f"{name} has {size:,} bytes, {FILE_BYTES:,} are allowed",
                "attach the kit; ask the engineer for an upload link for anything bigger",
            )
        if name.casefold() in seen:
            yield Problem("attachment", f"there are two files called {name}", "rename one")
        seen.add(name.casefold())
