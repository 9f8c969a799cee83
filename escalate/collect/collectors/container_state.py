"""What the app's Linux container shows of itself and of the worker below it: processes, /proc, threads."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.collect.collector import collector
from escalate.collect.container import container_shell
from escalate.collect.container_processes import APP_RUNTIMES, HEAD, app_process, look, main_process, parsed
from escalate.collect.container_request import limit_of, placed
from escalate.collect.container_samples import files_in, marked, time_of
from escalate.collect.context import STAMP, Context, now
from escalate.collect.piece import Piece
from escalate.model.kind import Kind
from escalate.model.outcome import Gap
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

PUBLISH = "Microsoft.Web/sites/publish/Action"
SSH = "az webapp ssh -g {group} -n {app} --instance {machine}, then: "

CGROUP = "cgroup-files"
_GROUPS = (
    "memory.current memory.max memory.high memory.events memory.stat memory.pressure cpu.max cpu.stat cpu.pressure"
)
_GROUPS_1 = (
    "memory/memory.limit_in_bytes memory/memory.usage_in_bytes memory/memory.failcnt memory/memory.stat cpu/cpu.stat"
)

SAMPLE = r"""
sample() {
  at=$1
  get "$at/meminfo" /proc/meminfo
  get "$at/vmstat" /proc/vmstat
  get "$at/stat" /proc/stat
  get "$at/loadavg" /proc/loadavg
  get "$at/pressure_cpu" /proc/pressure/cpu
  get "$at/pressure_memory" /proc/pressure/memory
  get "$at/pressure_io" /proc/pressure/io
  get "$at/sockstat" /proc/net/sockstat
  get "$at/sockstat6" /proc/net/sockstat6
  get "$at/snmp" /proc/net/snmp
  get "$at/netstat" /proc/net/netstat
  run "$at/sockets.txt" ss -s
}
"""
"""One round, under the names that the local collector uses; paths are spelled out."""

_ONCE = rf"""
once() {{
  get "$1/version" /proc/version
  get "$1/uptime" /proc/uptime
  get "$1/mounts" /proc/mounts
  get "$1/status" /proc/self/status
  get "$1/cgroup" /proc/self/cgroup
  for file in {_GROUPS}; do get "$1/{CGROUP}/$file" "/sys/fs/cgroup/$file"; done
  for file in {_GROUPS_1}; do get "$1/{CGROUP}/${{file#*/}}" "/sys/fs/cgroup/$file"; done
  mark "$1/limits.txt"; ulimit -a 2>&1
  run "$1/disk-space.txt" df -Pk
  run "$1/inodes.txt" df -Pi
}}
"""
"""What does not move, read beside the first sample."""


@collector(
    CatalogueEntry(
        id="container.processes",
        title="Processes of the app's container",
        why="Which processes there are, how big, and which of them is the app.",
        answers=("which-worker", "resources", "neighbours"),
        scope="worker",
        platforms=("linux", "linux-container"),
        permission=PUBLISH,
        volatility=1,
        consent=Consent.ALWAYS,
        effects="one command in the container, which reads /proc",
        seconds=4,
        timeout_s=120,
        stall_s=90,
        max_bytes=4_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain=SSH + "ps -eo pid,ppid,rss,nlwp,uid,comm",
        source="proc(5); azure-cli 2.91: exec/execute runs in the app container, api/command in Kudu's",
        may_be_absent=True,
    )
)
def container_processes(context: Context) -> Iterator[Piece | Gap]:
    """The table of processes, and the status files of the biggest one of each runtime."""
    with container_shell(context) as shell:
        at = now()
        table = look(shell)
        found = parsed(table)
        context.site.reach.containers.saw(shell.worker, found)
        yield placed(
            context, ("proc", at.strftime(STAMP), "processes.txt"), [(HEAD + table).encode()], origin="/proc", at=at
        )
        main = {each.pid for runtime in (*APP_RUNTIMES, "") if (each := main_process(found, {runtime} - {""}))}
        if not main:
            return
        reads = "\n".join(
            f"get {pid}/{name} /proc/{pid}/{name}" for pid in sorted(main) for name in ("status", "limits", "io")
        )
        mark, script = marked(context.case_id, reads)
        data = shell.output(shell.run(script, "status", limit_of(context)))
        for name, content in files_in(data, mark):
            pid, _, file = name.partition("/")
            parts = ("process", pid, f"{at.strftime(STAMP)}-{file}")
            kind = None if file == "status" else Kind.PROC_OTHER
            yield placed(context, parts, [content], origin=f"/proc/{name}", at=at, pid=int(pid), kind=kind)


@collector(
    CatalogueEntry(
        id="container.proc",
        title="Memory, pressure, CPU and sockets as the container sees them, sampled",
        why="The only kernel signals a customer can read: most of them tell of the whole worker, not of the container.",
        answers=("resources", "memory", "cpu", "storage", "network", "K3", "K4", "K5", "K11", "K16"),
        scope="worker",
        platforms=("linux", "linux-container"),
        permission=PUBLISH,
        volatility=1,
        consent=Consent.ALWAYS,
        effects="one command in the container for a quarter of a minute, which reads /proc and /sys",
        seconds=25,
        timeout_s=200,
        stall_s=150,
        max_bytes=32_000_000,
        sensitivity=Sensitivity.NUMBERS,
        obtain=SSH + "for i in 1 2 3 4; do date -u; cat /proc/meminfo /proc/vmstat /proc/pressure/*; sleep 5; done",
        source="proc(5), Documentation/accounting/psi.rst, cgroup-v2.rst; cgroup limits are not the plan's quota",
        may_be_absent=True,
    )
)
def container_proc(context: Context) -> Iterator[Piece | Gap]:
    """Files by their names below `proc/<stamp>/`; those that do not move once, beside the first sample."""
    samples = f"\nsleep {context.pace.sample_interval:g}\nstamp; ".join(['sample "$at"'] * context.pace.samples)
    mark, script = marked(context.case_id, f'{SAMPLE}{_ONCE}stamp; once "$at"; {samples}')
    with container_shell(context) as shell:
        ran = shell.run(script, "proc", limit_of(context))
        data = shell.output(ran)
        gap = shell.gap(ran)
    for name, content in files_in(data, mark):
        stamp, *rest = name.split("/")
        at = time_of(stamp)
        # the control group's cpu.stat begins as /proc/vmstat does
        kind = Kind.PROC_OTHER if CGROUP in rest else None
        yield placed(context, ("proc", stamp, *rest), [content], origin=f"/proc ({name})", at=at, kind=kind)
    yield from [gap] if gap else []


THREADS = r"""
for thread in /proc/{pid}/task/[0-9]*; do
  wchan= stat=
  read -r wchan 2>/dev/null <"$thread/wchan"
  read -r stat 2>/dev/null <"$thread/stat"
  [ -n "$stat" ] && printf '%s\t%s\n' "$wchan" "$stat"
done
"""


@collector(
    CatalogueEntry(
        id="linux.threads",
        title="Threads of the app with their kernel wait, sampled",
        why="Whether they compute, wait, or hang inside the kernel; three samples tell a stand from a moment.",
        answers=("hang", "cpu", "storage", "K4", "K8"),
        scope="worker",
        platforms=("linux", "linux-container"),
        permission=PUBLISH,
        volatility=1,
        consent=Consent.ALWAYS,
        effects="one command in the container, which reads /proc three times",
        seconds=15,
        timeout_s=150,
        stall_s=120,
        max_bytes=32_000_000,
        sensitivity=Sensitivity.NUMBERS,
        obtain=SSH + "for i in 1 2 3; do cat /proc/PID/task/*/wchan; sleep 5; done",
        source="proc(5); stack needs CAP_SYS_ADMIN of the host: the refusal is the evidence",
        may_be_absent=True,
    )
)
def linux_threads(context: Context) -> Iterator[Piece | Gap]:
    """A table of the threads and the status of the process for each sample; kernel stacks where they may be read."""
    with container_shell(context) as shell:
        process = app_process(context, shell)
        pid = str(process.pid)
        once = (
            f'stamp; mark "$at/threads"; {THREADS.replace("{pid}", pid)}\n'
            f'get "$at/status" /proc/{pid}/status\nget "$at/stat" /proc/{pid}/stat\n'
            f'get "$at/schedstat" /proc/{pid}/schedstat'
        )
        rounds = f"\nsleep {context.pace.sample_interval:g}\n".join([once] * context.pace.dumps)
        mark, script = marked(context.case_id, f'{rounds}\nget "$at/stack" /proc/{pid}/stack')
        ran = shell.run(script, "threads", limit_of(context))
        data = shell.output(ran)
        gap = shell.gap(ran)
    for name, content in files_in(data, mark):
        stamp, _, file = name.partition("/")
        kind = None
        if file == "threads":
            file, content, kind = "threads.txt", table_of(content.decode("utf-8", "replace")).encode(), Kind.PROC_OTHER
        at, origin = time_of(stamp), f"/proc/{pid} ({name})"
        parts = ("process", pid, stamp, file)
        yield placed(context, parts, [content], origin=origin, at=at, pid=process.pid, kind=kind)
    yield from [gap] if gap else []


def table_of(text: str) -> str:
    """A head line and one line a thread: tid, state, CPU ticks in user and kernel, wait channel, name."""
    lines = [f"{'tid':>9} state {'utime':>9} {'stime':>9} {'wchan':<32} name"]
    for row in text.splitlines():
        wchan, _, stat = row.partition("\t")
        # The name stands in parentheses and may hold some itself: proc(5) says to look for the last one.
        name = stat[stat.find("(") + 1 : stat.rfind(")")]
        tid, cells = stat.partition(" ")[0], stat[stat.rfind(")") + 2 :].split()
        if len(cells) > 12 and tid.isdigit():
            lines.append(f"{tid:>9} {cells[0]:<5} {cells[11]:>9} {cells[12]:>9} {wchan or '?':<32} {name}")
    return "\n".join(lines) + "\n"
