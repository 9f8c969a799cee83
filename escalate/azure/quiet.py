"""Keeps the libraries below from writing to stderr, and signed URLs out of whatever log a program has set up."""

from __future__ import annotations

import logging

from escalate.azure.safe import safe_text

_LOUD = ("azure", "msal")
_WIRE = "urllib3.connectionpool"
"""At DEBUG it writes the path of every request with its query, which signs the URLs of operations and blobs."""


class _WithoutQueries(logging.Filter):
    """Leaves out of a record what stands behind a question mark, and every key and token."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite it; all records pass."""
        record.msg, record.args = safe_text(_shortened(record.getMessage())), None
        return True


def quieten() -> None:
    """Give their loggers a handler that does nothing, unless the program has set up logging; may be called again.

    Without any handler Python prints their warnings to stderr itself.
    """
    for name in _LOUD:
        logger = logging.getLogger(name)
        if not logger.hasHandlers():
            logger.addHandler(logging.NullHandler())
    wire = logging.getLogger(_WIRE)
    if not any(isinstance(each, _WithoutQueries) for each in wire.filters):
        wire.addFilter(_WithoutQueries())


def _shortened(text: str) -> str:
    return " ".join(word.partition("?")[0] for word in text.split(" "))
