"""Zips that the SCM site packs: fetched once, and believed only when their central directory is whole."""

from __future__ import annotations

import zipfile
from pathlib import Path

from escalate.azure.call import Call
from escalate.azure.download import Expectation, download
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.ranges import Source

LONGEST_S = 220
"""The front end cuts what is silent for 230 s."""
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def fetch_zip(source: Source, call: Call, place: Path) -> None:
    """Save a zip that is made anew by each request.

    Raises:
        AzureFailure: it cannot be had, or it ends before its central directory (INVALID); nothing is left at `place`.
    """
    try:
        with place.open("wb") as handle:
            handle.writelines(download(source, call, Expectation(magic=_ZIP, ranges=False)))
        with zipfile.ZipFile(place) as archive:
            archive.infolist()
    except AzureFailure:
        place.unlink(missing_ok=True)
        raise
    except (zipfile.BadZipFile, NotImplementedError) as error:
        size = place.stat().st_size
        place.unlink()
        raise AzureFailure(Why.INVALID, f"{call.url} gave {size} bytes that are no whole zip: {error}") from error
