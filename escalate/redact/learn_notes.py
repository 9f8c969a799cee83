"""What learning has found so far, bounded."""

from __future__ import annotations

from dataclasses import dataclass, field

from escalate.redact.known import MAX_UNSEARCHED, MAX_VALUES, values_of_setting
from escalate.redact.names import Name
from escalate.redact.settings import Setting
from escalate.redact.stop_list import NOTHING_SECRET, why_not

MAX_NAMES = 5_000


@dataclass
class Notes:
    """What a pass over the evidence has found so far."""

    values: dict[str, str] = field(default_factory=dict)
    names: dict[Name, None] = field(default_factory=dict)
    unsearched: dict[str, str] = field(default_factory=dict)
    """Setting to why its value is not looked for."""
    own: tuple[str, ...] = ()

    def name(self, name: Name) -> None:
        """A name that may not leave."""
        if len(self.names) < MAX_NAMES:
            self.names[name] = None

    def value(self, value: str, name: str, where: str) -> None:
        """A secret value; one of the stop list is only noted by the name of its setting."""
        reason = why_not(value, self.own, name)
        if reason is None:
            self._add(value, name, where)
        else:
            self.skip(name, reason)

    def found(self, value: str, label: str, where: str) -> None:
        """What a detector takes for a secret; it masks this one even where it is not worth looking for it elsewhere."""
        if why_not(value, self.own) is None:
            self._add(value, label, where)

    def _add(self, value: str, name: str, where: str) -> None:
        if len(self.values) < MAX_VALUES:
            self.values.setdefault(value, f"{name} in {where}")

    def skip(self, name: str, reason: str) -> None:
        """A setting whose value is not looked for."""
        if len(self.unsearched) < MAX_UNSEARCHED:
            self.unsearched.setdefault(name, reason)

    def merge(self, other: Notes) -> None:
        """Add what another pass has found."""
        for name in other.names:
            self.name(name)
        for value, where in other.values.items():
            if len(self.values) < MAX_VALUES:
                self.values.setdefault(value, where)
        for setting, reason in other.unsearched.items():
            self.skip(setting, reason)

    def setting(self, setting: Setting, where: str) -> None:
        """What is secret in a setting."""
        found = list(values_of_setting(setting))
        for value, name in found:
            self.value(value, name, where)
        if not found and setting.listed and setting.value.strip("="):  # the padding of base64 is no value
            self.skip(setting.name, why_not(setting.value, self.own, setting.name) or NOTHING_SECRET.id)
