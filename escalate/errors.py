"""The errors a user can meet; each carries what to do next and the exit code that scripts rely on.

    EscalateError                 never raised itself
    ├── UsageError           2    the command line cannot be meant
    ├── TargetError          3    the target does not exist or cannot be read
    ├── ConfigError          3    incident.toml, a rule file or another setting is wrong
    ├── CaseError            3    the case folder is missing, locked or damaged
    │   └── DocumentError    3    a document in it is unreadable or of an unknown major version
    ├── AccessError          4    sign-in or permission
    ├── RedactionRefused     6    a secret could be left: nothing was bundled
    └── Cancelled            7    the user said no

Exit codes without an error of their own: 0 done, 1 a bug, 5 done with evidence missing, 8 filed with something pending,
9 the API does not take the ticket and the portal packet is ready, 130 interrupted.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Process exit codes; they are interface (contract: "Exit codes")."""

    DONE = 0
    BUG = 1
    USAGE = 2
    CONFIG = 3
    ACCESS = 4
    EVIDENCE_MISSING = 5
    REDACTION_REFUSED = 6
    CANCELLED = 7
    PENDING = 8
    PORTAL_PACKET = 9
    INTERRUPTED = 130


class EscalateError(Exception):
    """Base of all; `message` says what happened and why, `hint` what to do next."""

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(EscalateError):
    """The command line cannot be meant."""

    exit_code = ExitCode.USAGE


class TargetError(EscalateError):
    """The target does not exist or cannot be read."""

    exit_code = ExitCode.CONFIG


class ConfigError(EscalateError):
    """A file the user wrote (incident, rules, word list) is wrong."""

    exit_code = ExitCode.CONFIG


class CaseError(EscalateError):
    """The case folder is missing, locked by another run, or damaged."""

    exit_code = ExitCode.CONFIG


class DocumentError(CaseError):
    """A document is unreadable, or of a major version this program does not know."""


class AccessError(EscalateError):
    """Sign-in failed or a permission is missing."""

    exit_code = ExitCode.ACCESS


class RedactionRefused(EscalateError):
    """The finished bundle could hold a secret; it was deleted."""

    exit_code = ExitCode.REDACTION_REFUSED


class Cancelled(EscalateError):
    """The user said no."""

    exit_code = ExitCode.CANCELLED
