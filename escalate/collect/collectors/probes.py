"""Whether each worker reaches whom the app needs: name, connection, request; asked from where the app runs."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from escalate.azure.failure import AzureFailure
from escalate.azure.kudu import Kudu
from escalate.collect.collector import collector
from escalate.collect.container import container_shell
from escalate.collect.container_request import limit_of
from escalate.collect.container_samples import files_in, marked
from escalate.collect.context import Context, now
from escalate.collect.outcomes import outcome_of_failure
from escalate.collect.piece import Piece, Unavailable
from escalate.collect.probe_targets import ProbeTarget, targets_of
from escalate.collect.probe_words import CURL_FORMAT, Said, answered, connected, resolved
from escalate.collect.secrets import secrets_of_environment
from escalate.model.outcome import Empty, Gap, Skipped
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

TRIES = 3
ARM_READ_S = 60
_PARTS = ("resolve", "tcp", "http")
_TOOLS = ("nslookup", "getent", "nc", "bash", "python3", "curl")


@dataclass
class Probed:
    """What was said of one target."""

    target: ProbeTarget
    said: dict[str, list[tuple[str, Said]]] = field(default_factory=lambda: {part: [] for part in _PARTS})
    """By part: (command, what it said)."""

    def as_json(self) -> dict[str, Any]:
        """For probes.json."""
        tries = {part: [said for _, said in asked] for part, asked in self.said.items()}
        return {
            "target": self.target.name,
            "resolve": resolved(tries["resolve"][0]) if tries["resolve"] else None,
            "tcp": connected(tries["tcp"]) if tries["tcp"] else None,
            "http": answered(tries["http"][0]) if tries["http"] else None,
            "seconds": round(sum(said.seconds for asked in tries.values() for said in asked), 3),
            "raw": {part: "\n".join(said.text for said in asked) for part, asked in tries.items() if asked},
        }


@collector(
    CatalogueEntry(
        id="net.probe",
        title="Reachability of what the app needs, from this worker",
        why="One worker that does not connect where the others do points at the platform, all of them at the network or"
        " at the target.",
        answers=("network", "which-worker", "app-or-platform", "K5", "K6", "K7"),
        scope="worker",
        permission="Microsoft.Web/sites/publish/Action",
        volatility=1,
        consent=Consent.ALWAYS,
        effects="resolves and connects, from the worker, to at most ten endpoints that the app's own settings name;"
        " reads the settings for it, in memory only",
        seconds=30,
        timeout_s=600,
        stall_s=150,
        max_bytes=4_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain="az webapp ssh -g {group} -n {app} --instance {machine} (Windows: https://{scm}/DebugConsole), then for"
        " each dependency: nslookup HOST; nc -zv -w 5 HOST PORT (Windows: nameresolver HOST; tcpping HOST:PORT)",
        source="projectkudu: tcpping, nameresolver; azure-cli 2.91: exec/execute; portal: tcpPingCheck",
        may_be_absent=True,
    )
)
def net_probe(context: Context) -> Iterator[Piece | Gap]:
    """probes.json and the words of the tools, of each worker; from ARM once, where no worker can be asked."""
    targets = _targets(context)
    try:
        if context.site.survey.platform.startswith("windows"):
            probed, folder = _from_windows(context, targets), PurePosixPath("kudu", context.site.survey.site)
        else:
            probed, folder = _from_container(context, targets), PurePosixPath("container")
    except Unavailable as error:
        closed: Gap = error.outcome
    except AzureFailure as failure:
        closed = outcome_of_failure(failure, context.obtain)
    else:
        worker = context.site.worker
        yield from _pieces(folder / (worker.label if worker else "any"), probed, worker.label if worker else None)
        return
    if context.site.reach.containers.claim("probes through ARM"):
        yield from _from_arm(context, targets)
    yield closed


def _targets(context: Context) -> tuple[ProbeTarget, ...]:
    """Whom the settings name.

    Raises:
        Unavailable: the settings may not be read, or name nobody.
    """
    notes = context.site.reach.containers
    found = notes.targets
    if found is None:
        try:
            found = _read_targets(context)
        except AzureFailure as failure:
            reason = f"the app's settings, which name whom it talks to, could not be read: {failure.reason}"
            needs = "ask for a role with Microsoft.Web/sites/config/list/Action (Website Contributor)"
            raise Unavailable(Skipped(reason=reason, hint=f"{needs}, or: {context.obtain}")) from failure
        notes.found_targets(found)
    if not found:
        raise Unavailable(Empty(reason="the app's settings name no other host", hint=context.obtain))
    return found


def _read_targets(context: Context) -> tuple[ProbeTarget, ...]:
    survey = context.site.survey
    settings = _properties(context, "appsettings")
    plain = {name: str(value) for name, value in settings.items() if value is not None}
    connections = {
        name: (str(entry.get("value") or ""), str(entry.get("type") or ""))
        for name, entry in _properties(context, "connectionstrings").items()
        if isinstance(entry, dict)
    }
    context.add_secrets(secrets_of_environment(plain.items()))
    context.add_secrets((value, name) for name, (value, _) in connections.items() if value)
    return targets_of(plain, connections, (survey.host, survey.scm_host or ""))


def _properties(context: Context, name: str) -> Mapping[str, Any]:
    data = context.site.arm.post(f"{context.site.survey.resource_id}/config/{name}/list").json()
    properties = data.get("properties") if isinstance(data, dict) else None
    return properties if isinstance(properties, dict) else {}


def _from_windows(context: Context, targets: Sequence[ProbeTarget]) -> list[Probed]:
    """By the tools of Kudu, in the app's sandbox."""
    kudu = context.site.kudu
    found = [Probed(target) for target in targets]
    for probed in found:
        target = probed.target
        commands = {"resolve": f"nameresolver {target.host}", "tcp": f"tcpping -n {TRIES} -w 10 {target.name}"}
        if target.scheme:
            url = f"{target.scheme}://{target.name}/"
            commands["http"] = f'curl -sS -o NUL -m 15 -w "{CURL_FORMAT}" {url}'
        for part, command in commands.items():
            probed.said[part].append((command, _run(kudu, command)))
    return found


def _run(kudu: Kudu, command: str) -> Said:
    start = time.monotonic()
    result = kudu.command(command)
    text = f"{result.output}\n{result.error}".replace("\r\n", "\n").strip()
    return Said(text=text, code=result.exit_code, seconds=round(time.monotonic() - start, 3))


_ASK = r"""
uptime() { read -r up rest </proc/uptime; echo "$up"; }
ask() {
  mark "$1"
  shift
  begun=$(uptime)
  "$@" 2>&1
  code=$?
  printf '\n%s %s %s\n%s\n' "$code" "$begun" "$(uptime)" "$*"
}
probe() {
  if command -v nslookup >/dev/null; then ask "$1/resolve-1" nslookup "$2"
  elif command -v getent >/dev/null; then ask "$1/resolve-1" getent ahosts "$2"
  fi
  for try in TRIES; do
    if command -v nc >/dev/null; then ask "$1/tcp-$try" $limit nc -zv -w 5 "$2" "$3"
    elif command -v bash >/dev/null; then
      ask "$1/tcp-$try" $limit bash -c 'exec 3<>"/dev/tcp/$0/$1" && echo "Connected to $0:$1"' "$2" "$3"
    elif command -v python3 >/dev/null; then
      ask "$1/tcp-$try" python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
print("Connected to", sys.argv[1])' "$2" "$3"
    fi
  done
  if [ -n "$4" ] && command -v curl >/dev/null; then
    ask "$1/http-1" curl -sS -o /dev/null -m 15 -w "$format" "$4"
  fi
}
limit=
timeout 5 true 2>/dev/null && limit='timeout 8'
"""
"""`ask NAME PROGRAM ...`: what it says, then exit code and uptime before and after, then the command."""


def _from_container(context: Context, targets: Sequence[ProbeTarget]) -> list[Probed]:
    """By what the image has, all targets at once."""
    with container_shell(context) as shell:
        lines = [_ASK.replace("TRIES", " ".join(str(number + 1) for number in range(TRIES)))]
        lines.append(f"format={shlex.quote(CURL_FORMAT)}")
        for number, target in enumerate(targets):
            url = f"{target.scheme}://{target.name}/" if target.scheme else ""
            words = shlex.join([str(number), target.host, str(target.port), url])
            lines.append(f"probe {words} >{shlex.quote(f'{shell.folder}/probe-{number}')} &")
        lines.append("wait")
        lines += [f"cat {shlex.quote(f'{shell.folder}/probe-{number}')}" for number in range(len(targets))]
        mark, script = marked(context.case_id, "\n".join(lines))
        ran = shell.run(script, "probes", min(limit_of(context), 200))
        data = shell.output(ran)
    found = [Probed(target) for target in targets]
    for name, content in files_in(data, mark):
        place, _, part = name.partition("/")
        kind = part.partition("-")[0]
        if place.isdigit() and int(place) < len(found) and kind in _PARTS:
            found[int(place)].said[kind].append(_said(content.decode("utf-8", "replace")))
    if not any(asked for probed in found for asked in probed.said.values()):
        words = f"the image has none of {', '.join(_TOOLS)}"
        raise Unavailable(Skipped(reason=words, hint=context.obtain))
    return found


def _said(text: str) -> tuple[str, Said]:
    """Taken apart from the end, where `ask` has added its two lines."""
    *lines, numbers, command = text.rstrip("\n").split("\n")
    code, begun, ended = (*numbers.split(), "0", "0", "0")[:3]
    try:
        seconds = round(float(ended) - float(begun), 2)
        return command, Said(text="\n".join(lines).strip(), code=int(code), seconds=seconds)
    except ValueError:
        return command, Said(text=text.strip(), code=1, seconds=0)


def _from_arm(context: Context, targets: Sequence[ProbeTarget]) -> Iterator[Piece | Gap]:
    """From whichever worker ARM asks; connections only."""
    found: list[Probed] = []
    resource = context.site.survey.resource_id
    for target in targets:
        body = {"properties": {"Host": target.host, "Port": target.port}}
        start = time.monotonic()
        try:
            data = context.site.arm.post(f"{resource}/tcpPingCheck", json=body).json()
        except AzureFailure as failure:
            yield outcome_of_failure(failure, context.obtain)
            break
        properties = data.get("properties") if isinstance(data, dict) else None
        fields = properties if isinstance(properties, dict) else {}
        status, details = str(fields.get("connectionStatus") or ""), str(fields.get("connectionStatusDetails") or "")
        good = status.casefold() == "success"
        text = f"Connected to {target.name}" if good else f"{status}: {details}"
        said = Said(text=text, code=0 if good else 1, seconds=round(time.monotonic() - start, 3))
        probed = Probed(target)
        probed.said["tcp"].append((f"tcpPingCheck {target.name}", said))
        found.append(probed)
    if found:
        yield from _pieces(PurePosixPath("azure", "network"), found, None)


def _pieces(base: PurePosixPath, found: Sequence[Probed], instance: str | None) -> Iterator[Piece]:
    at = now()
    rows = [probed.as_json() for probed in found]
    lines = ["$ date -u", f"{at:%a %b %e %H:%M:%S} UTC {at:%Y}"]
    for probed in found:
        for asked in probed.said.values():
            for command, said in asked:
                lines += [f"$ {command}", *said.text.splitlines()]
    files: Mapping[str, str] = {
        "probes.json": json.dumps(rows, ensure_ascii=False, indent=1) + "\n",
        "probes.txt": "\n".join(lines) + "\n",
    }
    for name, text in files.items():
        origin = f"name, connection and request for {len(found)} endpoints"
        yield Piece(path=base / name, content=[text.encode()], origin=origin, instance=instance, captured_at=at)
