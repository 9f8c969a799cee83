"""The command line itself: verbs loaded only when called, errors with hints, promised exit codes."""

from __future__ import annotations

import difflib
import importlib
import itertools
import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import FrameType, MappingProxyType, TracebackType
from typing import NoReturn

import click

from escalate import __version__
from escalate.cli.session import Session
from escalate.errors import EscalateError, ExitCode

VERBS: Mapping[str, str] = MappingProxyType(
    {
        "demo": "Start a sick process, run the whole flow on it, show what came out.",
        "build": "Plan, collect, triage, redact, draft and bundle. Stops before filing.",
        "plan": "Show what would be collected, at what cost; touches nothing.",
        "collect": "Carry out the plan of a case.",
        "triage": "Find out who can answer, on what grounds.",
        "redact": "Seal or withhold every artifact of a case.",
        "draft": "Render the ticket and the report.",
        "bundle": "Zip what was sealed, and prove that no secret is in it.",
        "submit": "Review the ticket, then file it with its kit.",
        "ticket": "Follow up the ticket: status, reply, attach, severity, close, reopen.",
        "verify": "Prove a finished zip: hashes, schema, portability, secrets.",
        "diff": "Show what changed between two cases or bundles.",
        "decode": "Turn pseudonyms in a text back into names.",
        "encode": "Turn names in a text into pseudonyms before it is sent.",
        "purge": "Delete what must not outlive the case.",
        "doctor": "Say what will be missing on this machine, and how to get it.",
        "catalog": "Show collectors and rules: what each does, why, cost, source.",
        "lab": "Play an incident on an Azure on loopback, to try things on.",
        "completion": "Print the completion script of a shell.",
    }
)
"""Verb to its line in `--help`; the verb lives in the module of the same name."""


class LazyVerbs(click.Group):
    """Imports a verb's module only when that verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of a case's life."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, imported now."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"escalate.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with a suggestion when the verb is misspelt."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], VERBS, n=1)
            did_you_mean = f"did you mean {close[0]!r}? " if close else ""
            raise click.UsageError(f"there is no verb {args[0]!r}; {did_you_mean}escalate --help lists them", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs with their lines, without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=LazyVerbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 bug, 2 usage, 3 target or config, 4 sign-in or permission, 5 done but evidence is "
    "missing, 6 redaction refused, 7 cancelled, 8 filed but "
    "something is pending, 9 not to be filed by API: the portal packet is ready, 130 interrupted.",
)
@click.version_option(__version__, prog_name="escalate")
@click.pass_context
def escalate(ctx: click.Context) -> None:
    """Build the support case of an Azure App Service incident.

    Collects the evidence, works out who can answer, redacts, bundles and drafts the ticket. Nothing leaves this
    machine before you say so.
    """
    ctx.ensure_object(Session)


def run(arguments: Sequence[str], session: Session) -> int:
    """Run the command line and give the exit code; a bug is left to `sys.excepthook`."""
    try:
        result = escalate.main(list(arguments), prog_name="escalate", standalone_mode=False, obj=session)
    except EscalateError as error:
        return _fail(arguments, error.message, error.hint, error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return ExitCode.USAGE
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "escalate"
        return _fail(arguments, error.format_message(), f"see: {where} --help", ExitCode.USAGE)
    except click.ClickException as error:
        return _fail(arguments, error.format_message(), "see: escalate --help", ExitCode.USAGE)
    except (KeyboardInterrupt, click.Abort):
        return _fail(arguments, "interrupted; nothing is lost", session.resume_hint(), ExitCode.INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away: there is nobody to tell
        return ExitCode.DONE
    return int(result) if isinstance(result, int) else ExitCode.DONE


def report_bug(
    arguments: Sequence[str],
    session: Session,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """What `sys.excepthook` does with a bug: the traceback goes into the case, the user gets two lines; exit code 1."""
    place = session.save_traceback("".join(traceback.format_exception(kind, error, trace)), datetime.now(UTC))
    _fail(arguments, f"a bug in escalate: {kind.__name__}", f"please report it with {place}", ExitCode.BUG)


def _fail(arguments: Sequence[str], message: str, hint: str, code: ExitCode) -> int:
    if _wants_json(arguments):
        problem = {"schema": "escalate.error/v1", "error": message, "hint": hint, "exit_code": int(code)}
        click.echo(json.dumps(problem, ensure_ascii=False))
    click.echo(f"error: {message}", err=True)
    click.echo(f"hint: {hint}", err=True)
    return code


def _wants_json(arguments: Sequence[str]) -> bool:
    return "--format=json" in arguments or "json" in (
        following for flag, following in itertools.pairwise(arguments) if flag == "--format"
    )


def stop_on_terminate(number: int, frame: FrameType | None) -> NoReturn:
    """SIGTERM ends a run as Ctrl-C does: nothing half-written, resumable."""
    raise KeyboardInterrupt
