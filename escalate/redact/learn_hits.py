"""What a hit of a detector teaches: a secret, a name, or the settings of a command."""

from __future__ import annotations

import re

from escalate.redact.learn_detectors import ACCOUNT, HOME, OPTION, SERVER
from escalate.redact.learn_notes import Notes
from escalate.redact.names import Name, public_suffix
from escalate.redact.rules import decoded_value
from escalate.redact.settings import options_of

_ADDRESS = re.compile(r"[0-9.]+")
_EMAIL_LOCAL = re.compile(r"[a-z]{2,}[._][a-z]{2,}[0-9]{0,4}")


def note_hit(label: str, value: bytes, notes: Notes, where: str) -> None:
    """Note one hit; `label` is the id of its detector, `where` what to call the file."""
    text = decoded_value(value)
    if label == OPTION.id:
        for setting in options_of(f" -e {value.decode('utf-8', 'replace')}"):
            notes.setting(setting, where)
    elif label == HOME.id:
        notes.name(Name("user", text))
    elif label == "email":
        local = text.partition("@")[0].casefold()
        if _EMAIL_LOCAL.fullmatch(local):
            notes.name(Name("user", local))
    elif label in ("claim-user", "claim-person", "claim-display-name"):
        notes.name(Name("user" if label == "claim-user" else "person", text))
    elif label == SERVER.id:
        if not _ADDRESS.fullmatch(text):  # addresses have pseudonyms of their own, which keep their networks
            notes.name(Name("host", text.casefold()))
    elif label == ACCOUNT.id:
        for service in ("blob", "file", "queue", "table"):
            notes.name(Name("host", f"{text}.{service}.core.windows.net"))
        if re.search(r"[0-9]", text) and len(text) >= 6 and not public_suffix(text):
            notes.name(Name("host", text))
    else:
        notes.found(text, label, where)
