"""`escalate draft`: renders ticket, report and handoff packets."""

from __future__ import annotations

from pathlib import Path

import click

from escalate.case.layout import Room
from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.draft.handoff import PACKETS
from escalate.draft.stage import packet_path
from escalate.draft.wishes import DESCRIPTION, TITLE, DraftWishes
from escalate.errors import ExitCode
from escalate.model.ticket import Ticket
from escalate.redact.translate import encode
from escalate.workflow import draft

SHORTEST_TITLE = 60
SHORTEST_DESCRIPTION = 1500


@click.command("draft")
@options.existing_case
@click.option(
    "--for",
    "packets",
    metavar="NAME",
    multiple=True,
    type=click.Choice(list(PACKETS)),
    help=f"Write this handoff packet alone and print it: {', '.join(PACKETS)}. May be repeated. Default: all.",
)
@click.option("--dependency", metavar="HOST", help="The host that the packet dependency-vendor is about.")
@click.option(
    "--templates",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with templates of your own; they go before ours of the same name.",
)
@click.option(
    "--title-limit",
    type=click.IntRange(SHORTEST_TITLE, TITLE),
    default=TITLE,
    show_default=True,
    help="Most characters of the ticket's title.",
)
@click.option(
    "--description-limit",
    type=click.IntRange(SHORTEST_DESCRIPTION, DESCRIPTION),
    default=DESCRIPTION,
    show_default=True,
    help="Most characters of its description; the first 1500 stand alone.",
)
@options.output_format
@click.pass_obj
def command(
    session: Session,
    case_folder: Path,
    packets: tuple[str, ...],
    dependency: str | None,
    templates: Path | None,
    title_limit: int,
    description_limit: int,
    output: str,
) -> int:
    """Render ticket, report and packets from what was sealed; sends nothing.

    Files named as ours below --templates (ticket/, start/, report/, handoff/NAME/packet.md.j2) take their place. They
    are rendered in a sandbox, and what they print is held to the same rules.
    """
    case = casework.existing(session, case_folder)
    wishes = DraftWishes(
        packets=packets,
        dependency=encode(case, dependency) if dependency else None,
        templates=templates,
        title_limit=title_limit,
        description_limit=description_limit,
    )
    draft(case, terminal_observer(), wishes)
    ticket = case.read(Ticket)
    written = {name: case.path(Room.DRAFT, packet_path(name)) for name in PACKETS}
    written = {name: place for name, place in written.items() if place.is_file()}
    shown = [written[name] for name in dict.fromkeys(packets)] or [case.path(Room.DRAFT, "ticket.md")]
    data = {
        **ticket.model_dump(mode="json", by_alias=True),
        "handoff": {name: str(place) for name, place in written.items()},
    }
    emit(output, data, "\n".join(place.read_text(encoding="utf-8") for place in shown))
    return ExitCode.DONE
