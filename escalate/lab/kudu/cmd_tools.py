"""Programs that a Windows worker has beside cmd.exe: tcpping, nameresolver, curl, procdump, jcmd."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from escalate.lab.kudu.cmd_result import Result
from escalate.lab.kudu.minidump import write_minidump
from escalate.lab.kudu.probes import address_of, milliseconds, outcome, probes_of, resolves
from escalate.lab.kudu.visit import Visit
from escalate.lab.kudu.windows_dumps import dump_bytes
from escalate.lab.kudu.windows_processes import NoSuchProcess, find, running
from escalate.lab.state import now
from escalate.lab.world import Json, Probe

Place = Callable[[str], Path | None]
Tool = Callable[[Visit, list[str], Place], Result]

_FAILED: Mapping[Probe, str] = MappingProxyType(
    {
        "timeout": "Connection timed out",
        "refused": "Connection attempt failed: No connection could be made because the target machine actively"
        " refused it",
        "forbidden": "Connection attempt failed: An attempt was made to access a socket in a way forbidden by its"
        " access permissions",
        "no-such-host": "Connection attempt failed: No such host is known",
    }
)
_CURL_FAILED: Mapping[Probe, tuple[int, str]] = MappingProxyType(
    {
        "timeout": (28, "Connection timed out after 10001 milliseconds"),
        "refused": (7, "Failed to connect to {host} port {port} after 2031 ms: Connection refused"),
        "forbidden": (7, "Failed to connect to {host} port {port} after 1 ms: Bad access"),
        "no-such-host": (6, "Could not resolve host: {host}"),
    }
)
_BANNER = (
    "\r\nProcDump v10.11 - Sysinternals process dump utility\r\n"
    "Copyright (C) 2009-2021 Mark Russinovich and Andrew Richards\r\n"
    "Sysinternals - www.sysinternals.com\r\n\r\n"
)


def tcpping(visit: Visit, words: list[str], place: Place) -> Result:
    """`tcpping [-n COUNT] [-w SECONDS] HOST[:PORT]`."""
    options, targets = _options(words, ("-n", "-w", "-s"))
    if not targets:
        return Result("Usage: tcpping [options] hostname[:port]\r\n", "", 1)
    host, _, text = targets[0].partition(":")
    count, port = int(options.get("-n", "4")), int(text or "80")
    probe = outcome(probes_of(visit.state.world, visit.worker.machine), host, port)
    lines: list[str] = []
    spent: list[int] = []
    for number in range(count):
        if probe == "connected":
            took = milliseconds(host, number)
            spent.append(took)
            lines.append(f"Connected to {host}:{port}, time taken: {f'{took}ms' if took else '<1ms'}")
        else:
            lines.append(_FAILED[probe])
    share = round(100 * len(spent) / count) if count else 0
    average = f" Average success time: {sum(spent) / len(spent):g}ms" if spent else ""
    lines.append(f"Complete: {len(spent)}/{count} successful attempts ({share}%).{average}")
    return Result("".join(f"{line}\r\n" for line in lines), "", 0 if spent else 1)


def nameresolver(visit: Visit, words: list[str], place: Place) -> Result:
    """`nameresolver HOST [SERVER]`."""
    if not words:
        return Result("Usage: nameresolver hostname [dns server]\r\n", "", 1)
    host, server = words[0], words[1] if len(words) > 1 else "168.63.129.16"
    if not resolves(probes_of(visit.state.world, visit.worker.machine), host):
        return Result(f"Server: {server}\r\n\r\nNo such host is known\r\n", "", 1)
    return Result(
        f"Server: {server}\r\n\r\nNon-authoritative answer:\r\nName: {host}\r\nAddresses:\r\n\t{address_of(host)}\r\n"
    )


def curl(visit: Visit, words: list[str], place: Place) -> Result:
    """`curl [-w FORMAT] [...] URL`: only the connection is real to the world, the page is empty."""
    options, targets = _options(words, ("-w", "-o", "-m", "--max-time", "--connect-timeout", "-H", "-X", "-A"))
    if not targets:
        return Result("", "curl: no URL specified!\r\n", 2)
    parts = urlsplit(targets[0] if "//" in targets[0] else f"http://{targets[0]}")
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    probe = outcome(probes_of(visit.state.world, visit.worker.machine), host, port)
    took = milliseconds(host, 0) / 1000
    good = probe == "connected"
    values = {
        "http_code": "200" if good else "000",
        "response_code": "200" if good else "000",
        "remote_ip": address_of(host) if good else "",
        "remote_port": str(port) if good else "0",
        "exitcode": str(0 if good else _CURL_FAILED[probe][0]),
        "time_namelookup": f"{0.002 if probe != 'no-such-host' else 0:.6f}",
        "time_connect": f"{0.002 + took if good else 0:.6f}",
        "time_appconnect": f"{0.012 + took if good and parts.scheme == 'https' else 0:.6f}",
        "time_pretransfer": f"{0.012 + took if good else 0:.6f}",
        "time_starttransfer": f"{0.031 + took if good else 0:.6f}",
        "time_total": f"{0.031 + took if good else 10.001 if probe == 'timeout' else 0.004:.6f}",
    }
    output = options.get("-w", "").replace("\\r", "\r").replace("\\n", "\n")
    for name, value in values.items():
        output = output.replace(f"%{{{name}}}", value)
    if good:
        return Result(output)
    code, text = _CURL_FAILED[probe]
    return Result(output, f"curl: ({code}) {text.format(host=host, port=port)}\r\n", code)


def procdump(visit: Visit, words: list[str], place: Place) -> Result:
    """`procdump -accepteula [-ma|-mp|-mm] [-r] [-o] PID FILE`."""
    flags = {word.casefold() for word in words if word.startswith(("-", "/"))}
    named = [word for word in words if not word.startswith(("-", "/"))]
    if not named:
        return Result(_BANNER + "Usage: procdump [-mm] [-ma] [-mp] PID [Dump_File]\r\n", "", -2)
    try:
        found = _process(visit, named[0])
    except NoSuchProcess:
        return Result(f"{_BANNER}No process matching the specified PID can be found.\r\n", "", -2)
    default = f"{found['name']}.exe_{now():%y%m%d_%H%M%S}.dmp"
    shown = named[1] if len(named) > 1 else default
    file = place(shown)
    if file is not None and file.is_dir():
        shown = f"{shown}\\{default}"
        file = place(shown)
    if file is None or not file.parent.is_dir():
        return Result(f"{_BANNER}Invalid Argument - Dump_File/Dump_Folder\r\n", "", -2)
    if file.exists() and "-o" not in flags:
        return Result(f"{_BANNER}Dump file already exists: {shown}\r\n", "", -2)
    size = dump_bytes(visit, found, 2 if {"-ma", "-mp"} & flags else 0)
    write_minidump(file, int(found["id"]), size)
    at = f"[{now():%H:%M:%S}]"
    megabytes = max(1, size // (1024 * 1024))
    return Result(
        f"{_BANNER}{at} Dump 1 initiated: {shown}\r\n"
        f"{at} Dump 1 writing: Estimated dump file size is {megabytes} MB.\r\n"
        f"{at} Dump 1 complete: {megabytes} MB written in 0.4 seconds\r\n"
        f"{at} Dump count reached.\r\n\r\n"
    )


def jcmd(visit: Visit, words: list[str], place: Place) -> Result:
    """`jcmd [-l]`, `jcmd PID COMMAND ...`: what Java processes were recorded to say (`_jcmd`, by command)."""
    virtual_machines = [each for each in running(visit) if "_jcmd" in each]
    if not words or words[0] == "-l":
        return Result("".join(f"{each['id']} {each['_jcmd'].get('main', 'app.jar')}\r\n" for each in virtual_machines))
    found = next((each for each in virtual_machines if str(each["id"]) == words[0]), None)
    if found is None:
        return Result("", f"java.lang.IllegalArgumentException: No such process {words[0]}\r\n", 1)
    said = found["_jcmd"].get(words[1] if len(words) > 1 else "help")
    if said is None:
        return Result(f"{words[0]}:\r\n", "java.lang.IllegalArgumentException: Unknown diagnostic command\r\n", 1)
    return Result(f"{words[0]}:\r\n" + str(said).replace("\r\n", "\n").replace("\n", "\r\n"))


TOOLS: Mapping[str, Tool] = MappingProxyType(
    {"tcpping": tcpping, "nameresolver": nameresolver, "curl": curl, "procdump": procdump, "jcmd": jcmd}
)


def _process(visit: Visit, word: str) -> Json:
    """By number, or by name when only one has it."""
    if word.isdigit() and int(word) > 0:
        return find(visit, int(word))
    name = word.casefold().removesuffix(".exe")
    named = [each for each in running(visit) if str(each["name"]).casefold() == name]
    return named[0] if len(named) == 1 else find(visit, -2)


def _options(words: list[str], with_value: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word in with_value:
            options[word] = next(left, "")
        elif word.startswith("-"):
            options[word] = ""
        else:
            rest.append(word)
    return options, rest
