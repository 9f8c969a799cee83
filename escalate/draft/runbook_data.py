"""The capability matrix: which question can be answered where, by whom, and how on a machine of one's own."""

from __future__ import annotations

import functools
import tomllib
from typing import Literal

from pydantic import Field, ValidationError

from escalate.draft.defect import DraftDefect
from escalate.model.base import Frozen, RuleId
from escalate.resources import templates

FOLDER = "runbook/questions"

Where = Literal["windows", "linux", "ase", "vm", "aks"]
PLACES: tuple[tuple[Where, str], ...] = (
    ("windows", "App Service on Windows"),
    ("linux", "App Service on Linux"),
    ("ase", "App Service Environment, Isolated"),
    ("vm", "a virtual machine of your own"),
    ("aks", "a node of an AKS cluster of your own"),
)


class Capability(Frozen):
    """Who can answer in one environment, and with what."""

    who: Literal["you", "part", "microsoft", "none"]
    how: str = Field(min_length=1)


class Step(Frozen):
    """Commands for one kind of machine, and the files that they leave."""

    on: Literal["linux-vm", "windows-vm", "aks"]
    title: str
    commands: tuple[str, ...] = Field(min_length=1)
    gives: str
    caution: str = ""


class Row(Frozen):
    """One class of questions, by the reference of signatures (section 3)."""

    id: str = Field(pattern=r"^[a-z][a-z-]+$")
    question: str
    rules: tuple[RuleId, ...] = ()
    """Signatures whose question is of this class."""
    proves: str
    does_not_prove: str
    where: dict[Where, Capability]
    step: tuple[Step, ...] = ()


@functools.cache
def rows() -> tuple[Row, ...]:
    """The whole matrix, in the order of its ids.

    Raises:
        DraftDefect: a file of the matrix is not what it should be.
    """
    found = []
    for place in sorted((templates() / FOLDER).glob("*.toml")):
        try:
            row = Row.model_validate(tomllib.loads(place.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, ValidationError) as error:
            raise DraftDefect(
                f"{place.name} of the capability matrix cannot be used: {error}",
                hint="this is a defect of the installation: install it again, and report it if it stays",
            ) from error
        found.append(row)
    return tuple(found)
