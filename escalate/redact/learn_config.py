"""What is read as configuration as a whole, and what its settings give away."""

from __future__ import annotations

import re
from pathlib import Path

from escalate.model.kind import Kind
from escalate.redact.known import CONFIG_BYTES
from escalate.redact.learn_notes import Notes
from escalate.redact.readable import text_of
from escalate.redact.settings import settings_of

SETTINGS = (Kind.CONFIG, Kind.PLATFORM_LOG, Kind.SHELL_TRANSCRIPT, Kind.KUDU_PROCESS, Kind.NODE_REPORT)
"""Where every password counts."""
_PARSED = (Kind.CONFIG, Kind.SHELL_TRANSCRIPT, Kind.KUDU_PROCESS, Kind.NODE_REPORT)
_PARSED_IF_CALLED = {
    Kind.JSON: re.compile(r"(?i)setting|environ|config|secret|credential|connectionstring|publish|compose|inspect"),
    Kind.XML: re.compile(r"(?i)config|setting|publish|credential"),
    Kind.TEXT: re.compile(
        r"(?i)\.(?:env|ini|properties|conf|cfg|toml|ya?ml|publishsettings|config)$|(?:^|/)\.env|environ"
    ),
    Kind.PROC_OTHER: re.compile(r"(?i)environ"),
}
"""The same if the path says so."""


def is_parsed(kind: Kind, path: str, size: int) -> bool:
    """Whether a file is small enough and is, or is called, configuration."""
    called = _PARSED_IF_CALLED.get(kind)
    return size <= CONFIG_BYTES and (kind in _PARSED or (called is not None and called.search(path) is not None))


def note_config(place: Path, where: str, notes: Notes) -> None:
    """Note the settings of a file; `where` is what to call it."""
    for setting in settings_of(text_of(place.read_bytes())):
        notes.setting(setting, where)
