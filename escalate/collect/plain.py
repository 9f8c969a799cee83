"""The collector behind every entry that has a plain `request`: which kind of request is carried out by whom."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.collect import arm_request, container_request, kudu_request, local_request, query_request
from escalate.collect.context import Context
from escalate.collect.piece import Piece
from escalate.model.outcome import Gap
from escalate.model.plan import (
    ArmRequest,
    CommandRequest,
    ContainerCommandRequest,
    FileRequest,
    KuduCommandRequest,
    KuduRequest,
    QueryRequest,
)


def gather(context: Context) -> Iterator[Piece | Gap]:
    """Carry out the entry's request."""
    match context.entry.request:
        case FileRequest(reads=reads):
            yield from local_request.read_files(context, reads)
        case CommandRequest(argv=argv, output=output):
            yield from local_request.run_command(context, argv, output)
        case ArmRequest() as request:
            yield from arm_request.gather(context, request)
        case KuduRequest() as request:
            yield from kudu_request.get(context, request)
        case KuduCommandRequest() as request:
            yield from kudu_request.run(context, request)
        case ContainerCommandRequest() as request:
            yield from container_request.gather(context, request)
        case QueryRequest() as request:
            yield from query_request.gather(context, request)
        case None:
            raise ValueError(f"{context.entry.id} has no request and no collector")
