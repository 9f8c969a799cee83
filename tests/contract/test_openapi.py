"""Our requests to ARM and the query services, and the lab's answers to them, against Microsoft's OpenAPI files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from escalate.lab.arm.monitor import app_id, customer_id
from escalate.lab.server import Lab, running
from escalate.lab.state import Handled
from escalate.lab.worlds import WORLDS
from tests.contract.openapi import SPECS, Operation, Spec, operations
from tests.contract.prism import PROGRAM, proxy
from tests.flow.conftest import run_command

pytestmark = [pytest.mark.system, pytest.mark.enable_socket, pytest.mark.timeout(900)]

PLAYED = ("deadlock-windows", "crash-loop")
"""One world on Windows and one on Linux: between them nearly every request of the catalogue to ARM is made."""

NOT_IN_THE_FILES: Mapping[str, str] = {
    "/msi/token": "the managed-identity endpoint of the host, no part of ARM",
    "/metadata/endpoints": "ARM's own description of a cloud; there is no file of it",
    "/siteStatus": "Microsoft.Web 2024-11-01, newer than these files (Azure/AppService, post of 2026-06-01)",
    "/extensions/daas/": "DaaS behind ARM; no file of it was ever published (AppService diagnostics portal)",
    "/extensions/api/": "Kudu behind ARM; no file of it was ever published (AppService diagnostics portal)",
    "/tcpPingCheck": "what the portal's network troubleshooter asks; in no file (AppService diagnostics portal)",
    "/connectivityCheck": "the same",
    "/providers/Microsoft.Authorization/permissions": "the file's path has an empty segment for a site",
    "/providers/Microsoft.Insights/components": "Microsoft.Insights 2020-02-02 is not among these files",
}
"""A part of a path to why no file describes it: the live service is newer, or it is no API with a file."""

DIFFERENT_ON_PURPOSE: Mapping[str, str] = {
    ".rows.": "the file types cells as strings; its own example and the live service have numbers",
    "lastModifiedTimeUtc": "live ARM writes this time without a zone: `2026-11-01T10:00:00.123`",
}
"""A part of a violation to the source that says the live service answers so."""


def as_described(lab: Lab, handled: Handled) -> Handled:
    """Queries by resource id are newer than the files; the same body and answer stand there under the older paths."""
    path = urlsplit(handled.target).path.casefold()
    if not path.startswith("/loganalytics/v1/subscriptions/"):
        return handled
    world = lab.state.world
    older = f"/loganalytics/v1/workspaces/{customer_id(world)}/query"
    if "/components/" in path:
        older = f"/applicationinsights/v1/apps/{app_id(world)}/query"
    return replace(handled, target=older)


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, ...]]:
    """Both worlds, after a whole collection from each."""
    if not PROGRAM.exists():
        pytest.skip("needs Prism: make tests/contract/node_modules/.ready")
    folder = tmp_path_factory.mktemp("contract")
    with running(WORLDS[PLAYED[0]]) as first, running(WORLDS[PLAYED[1]]) as second:
        for number, lab in enumerate((first, second)):
            words = ["--case", folder / f"case-{number}", "--no-input", "--include", "network"]
            done = run_command(folder, "plan", lab.resource_id, *words, **lab.environment)
            assert done.code == 0, done.stderr
            done = run_command(folder, "collect", "--case", folder / f"case-{number}", **lab.environment)
            assert done.code in (0, 5), done.stderr
        yield first, second


def to_arm(lab: Lab) -> list[Handled]:
    """One of each request that was answered, in the order they were made."""
    answered = (as_described(lab, each) for each in lab.requests if each.host == "arm" and each.status < 400)
    return list({(each.method, each.target, each.body): each for each in answered}.values())


def described_by(shared: Path) -> list[tuple[Spec, Operation]]:
    """Every operation of every file; an operation that is more specific goes first."""
    found = [(spec, operation) for spec in SPECS for operation in operations(shared, spec)]
    return sorted(found, key=lambda pair: pair[1].template.count("{"))


def belongs_to(handled: Handled, described: list[tuple[Spec, Operation]]) -> tuple[Spec, Operation] | None:
    path = urlsplit(handled.target).path
    for spec, operation in described:
        inner = path[len(spec.prefix) :] if path.startswith(spec.prefix) else None
        if inner is not None and operation.takes(handled.method, inner):
            return spec, operation
    return None


def inner_target(handled: Handled, spec: Spec, operation: Operation) -> str:
    """Path and query below the file's prefix, as Prism can match them."""
    parts = urlsplit(handled.target)
    return urlunsplit(parts._replace(path=operation.encoded(parts.path[len(spec.prefix) :])))


def test_every_request_is_described_by_a_file_or_listed_as_newer(labs: tuple[Lab, ...], shared: Path) -> None:
    described = described_by(shared)
    unknown = {
        urlsplit(handled.target).path
        for lab in labs
        for handled in to_arm(lab)
        if belongs_to(handled, described) is None
    }

    unlisted = [path for path in sorted(unknown) if not any(part in path for part in NOT_IN_THE_FILES)]
    assert not unlisted, "\n".join(unlisted)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_requests_and_answers_fit_the_file(labs: tuple[Lab, ...], shared: Path, spec: Spec) -> None:
    described = described_by(shared)
    asked, broken = 0, list[str]()
    for lab in labs:
        found = ((handled, belongs_to(handled, described)) for handled in to_arm(lab))
        mine = [(handled, mine[1]) for handled, mine in found if mine is not None and mine[0] == spec]
        if not mine:
            continue
        token, _ = lab.state.tokens.issue(lab.state.arm + spec.prefix.removesuffix("/v1"))
        with proxy(shared / spec.file, f"{lab.state.arm}{spec.prefix}") as prism:
            for handled, operation in mine:
                target = inner_target(handled, spec, operation)
                verdict = prism.ask(handled.method, target, handled.body, token)
                asked += 1
                broken += [
                    f"{handled.method} {handled.target}: {violation}"
                    for violation in verdict.violations
                    if not any(part in violation for part in DIFFERENT_ON_PURPOSE)
                ]

    assert asked > 0, f"no request of the collection falls under {spec.name}"
    assert not broken, "\n".join(sorted(set(broken)))
