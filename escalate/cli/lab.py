"""`escalate lab`: an Azure on loopback, to try things on."""

from __future__ import annotations

import contextlib
import shlex
import threading
from pathlib import Path
from typing import Any

import click

from escalate.cli import options
from escalate.cli.lab_support import support_options
from escalate.cli.output import emit
from escalate.errors import ExitCode
from escalate.lab.faults import FAULTS
from escalate.lab.incident_file import as_toml
from escalate.lab.server import Lab, running
from escalate.lab.state import ROLES
from escalate.lab.support.mishaps import KINDS, OPERATIONS
from escalate.lab.support.setup import PLANS, SupportSetup
from escalate.lab.world import World
from escalate.lab.worlds import WORLDS

DEFAULT_WORLD = "java-heap-leak"
FILE = "escalate submit --case THE_CASE_IT_PRINTS --auth managed-identity"


@click.group("lab")
def command() -> None:
    """Play an incident on an Azure of this machine's own: nothing leaves it, nothing real is touched.

    Every verb has its own --format.
    """


@command.command("list")
@options.output_format
def list_worlds(output: str) -> int:
    """Show the worlds that can be played and the faults that can be switched on."""
    lines = ["worlds"]
    lines += [
        f"  {world.name:<22} {world.platform:<16} {world.expected:<13} {world.title}" for world in WORLDS.values()
    ]
    lines += ["", "faults"]
    lines += [f"  {name:<22} {meaning}" for name, meaning in FAULTS.items()]
    lines += ["", "mishaps of the support service: --mishap OPERATION[#N]=KIND[:SECONDS]"]
    lines += [f"  {name:<22} {meaning}" for name, meaning in KINDS.items()]
    lines += [f"  operations: {', '.join(OPERATIONS)}"]
    data = {
        "schema": "escalate.lab-list/v1",
        "worlds": [_described(world) for world in WORLDS.values()],
        "faults": dict(FAULTS),
        "roles": list(ROLES),
        "plans": list(PLANS),
        "mishaps": dict(KINDS),
        "operations": list(OPERATIONS),
    }
    emit(output, data, "\n".join(lines))
    return ExitCode.DONE


@command.command("up")
@click.option(
    "--world", "name", metavar="NAME", default=DEFAULT_WORLD, show_default=True, help="See: escalate lab list."
)
@click.option("--fault", "faults", metavar="NAME", multiple=True, help="Switch this fault on. May be repeated.")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default=ROLES[0],
    show_default=True,
    help="The role of the identity that signs in.",
)
@click.option(
    "--mishap",
    "mishaps",
    metavar="OPERATION[#N]=KIND",
    multiple=True,
    help="What goes wrong when filing, such as tickets.create#1=lost. See: escalate lab list. May be repeated.",
)
@support_options
@options.output_format
def up(
    name: str, faults: tuple[str, ...], role: str, mishaps: tuple[str, ...], support: SupportSetup, output: str
) -> int:
    """Start one world, print what to export, and stay until Ctrl-C or SIGTERM.

    The lab listens on loopback only; its folder is removed and its processes are ended when it stops.
    """
    world = WORLDS.named(name)
    with running(world, faults=faults, role=role, support=support, mishaps=mishaps) as lab:
        incident = lab.state.folder / "incident.toml"
        incident.write_text(as_toml(world.incident(lab.state.started)), encoding="utf-8")
        with contextlib.suppress(KeyboardInterrupt):  # how this verb is ended: no interruption of anything
            emit(output, _running(lab, incident), _shell(lab, incident))
            click.echo("the lab runs until Ctrl-C", err=True)
            threading.Event().wait()
    click.echo("the lab is down; its folder is gone", err=True)
    return ExitCode.DONE


def _shell(lab: Lab, incident: Path) -> str:
    """For `eval` or for the eye: comments and exports only."""
    world = lab.state.world
    lines = [f"# {world.title}", f"# expected answer: {world.expected}"]
    lines += [f"export {key}={shlex.quote(value)}" for key, value in lab.environment.items()]
    lines += ["# then, in another shell:", f"# {_try(lab, incident)}", f"# {FILE}"]
    return "\n".join(lines)


def _try(lab: Lab, incident: Path) -> str:
    words = ["escalate", "build", lab.resource_id, "--auth", "managed-identity", "--incident", str(incident)]
    return shlex.join([*words, "--no-input"])


def _running(lab: Lab, incident: Path) -> dict[str, Any]:
    state = lab.state
    return {
        "schema": "escalate.lab-up/v1",
        "world": _described(state.world),
        "faults": [fault for fault in FAULTS if state.faults.on(fault)],
        "role": state.role,
        "plan": state.support.plan,
        "environment": dict(lab.environment),
        "resource_id": lab.resource_id,
        "folder": str(state.folder),
        "incident": str(incident),
        "try": _try(lab, incident),
        "then": FILE,
    }


def _described(world: World) -> dict[str, Any]:
    return {
        "name": world.name,
        "title": world.title,
        "platform": world.platform,
        "sku": world.sku,
        "workers": len(world.workers),
        "siblings": [sibling.name for sibling in world.siblings],
        "expected": world.expected,
        "faults": sorted(world.faults),
        "real": world.real,
    }
