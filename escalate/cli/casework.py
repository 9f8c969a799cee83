"""What the verbs of a case share: opening it, asking for consent, printing what came out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import Field, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import click
import platformdirs

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.cli.inputs import Place, parse_target, read_incident
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.collect.plan import Wishes
from escalate.collect.resolve import Sought
from escalate.collect.sign_in import Access
from escalate.errors import ExitCode, UsageError
from escalate.model.artifact import EvidenceDocument
from escalate.model.finding import FindingsDocument
from escalate.model.manifest import BundleDocument
from escalate.model.plan import Budget, CatalogueEntry
from escalate.model.sign_in import Method, SignIn
from escalate.model.target import AzureTarget, Target
from escalate.workflow import is_complete, locate, missing, open_case, run_stage


class _Flags(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


T = TypeVar("T", bound=_Flags)

TICKET_LINES = 12
"""Lines of ticket.md that `build` and `demo` show."""


def cases_folder() -> Path:
    """Where cases live when nobody says."""
    return platformdirs.user_data_path("escalate") / "cases"


def existing(session: Session, folder: Path) -> Case:
    """Open a case for a stage verb."""
    case = Case.open(folder)
    session.case_folder = folder
    return case


@dataclass(frozen=True)
class CollectionFlags:
    """The flags of a collection, as `options.wishes` and `options.no_input` declare them."""

    include: tuple[str, ...]
    only: tuple[str, ...]
    skip: tuple[str, ...]
    max_size: int
    max_time: float
    no_input: bool

    def wishes(self) -> Wishes:
        """What they mean to the planner."""
        words = frozenset(word.strip() for text in self.include for word in text.split(",") if word.strip())
        return Wishes(
            include=words,
            only=frozenset(self.only),
            skip=frozenset(self.skip),
            budget=Budget(max_bytes=self.max_size, max_seconds=self.max_time),
            agree=_asker(self.no_input),
        )


@dataclass(frozen=True)
class IncidentFlags:
    """The flags that describe the incident, as `options.incident` declares them."""

    incident_file: Path | None
    since: datetime | None
    until: datetime | None
    logs: tuple[str, ...]


@dataclass(frozen=True)
class SignInFlags:
    """The flags of signing in to Azure, as `options.sign_in` declares them."""

    auth: Method
    tenant: str | None
    client_id: str | None
    cloud: str | None
    basic_auth: bool

    def access(self) -> Access:
        """A sign-in that asks nothing before a target in Azure needs it; a code to enter is shown on stderr."""
        sign_in = SignIn(method=self.auth, tenant=self.tenant, client_id=self.client_id, basic=self.basic_auth)
        return Access(sign_in, lambda text: click.echo(text, err=True))


@dataclass(frozen=True)
class PlaceFlags:
    """The flags that say where an app is, as `options.place` declares them."""

    group: str | None
    slot: str | None
    subscription: str | None

    def place(self, sign_in: SignInFlags) -> Place:
        """With the cloud and tenant of the sign-in."""
        return Place(
            group=self.group,
            slot=self.slot,
            subscription=self.subscription,
            cloud=cloud_name(sign_in.cloud),
            tenant=sign_in.tenant,
        )


def take(kind: type[T], flags: dict[str, Any]) -> T:
    """Move the flags of one group out of a command's keyword arguments into their value."""
    return kind(**{name: flags.pop(name) for name in kind.__dataclass_fields__})


def find_target(text: str, logs: tuple[str, ...], place: Place, access: Access) -> Target:
    """What TARGET means; signs in when an app is known by name only.

    Raises:
        TargetError: it names nothing that exists, or more than one thing.
        AccessError: no sign-in.
    """
    found = parse_target(text, logs, place)
    return locate(found, access) if isinstance(found, Sought) else found


def open_target(
    session: Session, target: str, case_folder: Path | None, flags: IncidentFlags, place: Place, access: Access
) -> tuple[Case, bool]:
    """The case about TARGET, and whether it is new."""
    incident = read_incident(flags.incident_file, flags.since, flags.until)
    if case_folder is not None and flags.since is not None and (case_folder / "case.json").is_file():
        # "2h ago" is another time when the same command is given again: a case keeps the window it began with
        incident = incident.model_copy(update={"window": Case.open(case_folder).document.incident.window})
    found = find_target(target, flags.logs, place, access)
    case, new = open_case(case_folder, cases_folder(), found, incident)
    session.case_folder = case.root
    return case, new


def check_cloud(case: Case, flags: SignInFlags) -> None:
    """A case stays in the cloud it was opened in.

    Raises:
        UsageError: a flag or the environment names another.
    """
    target = case.document.target
    cloud = cloud_name(flags.cloud)
    if isinstance(target, AzureTarget) and cloud not in (None, target.cloud):
        raise UsageError(
            f"the case is about an app in the cloud {target.cloud}, and --cloud (or ESCALATE_CLOUD) says {cloud}",
            hint=f"give --cloud {target.cloud}, or unset ESCALATE_CLOUD",
        )


def stage_of(session: Session, folder: Path, name: str, rules: tuple[Path, ...] = ()) -> Case:
    """Run one stage of an existing case."""
    case = existing(session, folder)
    run_stage(case, name, terminal_observer(), rules)
    return case


def cloud_name(text: str | None) -> str | None:
    """A cloud's name in lower case, an endpoint without the slash at its end; None where none is named."""
    name = (text or "").strip().rstrip("/")
    return (name if "://" in name else name.casefold()) or None


def _asker(no_input: bool) -> Callable[[CatalogueEntry, int | None], bool] | None:
    """Asks on a terminal; elsewhere consent comes by `--include` alone."""
    if no_input or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def agree(entry: CatalogueEntry, pid: int | None) -> bool:
        of = f" of process {pid}" if pid else ""
        click.echo(f"\n{entry.title}{of}: {entry.why}\n  what it does to the app: {entry.effects}", err=True)
        click.echo(f"  takes about {entry.seconds:.0f} s and at most {entry.max_bytes / 1e6:,.0f} MB", err=True)
        return click.confirm("  do it?", default=False, err=True)

    return agree


def code_for(evidence: EvidenceDocument) -> ExitCode:
    """0, or 5 when something that was tried is missing; an empty collection is never 0."""
    return ExitCode.DONE if is_complete(evidence) else ExitCode.EVIDENCE_MISSING


def result_of(case: Case) -> tuple[dict[str, Any], str, ExitCode]:
    """What `build` and `demo` report: as JSON, as text, and the exit code."""
    findings = case.read_sealed(FindingsDocument)
    bundles = case.read(BundleDocument)
    evidence = case.read_sealed(EvidenceDocument)  # reasons quote file names: what is printed may end in a build log
    code = ExitCode.EVIDENCE_MISSING if bundles.unreadable else code_for(evidence)
    gaps = missing(evidence)
    report = case.path(Room.DRAFT, "report.html")
    ticket = case.path(Room.DRAFT, "ticket.md")
    verdict = findings.verdict
    data = {
        "schema": "escalate.build/v1",
        "case_id": case.document.id,
        "case": str(case.root),
        "verdict": verdict.model_dump(mode="json", include={"answerable_by", "layer", "confidence", "why"}),
        "report": str(report),
        "ticket": str(ticket),
        "handoff": str(case.path(Room.DRAFT, "handoff")),
        "bundles": [
            {**entry.model_dump(mode="json"), "path": str(case.root / entry.path)} for entry in bundles.bundles
        ],
        "missing": [{"step": step.id, "title": step.title, **step.outcome.model_dump(mode="json")} for step in gaps],
        "exit_code": int(code),
    }
    head = ticket.read_text(encoding="utf-8").splitlines()[:TICKET_LINES]
    lines = [
        f"case     {case.root}",
        f"report   {report}",
        f"ticket   {ticket}",
        f"handoff  {case.path(Room.DRAFT, 'handoff')}  (a page for each person who takes over)",
        *(f"{entry.tier:<8} {case.root / entry.path}  ({entry.size:,} bytes)" for entry in bundles.bundles),
        f"verdict  {verdict.answerable_by} ({verdict.confidence} confidence): {verdict.why}",
        *([f"missing  {len(gaps)} of what was tried; the report says what, why, and how to get it"] if gaps else []),
        "",
        *(f"  | {line}" for line in head),
        "",
        "Nothing has been filed or sent. Read the report, then share the kit.",
    ]
    return data, "\n".join(lines), code
