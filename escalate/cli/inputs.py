"""Turns what the user typed and wrote (TARGET, incident.toml) into values."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from escalate.errors import ConfigError, TargetError
from escalate.model.incident import Incident, Window
from escalate.model.target import LocalTarget, PathTarget, Target

_LOCAL = re.compile(r"^local(?::(?P<pid>[0-9]+))?$")
_AZURE = re.compile(r"^/subscriptions/|^https://([a-z.]+\.)?portal\.azure\.|\.azurewebsites\.", re.IGNORECASE)


def parse_target(text: str, logs: tuple[str, ...] = ()) -> Target:
    """Read TARGET.

    Raises:
        TargetError: it names nothing that exists, or something this version cannot reach.
    """
    local = _LOCAL.match(text)
    if local:
        pid = int(local["pid"]) if local["pid"] else None
        return LocalTarget(pid=pid, logs=tuple(str(Path(log).resolve()) for log in logs))
    if logs:
        raise TargetError("--log belongs to the target local", hint="put the file into the evidence folder instead")
    if _AZURE.search(text):
        raise TargetError(
            "this version does not read from Azure yet",
            hint="run `escalate build local:PID` in the app's SSH session, or gather files and give the folder",
        )
    place = Path(text)
    if not text or not place.exists():
        raise TargetError(
            f"{text!r} is neither 'local', 'local:PID' nor an existing folder or archive",
            hint="check the spelling; evidence gathered elsewhere is a folder, a zip or a tar",
        )
    return PathTarget(path=str(place.resolve()))


def read_incident(file: Path | None, since: datetime | None, until: datetime | None) -> Incident:
    """Read incident.toml and apply the flags that say the same.

    Raises:
        ConfigError: not TOML, or fields that do not fit.
    """
    if until is not None and since is None:
        raise ConfigError("--until without --since", hint="give both, or neither")
    data: dict[str, object] = {}
    if file is not None:
        try:
            data = tomllib.loads(file.read_bytes().decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file} is not TOML: {error}", hint="see incident.toml in the README") from error
    try:
        incident = Incident.model_validate(data)
        if since is not None:
            window = Window(start=since, end=until or datetime.now(UTC).replace(microsecond=0))
            incident = incident.model_copy(update={"window": window})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "window"
        raise ConfigError(
            f"{file or '--since/--until'}: {place}: {first['msg']}",
            hint="times need a zone (2026-04-04T05:55:00Z); field names are in the README",
        ) from error
    return incident
