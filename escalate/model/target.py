"""What is examined: a site in Azure, this machine, one of its processes, or a pile of evidence from elsewhere."""

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


class AzureTarget(Frozen):
    """One site or slot of Azure App Service."""

    kind: Literal["azure"] = "azure"
    resource_id: str = Field(
        pattern=r"^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Web/sites/[^/]+(/slots/[^/]+)?$"
    )
    """With the segments spelled as here; names keep the case the user gave."""
    cloud: str = "public"
    """`public`, `usgov`, `china`, or the ARM endpoint of another cloud (the lab)."""
    tenant: str | None = None


Target = Annotated[LocalTarget | PathTarget | AzureTarget, Field(discriminator="kind")]
