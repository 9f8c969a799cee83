"""One request to Azure and how it was answered, without secrets: what support needs to find it in its own logs."""

from __future__ import annotations

from pydantic import Field

from escalate.model.base import Bytes, Frozen, Utc


class Exchange(Frozen):
    """One try of one request; a retry is an exchange of its own."""

    method: str
    url: str
    """Without the query values that sign or carry a secret."""
    at: Utc
    seconds: float = Field(ge=0)
    status: int | None = None
    """None: no answer came."""
    received: Bytes = 0
    client_request_id: str
    """What we sent as `x-ms-client-request-id`."""
    request_id: str | None = None
    """`x-ms-request-id` of the answer."""
    correlation_id: str | None = None
    """`x-ms-correlation-request-id` of the answer."""
    worker: str | None = None
    """The worker it was meant for."""
    clock_offset_s: float | None = None
    """`Date` of the answer minus our clock at its arrival, seconds; the header is cut to whole seconds."""
    error: str | None = None
    """Why no answer came, or the error code of a refusal."""
