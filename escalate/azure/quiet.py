"""Keeps the libraries below from writing to stderr: what they warn of comes out as an exception as well."""

from __future__ import annotations

import logging

_LOUD = ("azure", "msal")


def quieten() -> None:
    """Give their loggers a handler that does nothing, unless the program has set up logging; may be called again.

    Without any handler Python prints their warnings to stderr itself.
    """
    for name in _LOUD:
        logger = logging.getLogger(name)
        if not logger.hasHandlers():
            logger.addHandler(logging.NullHandler())
