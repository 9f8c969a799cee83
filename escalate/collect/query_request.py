"""Carries out the KQL queries of the catalogue; the text stands beside the result."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.collect.context import Context
from escalate.collect.piece import Piece
from escalate.model.outcome import Gap, Missing
from escalate.model.plan import QueryRequest


def gather(context: Context, request: QueryRequest) -> Iterator[Piece | Gap]:
    """Two pieces: result and text."""
    yield Missing(reason=f"nothing to query: {request.output}", hint=context.obtain)
