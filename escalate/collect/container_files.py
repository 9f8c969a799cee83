"""Files that our scripts left below /home/LogFiles, read and removed through the SCM site's virtual file system."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from escalate.azure.download import Expectation, download
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Kudu

API = "/api/vfs/"
NOT_FOUND = 404


def names(kudu: Kudu, folder: str) -> frozenset[str] | None:
    """What a folder holds; None while it is not there.

    Raises:
        AzureFailure: it cannot be told.
    """
    try:
        listing = kudu.get(f"{API}{folder.strip('/')}/").json()
    except AzureFailure as failure:
        if failure.why is Why.MISSING and failure.status == NOT_FOUND:
            return None
        raise
    entries = listing if isinstance(listing, list) else []
    return frozenset(str(entry.get("name", "")) for entry in entries if isinstance(entry, dict))


def chunks(kudu: Kudu, path: str, magic: tuple[bytes, ...] = ()) -> Iterator[bytes]:
    """A file of any size, in pieces, resumed where the connection broke.

    Raises:
        AzureFailure: it is not there, cannot be had whole, or does not begin with one of `magic`.
    """
    return download(kudu, kudu.call("GET", API + path), Expectation(magic=magic))


def remove_folder(kudu: Kudu, path: str) -> None:
    """Remove a folder of our own with all that is in it; nothing if it is gone.

    Raises:
        AzureFailure: it could not be removed.
    """
    call = kudu.call(
        "DELETE",
        f"{API}{path.strip('/')}/",
        query={"recursive": "true"},
        headers={"If-Match": "*"},
        again=True,
    )
    with kudu.stream(replace(call, accept=call.accept | {NOT_FOUND})):
        pass
