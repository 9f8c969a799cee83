"""Keeps the libraries below from writing to stderr, and signed addresses out of what they log at any level."""

from __future__ import annotations

import logging
import re

from escalate.azure.safe import REDACTED

_LOUD = ("azure", "msal")
_TELLS_URLS = ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.poolmanager")
"""Loggers that write down whole addresses, with the parameters that sign."""
_PARAMETER = re.compile(r"(?P<name>[?&](?!api-version=|\$top=|\$filter=)[\w.$-]{1,60}=)[^&\s\"']+")


class _WithoutParameters(logging.Filter):
    """Blanks the values of query parameters in a record; none is dropped."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite, and let pass."""
        text = record.getMessage()
        record.msg, record.args = _PARAMETER.sub(rf"\g<name>{REDACTED}", text), ()
        return True


_FILTER = _WithoutParameters()


def quieten() -> None:
    """Give their loggers a handler that does nothing, unless the program has set up logging; may be called again.

    Without any handler Python prints their warnings to stderr itself.
    """
    for name in _TELLS_URLS:
        logging.getLogger(name).addFilter(_FILTER)
    for name in _LOUD:
        logger = logging.getLogger(name)
        if not logger.hasHandlers():
            logger.addHandler(logging.NullHandler())
