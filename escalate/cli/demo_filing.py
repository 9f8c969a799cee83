"""The second half of the demo: files the ticket in the lab, is asked for more, collects it, attaches what is new."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escalate.errors import ExitCode, TargetError
from escalate.lab.server import Lab
from escalate.lab.support import engineer

SIGNED_IN = ("--auth", "managed-identity")
PROBLEM_TYPE = "Web app down or reporting errors"
PERSON = (
    *("--first-name", "Robin", "--last-name", "Demo", "--email", "robin.demo@example.com", "--contact-method", "email"),
    *("--time-zone", "Europe/Berlin", "--country", "DEU", "--language", "en-us"),
)
ASK = "Hello, could you please attach a heap dump of the process, and confirm instance and time in UTC?"
CONSENTS = "heap,histogram"
"""What is agreed to for the second collection: the engineer's ask needs it."""
REPLY = "What you asked for follows, collected now on the worker that the ticket names."


@dataclass(frozen=True)
class Shell:
    """Runs verbs as a user would, in processes of their own, with what `escalate lab up` tells people to export."""

    environment: Mapping[str, str]

    def run(self, *words: str, may_end: tuple[ExitCode, ...] = ()) -> dict[str, Any]:
        """The JSON on stdout.

        Raises:
            TargetError: it ended with an exit code that is neither 0 nor one of `may_end`.
        """
        command = [sys.executable, "-m", "escalate", *words, "--format", "json"]
        environment = {**os.environ, **self.environment}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
        if done.returncode not in (ExitCode.DONE, *may_end):
            raise TargetError(
                f"escalate {words[0]} against the lab ended with exit code {done.returncode}",
                hint="what happened stands above",
            )
        result: dict[str, Any] = json.loads(done.stdout)
        return result


def file(shell: Shell, case: Path) -> dict[str, Any]:
    """File the ticket of a case that is bundled."""
    answers = ("--advanced-diagnostics", "yes", "--classification", PROBLEM_TYPE)
    return shell.run("submit", "--case", str(case), "--yes", *SIGNED_IN, *PERSON, *answers)


def ask(lab: Lab) -> None:
    """The engineer of the lab takes the ticket and asks for what was not collected."""
    for ticket in tuple(lab.support.tickets.values()):
        engineer.take(lab.support, ticket)
        engineer.ask(lab.support, ticket, ASK)


def answer(shell: Shell, case: Path) -> dict[str, Any]:
    """Read the ask, reply, collect again with more consent, attach what is new, and give where the ticket stands."""
    at = ("--case", str(case))
    asked = shell.run("ticket", "status", *at, *SIGNED_IN)
    shell.run("ticket", "reply", REPLY, *at, "--yes", *SIGNED_IN)
    shell.run("plan", *at, *SIGNED_IN, "--include", CONSENTS, "--no-input")
    shell.run("collect", *at, *SIGNED_IN, may_end=(ExitCode.EVIDENCE_MISSING,))
    for stage in ("triage", "redact", "draft"):
        shell.run(stage, *at)
    made = shell.run("bundle", *at, "--since", str(case / "receipt.json"))
    delta = next(case / each["path"] for each in made["bundles"] if each["tier"] == "delta-kit")
    shell.run("ticket", "attach", str(delta), *at, "--yes", *SIGNED_IN)
    return {"asked": asked["open_asks"], "delta": str(delta), "status": shell.run("ticket", "status", *at, *SIGNED_IN)}


def summary(filed: dict[str, Any], later: dict[str, Any]) -> str:
    """What happened to the ticket, in lines."""
    kit = filed["attachments"][0]
    status = later["status"]
    return "\n".join(
        [
            f"filed    ticket {filed['support_ticket_id']} with {kit['path']}  ({kit['size']:,} bytes), in the lab",
            *(f"asked    {each['text']}" for each in later["asked"]),
            f"delta    {later['delta']}: what is new since, attached to the ticket",
            (
                f"status   {status['ticket']['status']}, {len(status['messages'])} message sent,"
                f" {len(status['files'])} file added; it is the turn of {status['ticket']['turn']}"
            ),
        ]
    )
