"""Carries out plain requests to ARM: ask, follow the pages, save the answer as it came."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from escalate.azure.call import Answer
from escalate.azure.failure import AzureFailure, Why
from escalate.collect.context import Context, now
from escalate.collect.piece import Piece
from escalate.collect.placeholders import fill
from escalate.model.outcome import Empty, Gap
from escalate.model.plan import ArmRequest


def gather(context: Context, request: ArmRequest) -> Iterator[Piece | Gap]:
    """One piece below `azure/`; an empty list or no content is Empty."""
    arm = context.site.arm
    path = fill(request.path, context.values)
    query = {name: fill(value, context.values) for name, value in request.query.items()}
    if request.paged:
        body = merged(list(arm.pages(path, request.api_version, query)))
    elif request.verb == "GET":
        body = arm.get(path, request.api_version, query, read_s=context.entry.timeout_s).body
    else:
        body = arm.post(path, request.api_version, query, request.body).body
    if not body.strip() or is_empty(body):
        yield Empty(reason=f"{path} answered with nothing", hint=context.obtain)
        return
    yield saved(context, fill(request.output, context.values), body, origin=f"{request.verb} {path}")


def saved(context: Context, output: str, body: bytes, *, origin: str) -> Piece:
    """An answer as a piece below `azure/`, of this step's worker or sibling."""
    site = context.site
    return Piece(
        path=PurePosixPath("azure", output),
        content=[body],
        origin=origin,
        site=context.values.get("name"),
        instance=site.worker.label if site.worker else None,
        captured_at=now(),
    )


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
    return json.dumps({**rest, "value": values}, ensure_ascii=False, indent=1).encode()


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
