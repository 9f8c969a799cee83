"""Options by which the user adds to redaction: secret values, words, rules; by file, never on the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from escalate.errors import UsageError
from escalate.redact.additions import Additions, read_secrets, read_words
from escalate.redact.own_rules import read_rules

F = TypeVar("F", bound=Callable[..., Any])

MAX_BYTES = 4 * 1024 * 1024
_STDIN = Path("-")
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True)


def options(function: F) -> F:
    """`--secrets-from`, `--words` and `--own-rules`."""
    for name, text in (
        ("--own-rules", "Rules of your own, in TOML; see docs/own-rules.md."),
        ("--words", "Names and terms to replace, one a line: `user jdoe`, `host db7`, `project Falcon`."),
        ("--secrets-from", "Secret values to look for, a value or NAME=value a line; - reads them from stdin."),
    ):
        function = click.option(name, type=_FILE, metavar="FILE", help=text)(function)
    return function


@dataclass(frozen=True)
class Sources:
    """Files with what the user adds."""

    secrets_from: Path | None
    words: Path | None
    own_rules: Path | None

    def read(self) -> Additions:
        """What they hold.

        Raises:
            UsageError: a file is too large, no text, or holds what cannot be looked for.
        """
        if [self.secrets_from, self.words, self.own_rules].count(_STDIN) > 1:
            raise UsageError("only one file can be read from stdin", hint="name the others")
        return Additions(
            secrets=read_secrets(_text(self.secrets_from), str(self.secrets_from)) if self.secrets_from else (),
            words=read_words(_text(self.words), str(self.words)) if self.words else (),
            rules=read_rules(_text(self.own_rules), str(self.own_rules)) if self.own_rules else (),
        )


def _text(path: Path) -> str:
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if path == _STDIN else path.read_bytes()[: MAX_BYTES + 1]
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="name a file that you may read") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8", hint="save it as UTF-8") from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path} is larger than {MAX_BYTES:,} bytes", hint="leave out what is no secret")
    return text
