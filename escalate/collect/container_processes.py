"""Which processes run in a container, and which of them is the app."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from escalate.collect.container import ContainerShell
from escalate.collect.container_notes import ContainerProcess
from escalate.collect.context import Context
from escalate.collect.piece import Unavailable
from escalate.collect.processes import runtime_named
from escalate.model.outcome import Missing

LIMIT_S = 60
APP_RUNTIMES = ("java", "dotnet", "node", "python", "php", "ruby")
_OURS = re.compile(r"^(?:sh|bash|dash|ash|busybox|timeout|sleep|cat|grep|tr|sed|sshd|sftp-server|tini|dumb-init|init)$")

LIST = r"""
for d in /proc/[0-9]*; do
  name= parent=0 rss=0 threads=0 uid=0 site=0 kind=
  while read -r key value rest; do
    case $key in
      Name:) name=$value${rest:+ $rest} ;; PPid:) parent=$value ;; VmRSS:) rss=$value ;;
      Threads:) threads=$value ;; Uid:) uid=$value ;;
    esac
  done 2>/dev/null <"$d/status"
  [ "$rss" = 0 ] && continue
  grep -qs "WEBSITE_INSTANCE_ID=$WEBSITE_INSTANCE_ID" "$d/environ" && site=1
  grep -qs 'libcoreclr\.so' "$d/maps" && kind=dotnet
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "${d#/proc/}" \
    "$parent" "$rss" "$threads" "$uid" "$site" "$kind" "$name" "$(readlink "$d/exe" 2>/dev/null)"
done
"""
"""A line a process that is no kernel thread: the columns of `HEAD`."""

HEAD = "pid\tparent\trss_kb\tthreads\tuid\tsite\tkind\tname\texecutable\n"
"""`site`: it has the environment that the platform gives to the site; `kind`: dotnet where its runtime is loaded."""


def processes(context: Context, shell: ContainerShell) -> tuple[ContainerProcess, ...]:
    """The processes of the container, looked for once in a run.

    Raises:
        Unavailable: no command can be run there.
        AzureFailure: Kudu could not be asked.
    """
    notes = context.site.reach.containers
    known = notes.processes(shell.worker)
    if known is None:
        known = parsed(look(shell))
        notes.saw(shell.worker, known)
    return known


def look(shell: ContainerShell) -> str:
    """The table of processes as it is now.

    Raises:
        Unavailable: see `ContainerShell.run`.
        AzureFailure: see there.
    """
    ran = shell.run(LIST, "processes", LIMIT_S)
    return shell.text(ran)


def parsed(text: str) -> tuple[ContainerProcess, ...]:
    """The processes of such a table; lines that are none are left out."""
    return tuple(_rows(text))


def main_process(found: Sequence[ContainerProcess], runtimes: Collection[str]) -> ContainerProcess | None:
    """The biggest process of these runtimes (of any runtime, if there are none given), the site's own first.

    Without a known runtime: the biggest one that pid 1 started, shells and helpers left out.
    """
    wanted = [process for process in found if process.runtime in (runtimes or APP_RUNTIMES)]
    if not wanted and not runtimes:
        wanted = [process for process in found if process.parent in (0, 1) and not _OURS.match(process.name)]
    return max(wanted, key=lambda process: (process.is_site, process.rss), default=None)


def app_process(context: Context, shell: ContainerShell) -> ContainerProcess:
    """The process that this step's entry is about.

    Raises:
        Unavailable: there is none, or no command can be run there.
        AzureFailure: Kudu could not be asked.
    """
    found = main_process(processes(context, shell), context.entry.runtimes)
    if found is None:
        kind = " or ".join(context.entry.runtimes) or "app"
        raise Unavailable(context.gap(Missing, f"no {kind} process runs in this container"))
    return found


def _rows(text: str) -> Iterator[ContainerProcess]:
    for line in text.splitlines():
        cells = line.split("\t")
        if len(cells) == 9 and all(cell.isdigit() for cell in cells[:6]):
            pid, parent, rss, threads, uid, site = (int(cell) for cell in cells[:6])
            yield ContainerProcess(
                pid=pid,
                parent=parent,
                rss=rss * 1024,
                threads=threads,
                uid=uid,
                name=cells[7],
                executable=cells[8],
                is_site=site == 1,
                runtime=runtime_named(cells[8].rpartition("/")[2], cells[7]) or cells[6] or None,
            )
