"""Options that several verbs share, declared once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from escalate.model.sign_in import Method

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_MAX_SIZE = "10GiB"
DEFAULT_MAX_TIME = "20m"

_SIZE = re.compile(r"^(?P<number>\d+(\.\d+)?)\s*(?P<unit>[KMGT]i?B|B)?$", re.IGNORECASE)
_SIZE_UNITS = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4}
_SIZE_UNITS |= {"KIB": 1024, "MIB": 1024**2, "GIB": 1024**3, "TIB": 1024**4}
_TIME = re.compile(r"^(?P<number>\d+(\.\d+)?)\s*(?P<unit>[smhd])?$")
_TIME_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Size(click.ParamType[int]):
    """A number of bytes: 500MB, 2GiB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Text to bytes."""
        if isinstance(value, int):
            return value
        match = _SIZE.match(str(value).strip())
        if not match:
            self.fail(f"{value!r} is not a size; write it like 500MB or 2GiB", param, ctx)
        return int(float(match["number"]) * _SIZE_UNITS[(match["unit"] or "B").upper()])


class Span(click.ParamType[float]):
    """A number of seconds: 90s, 20m, 2h."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Text to seconds."""
        if isinstance(value, int | float):
            return float(value)
        match = _TIME.match(str(value).strip())
        if not match or float(match["number"]) <= 0:
            self.fail(f"{value!r} is not a duration; write it like 90s, 20m or 2h", param, ctx)
        return float(match["number"]) * _TIME_UNITS[match["unit"] or "s"]


class Moment(click.ParamType[datetime]):
    """A point in UTC time: 2026-04-04T05:55Z, or 2h for two hours ago."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Text to an aware time; a time without a zone is refused, because a wrong zone hides the incident."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        match = _TIME.match(text)
        if match and match["unit"]:
            return datetime.now(UTC) - timedelta(seconds=float(match["number"]) * _TIME_UNITS[match["unit"]])
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{value!r} is not a time; write it like 2026-04-04T05:55Z, or 2h for two hours ago", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} has no zone; end it with Z for UTC", param, ctx)
        return moment.astimezone(UTC)


def _all(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


output_format = click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of stdout."
)

no_input = click.option("--no-input", is_flag=True, help="Never ask; what would be asked counts as no.")

existing_case = click.option(
    "--case",
    "case_folder",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    required=True,
    help="The case folder to work on.",
)

new_case = click.option(
    "--case",
    "case_folder",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    help="The case folder; one that exists is continued. Default: a new one in your data directory, printed.",
)

incident = _all(
    click.option(
        "--incident",
        "incident_file",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        help="incident.toml: window, symptom, impact, target, contact.",
    ),
    click.option(
        "--since", type=Moment(), help="Start of the incident, UTC (2026-04-04T05:55Z, or 2h for two hours ago)."
    ),
    click.option("--until", type=Moment(), help="End of the incident, UTC. Default with --since: now."),
    click.option("--log", "logs", multiple=True, help="A log file to take along (target local). May be repeated."),
)

wishes = _all(
    click.option(
        "--include",
        metavar="WORDS",
        multiple=True,
        help="Consent to what pauses or watches the process: dumps, heap, histogram, profiles, network, shell; and to"
        " reading the site's own passwords and keys, so that redaction finds them anywhere: keys.",
    ),
    click.option("--only", metavar="ID", multiple=True, help="Run only this collector. May be repeated."),
    click.option("--skip", metavar="ID", multiple=True, help="Leave this collector out. May be repeated."),
    click.option(
        "--max-size", type=Size(), default=DEFAULT_MAX_SIZE, show_default=True, help="Most bytes to collect in all."
    ),
    click.option(
        "--max-time", type=Span(), default=DEFAULT_MAX_TIME, show_default=True, help="Longest collection in all."
    ),
)

sign_in = _all(
    click.option(
        "--auth",
        type=click.Choice(get_args(Method)),
        default="default",
        show_default=True,
        help="How to sign in to Azure. default tries environment, workload and managed identity, then the Azure CLI.",
    ),
    click.option("--tenant", metavar="ID", help="Sign in to this tenant: GUID or domain."),
    click.option("--client-id", metavar="GUID", help="Of a user-assigned managed identity, or of an app."),
    click.option(
        "--cloud",
        metavar="NAME",
        envvar="ESCALATE_CLOUD",
        show_envvar=True,
        help="public, usgov, china, or the ARM endpoint of another cloud. Default: that of a portal URL, else public.",
    ),
    click.option(
        "--basic-auth",
        is_flag=True,
        help="Allow the site's publishing credentials where its SCM site takes no token. They are never written down.",
    ),
)

place = _all(
    click.option("--group", "-g", metavar="GROUP", help="Resource group of the app NAME."),
    click.option("--slot", metavar="SLOT", help="This slot of the app, not the app itself."),
    click.option(
        "--subscription", metavar="ID", help="Id or name. Default: NAME is looked for in all that you can read."
    ),
)

instance = click.option(
    "--instance",
    metavar="NAME",
    help="The worker for what pauses or burdens the app: machine name, instance id, or its first six digits. "
    "Default: the worst one.",
)

rules = click.option(
    "--rules",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A rule file of your own (TOML), or a folder of them. May be repeated.",
)
