"""Carries out plain requests to ARM: ask, follow the pages, save the answer as it came."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from escalate.azure.arm import Arm
from escalate.azure.call import Answer
from escalate.azure.failure import AzureFailure, Why
from escalate.collect.answer_secrets import secrets_of_answer
from escalate.collect.context import Context, now
from escalate.collect.late import settled
from escalate.collect.outcomes import outcome_of_failure
from escalate.collect.piece import Piece
from escalate.collect.placeholders import fill
from escalate.model.outcome import Empty, Gap, Missing
from escalate.model.plan import ArmRequest

READ_S = 60.0
"""Longest silence of an answer of ARM; reads take less than 30 s."""


def gather(context: Context, request: ArmRequest) -> Iterator[Piece | Gap]:
    """One piece below `azure/`; an empty list or no content is Empty."""
    arm = context.site.arm
    path = fill(request.path, context.values)
    if not path.startswith("/"):  # an environment of which only the name is known
        yield Missing(reason=f"the resource id of {path} could not be found out", hint=context.obtain)
        return
    query = {name: fill(value, context.values) for name, value in request.query.items()}
    gap = None
    if request.paged:
        pages, gap = pages_of(context, arm, path, request.api_version, query)
        body = merged(pages)
    elif request.verb == "GET":
        body = arm.get(path, request.api_version, query, read_s=min(READ_S, context.entry.timeout_s)).body
    else:
        body = arm.post(path, request.api_version, query, request.body).body
    output = fill(request.output, context.values)
    if not body.strip() or is_empty(body):
        yield gap or Empty(reason=f"{path} answered with nothing", hint=context.obtain)
        return
    if output.endswith(".json"):
        context.add_secrets(secrets_of_answer(decoded(body, path)))
    yield from kept(context, output, body, origin=f"{request.verb} {path}")
    if gap is not None:
        yield gap


def kept(context: Context, output: str, body: bytes, *, origin: str, site: str | None = None) -> Iterator[Piece | Gap]:
    """The answer as a piece; in the second pass for late telemetry only what is new in it, or Empty."""
    place = settled(context, PurePosixPath("azure", output), body)
    if place is None:
        yield Empty(reason="nothing has come since the first pass", hint=context.obtain)
        return
    yield saved(context, str(place[0].relative_to("azure")), place[1], origin=origin, site=site)


def saved(context: Context, output: str, body: bytes, *, origin: str, site: str | None = None) -> Piece:
    """An answer as a piece below `azure/`, of this step's worker or sibling."""
    worker = context.site.worker
    return Piece(
        path=PurePosixPath("azure", output),
        content=[body],
        origin=origin,
        site=site or context.values.get("name"),
        instance=worker.label if worker else None,
        captured_at=now(),
    )


def pages_of(
    context: Context, arm: Arm, path: str, api_version: str, query: Mapping[str, str]
) -> tuple[list[Answer], Gap | None]:
    """All pages; when one cannot be had, those before it and why the rest is not there.

    Raises:
        AzureFailure: not even the first came.
    """
    pages: list[Answer] = []
    try:
        for page in arm.pages(path, api_version, query):
            pages.append(page)
    except AzureFailure as failure:
        if not pages:
            raise
        return pages, outcome_of_failure(failure, context.obtain)
    return pages, None


def merged(answers: list[Answer]) -> bytes:
    """One document: the first page with the `value` of all.

    Raises:
        AzureFailure: a page is not a list of ARM.
    """
    first: dict[str, Any] = {}
    values: list[Any] = []
    for answer in answers:
        data = answer.json()
        if not isinstance(data, dict) or not isinstance(data.get("value"), list):
            raise AzureFailure(Why.INVALID, f"{answer.url} is not a list of ARM", status=answer.status)
        first = first or data
        values += data["value"]
    rest = {name: value for name, value in first.items() if name not in ("value", "nextLink")}
    return document({**rest, "value": values})


def document(data: object) -> bytes:
    """JSON, one field a line, as people and line numbers like it."""
    return json.dumps(data, ensure_ascii=False, indent=1).encode()


def decoded(body: bytes, path: str) -> Any:
    """An answer as JSON.

    Raises:
        AzureFailure: it is not JSON: a page for people, for instance.
    """
    return Answer(status=200, headers={}, body=body, url=path).json()


def is_empty(body: bytes) -> bool:
    """Whether an answer is `{}`, `[]`, `null`, or a list without members."""
    if len(body) > 1000:
        return False
    try:
        data = json.loads(body)
    except ValueError:
        return False
    if isinstance(data, Mapping):
        return not data or (set(data) <= {"value", "nextLink", "id"} and data.get("value") in ([], None))
    return data in ([], None)
