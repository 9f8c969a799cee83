"""How a planned step ended: a gap is a value with a reason and a hint, never a silence."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from escalate.model.base import Frozen


class Collected(Frozen):
    """Everything asked for is there."""

    state: Literal["collected"] = "collected"


class Gap(Frozen):
    """Base of all others: why it is not there, and the command or act that would get it."""

    reason: str = Field(min_length=1)
    hint: str = Field(min_length=1)


class Partial(Gap):
    """Some of it is there; `reason` says what was cut."""

    state: Literal["partial"] = "partial"


class Empty(Gap):
    """The source answered and had nothing."""

    state: Literal["empty"] = "empty"


class Missing(Gap):
    """The source, file or tool does not exist here."""

    state: Literal["missing"] = "missing"


class Denied(Gap):
    """It exists and we may not read it (errno or HTTP status in `reason`)."""

    state: Literal["denied"] = "denied"


class Blocked(Gap):
    """The way to it is closed: network path, access restriction, sandbox."""

    state: Literal["blocked"] = "blocked"


class Timeout(Gap):
    """It did not finish, or stood still for too long."""

    state: Literal["timeout"] = "timeout"


class Invalid(Gap):
    """What came is not what it claims to be: truncated, hostile, another format."""

    state: Literal["invalid"] = "invalid"


class Skipped(Gap):
    """Not tried: no consent, over budget, does not apply here."""

    state: Literal["skipped"] = "skipped"


class Failed(Gap):
    """It was tried and broke for another reason."""

    state: Literal["failed"] = "failed"


Outcome = Annotated[
    Collected | Partial | Empty | Missing | Denied | Blocked | Timeout | Invalid | Skipped | Failed,
    Field(discriminator="state"),
]
