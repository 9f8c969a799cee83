"""Protection of finished files on their way: age encryption, and a signature that ssh-keygen checks."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyrage

from escalate.errors import ConfigError

SUFFIX_OF_AGE = ".age"
SUFFIX_OF_SIGNATURE = ".sig"
NAMESPACE = "file"
"""What a signature is for, as ssh-keygen has it; `file` is what its manual suggests."""
SIGN_SECONDS = 120
"""Time for a person to touch a security key or type into an agent's window."""
_MAX_KEY_FILE = 1 << 20


def recipients_of(texts: Sequence[str]) -> list[Any]:
    """What `--encrypt-to` names: `age1...`, `ssh-ed25519 ...`, `ssh-rsa ...`, or a file with one of these per line.

    Raises:
        ConfigError: one of them is no recipient, or a file that cannot be read.
    """
    found: list[Any] = []
    for text in texts:
        found += [_recipient(line) for line in _lines(text, ("age1", "ssh-"))]
    return found


def identities_of(path: Path) -> list[Any]:
    """The identities in a key file: `AGE-SECRET-KEY-...` lines, or an SSH private key without a passphrase.

    Raises:
        ConfigError: there is none in it.
    """
    data = _read(path)
    try:
        if b"PRIVATE KEY-----" in data:
            return [pyrage.ssh.Identity.from_buffer(data)]
        lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith("AGE-SECRET-KEY-")]
    except (pyrage.IdentityError, ValueError) as error:
        raise ConfigError(f"{path} holds no identity that can be used", hint=_IDENTITY) from error
    if not found:
        raise ConfigError(f"{path} holds no age identity", hint=_IDENTITY)
    return found


_IDENTITY = "name a file that age-keygen wrote, or an SSH private key without a passphrase"


def encrypt(
    source: Path, destination: Path, recipients: Sequence[Any], advance: Callable[[int], None]
) -> tuple[int, str]:
    """Write the age file, streaming; its size and SHA-256. No two runs give the same bytes: its key is new each time.

    `advance` is told of each byte of `source`.

    Raises:
        ConfigError: the disk refuses it.
    """
    try:
        with source.open("rb") as plain, destination.open("xb") as out:
            pyrage.encrypt_io(_Told(plain, advance), out, list(recipients))
    except (pyrage.EncryptError, OSError) as error:
        destination.unlink(missing_ok=True)
        raise ConfigError(f"{source.name} cannot be encrypted: {error}", hint="is there room on the disk?") from error
    with destination.open("rb") as file:
        return destination.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


class _Told:
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, advance: Callable[[int], None]) -> None:
        self._file = file
        self._advance = advance

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self._advance(len(data))
        return data


def decrypt(source: Path, destination: Path, identities: Sequence[Any]) -> None:
    """Write what is in an age file, streaming.

    Raises:
        ConfigError: no identity opens it, or it is damaged: nothing is left of it then.
    """
    try:
        pyrage.decrypt_file(str(source), str(destination), list(identities))
    except (pyrage.DecryptError, OSError) as error:
        destination.unlink(missing_ok=True)
        raise ConfigError(
            f"{source} cannot be decrypted: {error}", hint="it is damaged, or encrypted to somebody else"
        ) from error


def sign(file: Path, key: Path) -> Path:
    """Write `<file>.sig` with ssh-keygen; `key` is a private key, or a public one whose private one an agent holds.

    Raises:
        ConfigError: ssh-keygen is missing, or refuses the key.
    """
    signature = file.with_name(file.name + SUFFIX_OF_SIGNATURE)
    signature.unlink(missing_ok=True)
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(file)]
    try:
        said = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=SIGN_SECONDS)
    except FileNotFoundError as error:
        raise ConfigError(
            "ssh-keygen is not installed: nothing was signed", hint="install the OpenSSH client (8.1 or newer)"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"{key} did not sign in {SIGN_SECONDS} s", hint=_KEY) from error
    if said.returncode or not signature.is_file():
        reason = said.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ConfigError(f"{key} cannot sign: {reason[-1] if reason else 'ssh-keygen gave no reason'}", hint=_KEY)
    return signature


_KEY = "name an SSH private key without a passphrase, or add it to ssh-agent and name its .pub file"


def _recipient(line: str) -> Any:
    try:
        if line.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(line)
        return pyrage.x25519.Recipient.from_str(line)
    except (pyrage.RecipientError, ValueError) as error:
        shown = f"{line[:16]}..." if len(line) > 16 else line
        raise ConfigError(f"{shown!r} is no recipient", hint=_RECIPIENT) from error


_RECIPIENT = "give age1..., 'ssh-ed25519 AAAA...', or a file with one of these on each line"


def _lines(text: str, starts: tuple[str, ...]) -> list[str]:
    if text.startswith(starts):
        return [text.strip()]
    path = Path(text)
    lines = [line.strip() for line in _read(path).decode("utf-8", "replace").splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise ConfigError(f"{path} names no recipient", hint=_RECIPIENT)
    return found


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_KEY_FILE)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint=_RECIPIENT) from error
