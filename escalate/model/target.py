"""What is examined: this machine, one of its processes, or a pile of evidence from elsewhere."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from escalate.model.base import Frozen


class LocalTarget(Frozen):
    """The machine or container we stand in, and at most one process of it."""

    kind: Literal["local"] = "local"
    pid: int | None = Field(default=None, gt=0)
    logs: tuple[str, ...] = ()
    """Log files named by the user."""


class PathTarget(Frozen):
    """A folder, zip or tar with evidence gathered elsewhere."""

    kind: Literal["path"] = "path"
    path: str


Target = Annotated[LocalTarget | PathTarget, Field(discriminator="kind")]
