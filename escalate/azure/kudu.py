"""The SCM site (Kudu): files, processes and commands, from a worker of choice, directly or through ARM."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from escalate.azure.call import Answer, Call, url_below
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.pulse import Pulse
from escalate.azure.session import Channel, Stream

_NONE: Mapping[str, str] = MappingProxyType({})
_AFFINITY = re.compile(r"\bARRAffinity(?:SameSite)?=(?P<id>[0-9A-Fa-f]{16,})")
EXTENSIONS = "2015-08-01"
"""Version of ARM's `extensions` path, as the portal sends it."""


@dataclass(frozen=True)
class Door:
    """How the SCM site is reached, found out once per run."""

    base: str
    """`https://<scm host>`, or ARM's `.../sites/x/extensions`."""
    audience: str
    through_arm: bool = False
    basic: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class CommandResult:
    """What `api/command` answers; Windows ends lines with CRLF."""

    output: str
    error: str
    exit_code: int


class Kudu:
    """The SCM site of one app, and the worker that is to answer (None: whichever does)."""

    def __init__(self, channel: Channel, door: Door, worker: str | None = None) -> None:
        self.channel = channel
        self.door = door
        self.worker = worker

    @property
    def pulse(self) -> Pulse:
        """The step that waits."""
        return self.channel.pulse

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = _NONE,
        headers: Mapping[str, str] = _NONE,
        json: object = None,
        read_s: float = 60,
        again: bool | None = None,
    ) -> Call:
        """A request for a path such as `/api/environment`."""
        sent, asked = dict(headers), dict(query)
        if self.door.through_arm:
            asked["api-version"] = EXTENSIONS
            if self.worker:
                asked["instance"] = self.worker
        elif self.worker:
            sent["Cookie"] = f"ARRAffinity={self.worker}; ARRAffinitySameSite={self.worker}"
        return Call(
            method=method,
            url=url_below(self.door.base, path),
            audience=self.door.audience,
            basic=self.door.basic,
            query=asked,
            headers=sent,
            json=json,
            read_s=read_s,
            again=again,
            worker=self.worker,
        )

    def get(self, path: str, query: Mapping[str, str] = _NONE, *, read_s: float = 60) -> Answer:
        """GET, whole.

        Raises:
            AzureFailure: see `Channel.send`; Why.MISSING when another worker answered.
        """
        with self.stream(self.call("GET", path, query=query, read_s=read_s)) as stream:
            return stream.whole()

    def post(self, path: str, json: object = None, query: Mapping[str, str] = _NONE, *, read_s: float = 60) -> Answer:
        """POST, once.

        Raises:
            AzureFailure: see `get`.
        """
        with self.stream(self.call("POST", path, query=query, json=json, read_s=read_s)) as stream:
            return stream.whole()

    def delete(self, path: str) -> None:
        """DELETE of a file of our own, or nothing if it is gone; `If-Match: *` as VFS wants it.

        Raises:
            AzureFailure: see `get`.
        """
        call = self.call("DELETE", path, headers={"If-Match": "*"}, again=True)
        with self.stream(replace(call, accept=call.accept | {404})):
            pass

    @contextlib.contextmanager
    def stream(self, call: Call) -> Iterator[Stream]:
        """An answer in pieces, from the wanted worker.

        Raises:
            AzureFailure: see `get`.
        """
        with self.channel.stream(call) as stream:
            self._check_worker(stream.headers)
            yield stream

    def command(self, command: str, directory: str = "", *, read_s: float = 100) -> CommandResult:
        """Run a command in the Kudu site; Kudu ends it after 60 s without output or CPU, the front end after 230 s.

        Raises:
            AzureFailure: see `get`; an answer that is not Kudu's.
        """
        data = self.post("/api/command", {"command": command, "dir": directory}, read_s=read_s).json()
        if not isinstance(data, dict) or not isinstance(data.get("ExitCode"), int):
            raise AzureFailure(Why.INVALID, "api/command answered with something that is not a result")
        return CommandResult(str(data.get("Output") or ""), str(data.get("Error") or ""), data["ExitCode"])

    def _check_worker(self, headers: Mapping[str, str]) -> None:
        """The front end gives a new ARRAffinity cookie when the one it got belongs to no worker any more."""
        if self.worker is None or self.door.through_arm:
            return
        given = {match["id"].casefold() for match in _AFFINITY.finditer(headers.get("set-cookie", ""))}
        if given and self.worker.casefold() not in given:
            other = next(iter(given))
            raise AzureFailure(
                Why.MISSING, f"worker {self.worker[:6]}... is gone: worker {other[:6]}... answered instead of it"
            )
