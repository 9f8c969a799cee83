"""Carries out plain requests and fixed commands at the SCM site, on the worker the step is about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from escalate.azure.call import looks_like_html
from escalate.azure.failure import AzureFailure, Why
from escalate.collect.context import STAMP, Context, now
from escalate.collect.piece import Piece
from escalate.collect.placeholders import fill
from escalate.model.outcome import Empty, Failed, Gap
from escalate.model.plan import KuduCommandRequest, KuduRequest


def get(context: Context, request: KuduRequest) -> Iterator[Piece | Gap]:
    """One piece below `kudu/`."""
    path = fill(request.path, context.values)
    query = {name: fill(value, context.values) for name, value in request.query.items()}
    answer = context.site.kudu.get(path, query)
    if not answer.body.strip():
        yield Empty(reason=f"{path} answered with nothing", hint=context.obtain)
        return
    if answer.headers.get("content-type", "").startswith("text/html") or looks_like_html(answer.body):
        raise AzureFailure(Why.INVALID, f"{answer.url} answered with a page for people", status=answer.status)
    yield saved(context, fill(request.output, context.values), answer.body, origin=f"GET {path}")


def run(context: Context, request: KuduCommandRequest) -> Iterator[Piece | Gap]:
    """What the command printed, with its errors and its exit code below."""
    command = fill(request.command, context.values)
    result = context.site.kudu.command(command)
    text = result.output.replace("\r\n", "\n")
    if result.error:
        text += "\n" + result.error.replace("\r\n", "\n")
    if not text.strip():
        yield Failed(reason=f"{command} printed nothing and ended with {result.exit_code}", hint=context.obtain)
        return
    output = PurePosixPath(fill(request.output, context.values))
    stamped = output.with_name(f"{now().strftime(STAMP)}-{output.name}")
    yield saved(context, str(stamped), text.encode(), origin=command)
    if result.exit_code != 0:
        yield Failed(reason=f"{command} ended with exit code {result.exit_code}", hint=context.obtain)


def saved(context: Context, output: str, body: bytes, *, origin: str) -> Piece:
    """An answer as a piece below `kudu/<app>/`, of this step's worker."""
    site = context.site
    return Piece(
        path=PurePosixPath("kudu", site.survey.site, output),
        content=[body],
        origin=origin,
        instance=site.worker.label if site.worker else None,
        captured_at=now(),
    )
