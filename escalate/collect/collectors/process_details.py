"""Open files, sockets, command line and environment of one process, read once."""

from __future__ import annotations

import collections
import contextlib
import re
from collections.abc import Iterator

from escalate.collect.collector import collector
from escalate.collect.collectors.system_samples import STATES, peer
from escalate.collect.context import Context
from escalate.collect.piece import Piece
from escalate.collect.processes import argv_of
from escalate.collect.samples import piece_of
from escalate.collect.secrets import secrets_of_arguments, secrets_of_environment
from escalate.model.kind import Kind
from escalate.model.outcome import Gap
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

DESCRIPTORS = 20_000
"""More are counted, not listed."""

_SOCKET = re.compile(r"^socket:\[(\d+)\]$")
_TABLES = ("tcp", "tcp6", "udp", "udp6")


@collector(
    CatalogueEntry(
        id="proc.files",
        title="Open files of the process",
        why="A leak of files, pipes or sockets, and which logs it writes.",
        scope="process",
        volatility=2,
        consent=Consent.ALWAYS,
        effects="reads /proc",
        seconds=1,
        timeout_s=60,
        stall_s=20,
        max_bytes=16_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain="ls -l /proc/{pid}/fd",
        source="proc(5)",
    )
)
def open_files(context: Context) -> Iterator[Piece | Gap]:
    """How many of each kind, then number and target of each."""
    folder = context.place(f"/proc/{context.process}/fd")
    kinds: collections.Counter[str] = collections.Counter()
    rows: list[str] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: int(entry.name)):
        context.watch.alive()
        with contextlib.suppress(FileNotFoundError):  # closed between the listing and the reading
            target = str(entry.readlink()).encode("utf-8", "backslashreplace").decode()
            kinds["file" if target.startswith("/") else target.partition(":")[0]] += 1
            if len(rows) < DESCRIPTORS:
                rows.append(f"{entry.name:>7}  {target}")
    lines = [f"{'kind':<16}count", *(f"{kind:<16}{count}" for kind, count in sorted(kinds.items())), "", *rows]
    text = "\n".join(lines) + "\n"
    yield piece_of(context, ("proc", str(context.pid), "fd.txt"), [text.encode()], str(folder))


@collector(
    CatalogueEntry(
        id="proc.sockets",
        title="Sockets of the process",
        why="Whom it talks to, and in which state the connections are.",
        scope="process",
        volatility=2,
        consent=Consent.ALWAYS,
        effects="reads /proc",
        seconds=1,
        timeout_s=60,
        stall_s=20,
        max_bytes=16_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain="ss -tunap | grep pid={pid}",
        source="proc(5): net/tcp",
    )
)
def sockets(context: Context) -> Iterator[Piece | Gap]:
    """One line a TCP or UDP socket: protocol, state, local and remote address."""
    pid = context.process
    own: set[str] = set()
    for entry in context.place(f"/proc/{pid}/fd").iterdir():
        context.watch.alive()
        with contextlib.suppress(FileNotFoundError):
            match = _SOCKET.match(str(entry.readlink()))
            own.update([match[1]] if match else [])
    rows = [f"{'proto':<6}{'state':<13}{'recvq':>8}{'sendq':>8}  {'local':<48}remote"]
    for table in _TABLES:
        with contextlib.suppress(FileNotFoundError), context.place(f"/proc/{pid}/net/{table}").open() as lines:
            next(lines, None)
            for line in lines:
                context.watch.alive()
                cells = line.split()
                if len(cells) > 9 and cells[9] in own and len(rows) < DESCRIPTORS:
                    sent, _, received = cells[4].partition(":")
                    rows.append(
                        f"{table:<6}{STATES.get(cells[3], cells[3]):<13}{int(received, 16):>8}{int(sent, 16):>8}"
                        f"  {peer(cells[1]):<48}{peer(cells[2])}"
                    )
    text = "\n".join(rows) + "\n"
    yield piece_of(context, ("proc", str(pid), "sockets.txt"), [text.encode()], f"/proc/{pid}/net/tcp")


@collector(
    CatalogueEntry(
        id="proc.command",
        title="Command line and executable of the process",
        why="Which program with which options.",
        scope="process",
        volatility=3,
        consent=Consent.ALWAYS,
        effects="reads /proc",
        seconds=1,
        timeout_s=20,
        stall_s=10,
        max_bytes=4_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="tr '\\0' '\\n' < /proc/{pid}/cmdline; readlink /proc/{pid}/exe /proc/{pid}/cwd",
        source="proc(5)",
    )
)
def command_line(context: Context) -> Iterator[Piece | Gap]:
    """Executable and working folder, then one argument a line; what looks secret is made known to redaction."""
    pid = context.process
    argv = argv_of(pid, context.place("/proc"))
    context.add_secrets(secrets_of_arguments(argv))
    lines = [f"{name}\t{_link(context, name)}" for name in ("exe", "cwd", "root")]
    lines += [f"argv[{number}]\t{ascii(argument)[1:-1]}" for number, argument in enumerate(argv)]
    text = "\n".join(lines) + "\n"
    yield piece_of(context, ("proc", str(pid), "command.txt"), [text.encode()], f"/proc/{pid}/cmdline")


@collector(
    CatalogueEntry(
        id="proc.environment",
        title="Names of the environment's settings, without values",
        why="Which settings the process runs with; values stay here and are searched for in all other evidence.",
        scope="process",
        volatility=3,
        consent=Consent.ALWAYS,
        effects="reads /proc",
        seconds=1,
        timeout_s=20,
        stall_s=10,
        max_bytes=4_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain="tr '\\0' '\\n' < /proc/{pid}/environ | cut -d= -f1",
        source="proc(5): the environment at the start of the process",
    )
)
def environment(context: Context) -> Iterator[Piece | Gap]:
    """The names, sorted; the values go to the private folder."""
    pid = context.process
    data = context.place(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "backslashreplace")
    pairs = [(name, value) for name, _, value in (item.partition("=") for item in data.split("\0") if item)]
    context.add_secrets(secrets_of_environment(pairs))
    text = "".join(f"{name}\n" for name in sorted({name for name, _ in pairs}) if name.isidentifier() or "." in name)
    if pairs:
        yield Piece(
            path=context.below_host("proc", str(pid), "environment-names.txt"),
            content=[text.encode()],
            origin=f"/proc/{pid}/environ, names only",
            kind=Kind.TEXT,
            pid=pid,
        )


def _link(context: Context, name: str) -> str:
    try:
        return str(context.place(f"/proc/{context.process}/{name}").readlink())
    except OSError as error:
        return f"({error.strerror})"
