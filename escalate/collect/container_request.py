"""Carries out fixed shell commands in the app's Linux container: detached, and polled through /home."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from types import MappingProxyType

from escalate.collect.container import ContainerShell, Ran, container_shell
from escalate.collect.container_notes import ContainerProcess
from escalate.collect.container_processes import app_process
from escalate.collect.context import STAMP, Context, now
from escalate.collect.piece import Piece, Unavailable
from escalate.collect.placeholders import fill
from escalate.model.kind import Kind
from escalate.model.outcome import Failed, Gap, Skipped
from escalate.model.plan import ContainerCommandRequest, Sensitivity

ROOM = 1.3
"""A dump is about as big as what is resident; so much must be free for it."""
OF_FREE = 0.8
"""A dump may be several times what is resident; it is ended before it fills the share."""
BLOCK = 512
"""Bytes that `ulimit -f` of a POSIX shell counts in."""
SPACE_LIMIT_S = 30
AROUND_S = 40
"""For finding the process, asking whether it has ended, and fetching."""
_TOO_BIG = re.compile(r"file size limit|file too large|no space left on device|exit code 153$", re.IGNORECASE)
"""gdb says so and ends with 0 all the same; 153 is SIGXFSZ."""
MAGIC: Mapping[str, tuple[bytes, ...]] = MappingProxyType(
    {
        ".hprof": (b"JAVA PROFILE 1.0",),
        ".jfr": (b"FLR\0",),
        ".core": (b"\x7fELF",),
        ".gcdump": (b"\x14\0\0\0!FastSerialization.1",),
        ".pcap": tuple(bytes.fromhex(each) for each in ("d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "0a0d0d0a")),
    }
)
"""How files begin that are not text, by the suffix of the output."""


def gather(context: Context, request: ContainerCommandRequest) -> Iterator[Piece | Gap]:
    """What the command printed, or the file it wrote when `{output}` is part of it."""
    with container_shell(context) as shell:
        process = None
        if "{pid}" in request.command or context.entry.runtimes:
            process = app_process(context, shell)
        written = PurePosixPath(request.output).name
        script = origin = fill(request.command, _values(process) | {"output": f"{shell.folder}/{written}"})
        if process and context.entry.sensitivity is Sensitivity.MEMORY:
            script = undisturbed(script, process, need_room(context, shell, process))
        at = now()
        ran = shell.run(script, "command", limit_of(context))
        gap = (_too_big(context, ran) if script != origin else None) or shell.gap(ran)
        pid = process.pid if process else None
        if "{output}" in request.command:
            if gap is None:
                made = shell.chunks(written, MAGIC.get(PurePosixPath(written).suffix, ()))
                yield piece(context, request.output, made, origin=origin, at=at, pid=pid)
        elif ran.size:
            yield piece(context, request.output, [shell.output(ran)], origin=origin, at=at, pid=pid)
        elif gap is None:
            yield context.gap(Failed, f"it printed nothing: {ran.complaint or 'no complaint either'}")
        yield from [gap] if gap else []


def limit_of(context: Context) -> float:
    """Seconds a command may take so that its end is still heard of within the step's limit."""
    return max(context.entry.timeout_s - AROUND_S, context.entry.timeout_s / 2)


def jcmd(process: ContainerProcess) -> str:
    """Shell words that find jcmd: beside the JVM that runs, below JAVA_HOME, on the path."""
    return (
        f'$(java=$(readlink /proc/{process.pid}/exe); for tool in "${{java%/*}}/jcmd" "${{java%/jre/bin/*}}/bin/jcmd"'
        ' "$JAVA_HOME/bin/jcmd"; do [ -x "$tool" ] && echo "$tool" && exit; done; command -v jcmd || echo jcmd)'
    )


def undisturbed(script: str, process: ContainerProcess, most: int) -> str:
    """The script, so that it writes no file of more than `most` bytes, and that the process runs on after it.

    A debugger that is ended in the middle can leave its process stopped.
    """
    status = f"/proc/{process.pid}/status"
    state = f"$(sed -n 's/^State:[[:space:]]*//p' {status} 2>/dev/null)"
    return f"""before={state}
thaw() {{
  case $before in [Tt]*) return ;; esac
  case {state} in T*) kill -CONT {process.pid} ;; esac
}}
trap 'thaw; exit 124' TERM
ulimit -f {max(1, most // BLOCK)}
( {script} )
code=$?
thaw
exit $code
"""


def need_room(context: Context, shell: ContainerShell, process: ContainerProcess) -> int:
    """See that a dump of a process fits into the share and into the budget; the bytes it may have.

    Raises:
        Unavailable: it does not, or that cannot be told.
        AzureFailure: Kudu could not be asked.
    """
    if process.rss > context.max_bytes:
        reason = f"{process.rss} bytes are resident and {context.max_bytes} may be taken"
        raise Unavailable(Skipped(reason=reason, hint=f"give it more room with --max-size, or: {context.obtain}"))
    ran = shell.run(f"df -Pk {shell.folder}", "space", SPACE_LIMIT_S)
    lines = shell.text(ran).splitlines()
    cells = lines[-1].split() if lines else []
    free = int(cells[3]) * 1024 if len(cells) > 3 and cells[3].isdigit() else None
    if free is None:
        raise Unavailable(context.gap(Failed, "how much is free below /home could not be told"))
    if free < process.rss * ROOM:
        reason = f"{process.rss} bytes are resident and {free} bytes are free below /home"
        raise Unavailable(Skipped(reason=reason, hint=f"make room, then: {context.obtain}"))
    return min(context.max_bytes, int(free * OF_FREE))


def piece(
    context: Context, output: str, content: Iterable[bytes], *, origin: str, at: datetime, pid: int | None = None
) -> Piece:
    """`container/<machine>/[process/<pid>/]<stamp>-<output>` of this step's worker."""
    name = f"{at.strftime(STAMP)}-{output}"
    parts = (name,) if pid is None else ("process", str(pid), name)
    return placed(context, parts, content, origin=origin, at=at, pid=pid)


def placed(
    context: Context,
    parts: tuple[str, ...],
    content: Iterable[bytes],
    *,
    origin: str,
    at: datetime,
    pid: int | None = None,
    kind: Kind | None = None,
) -> Piece:
    """`container/<machine>/...` of this step's worker."""
    worker = context.site.worker
    return Piece(
        path=PurePosixPath("container", worker.label if worker else "any", *parts),
        content=content,
        origin=origin,
        kind=kind,
        instance=worker.label if worker else None,
        pid=pid,
        captured_at=at,
    )


def _too_big(context: Context, ran: Ran) -> Gap | None:
    if not _TOO_BIG.search(f"{ran.complaint} exit code {ran.code}"):
        return None
    hint = f"give it more room with --max-size and below /home, or: {context.obtain}"
    return Skipped(reason="the file would be bigger than it may be", hint=hint)


def _values(process: ContainerProcess | None) -> dict[str, str]:
    return {"pid": str(process.pid), "jcmd": jcmd(process)} if process else {}
