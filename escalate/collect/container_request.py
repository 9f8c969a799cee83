"""Carries out fixed shell commands in the app's Linux container: detached, and polled through /home."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.collect.context import Context
from escalate.collect.piece import Piece
from escalate.model.outcome import Gap, Missing
from escalate.model.plan import ContainerCommandRequest


def gather(context: Context, request: ContainerCommandRequest) -> Iterator[Piece | Gap]:
    """What the command printed."""
    yield Missing(reason=f"nothing to run: {request.output}", hint=context.obtain)
